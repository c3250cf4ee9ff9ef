// Package memnet is a loopback network in memory, for programs that run inside
// a testing/synctest bubble.
//
// A [Network] has hosts, one for each party of a test. A [Host] dials and
// listens as package net does; what one end of a connection writes lies in a
// bounded buffer until the other end reads it. Connections behave like TCP on
// Linux's loopback device: writes to a full buffer block, either direction can
// be closed alone, a socket that is closed with unread data resets the
// connection, and errors are those that package net returns. All waiting is on
// condition variables and all time is package time's, so that in a bubble
// waiting is durable and time is virtual. Make the Network inside the bubble.
//
// Datagrams are those of UDP: a socket that is bound to every address also gets
// what is sent to all. They are lost where nobody waits, or too many wait.
//
// It does no routing and delays nothing.
package memnet

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
)

// Ports that the network hands out by itself, as Linux does by default.
const (
	firstEphemeralPort = 32768
	lastEphemeralPort  = 60999
)

// A Network is what hosts are connected by. Its hosts share one loopback
// address and one set of ports.
type Network struct {
	mu        sync.Mutex
	listeners map[uint16][]*Listener   // by port; several only on different addresses
	packets   map[uint16][]*PacketConn // datagram sockets, by port
	lastPort  uint16                   // the port handed out last; 0 for none yet
}

// New returns a network without hosts.
func New() *Network {
	return &Network{listeners: map[uint16][]*Listener{}, packets: map[uint16][]*PacketConn{}}
}

// Host returns a new party of the network. The name is only for messages.
func (n *Network) Host(name string) *Host {
	return &Host{name: name, network: n, open: map[socket]int{}}
}

// bind gives l the address at, or a free port of it if its port is 0.
func (n *Network) bind(l *Listener, at netip.AddrPort) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at.Port() == 0 {
		at = netip.AddrPortFrom(at.Addr(), n.freePort())
	}
	for _, other := range n.listeners[at.Port()] {
		if clash(other.at.Addr(), at.Addr()) {
			return os.NewSyscallError("bind", syscall.EADDRINUSE)
		}
	}
	l.at = at
	n.listeners[at.Port()] = append(n.listeners[at.Port()], l)
	return nil
}

// clash reports whether two listeners on one port would take each other's
// connections.
func clash(a, b netip.Addr) bool {
	return a == b || a.IsUnspecified() || b.IsUnspecified()
}

// unbind frees the address of l.
func (n *Network) unbind(l *Listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	port := l.at.Port()
	kept := n.listeners[port][:0:0]
	for _, other := range n.listeners[port] {
		if other != l {
			kept = append(kept, other)
		}
	}
	if len(kept) == 0 {
		delete(n.listeners, port)
		return
	}
	n.listeners[port] = kept
}

// listener returns who listens at an address, or nil.
func (n *Network) listener(at netip.AddrPort) *Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.listeners[at.Port()] {
		if clash(l.at.Addr(), at.Addr()) {
			return l
		}
	}
	return nil
}

// ephemeralPort returns a port for the near end of a new connection.
func (n *Network) ephemeralPort() uint16 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.freePort()
}

// freePort returns the next port that nobody listens on. The caller holds n.mu.
func (n *Network) freePort() uint16 {
	for {
		n.lastPort++
		if n.lastPort < firstEphemeralPort || n.lastPort > lastEphemeralPort {
			n.lastPort = firstEphemeralPort
		}
		if len(n.listeners[n.lastPort]) == 0 {
			return n.lastPort
		}
	}
}

// resolve turns "host:port" into an address of the network, or says why not in
// the words of package net.
func resolve(address string) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return netip.AddrPort{}, &net.AddrError{Err: "invalid port", Addr: service}
	}
	ip, err := lookup(host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(ip, uint16(port)), nil
}

// lookup resolves a host name. Without a name, it is all addresses.
func lookup(host string) (netip.Addr, error) {
	switch host {
	case "":
		return netip.IPv4Unspecified(), nil
	case "localhost":
		return loopback, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if ip = ip.Unmap(); ip.IsLoopback() || ip.IsUnspecified() {
		return ip, nil
	}
	return netip.Addr{}, os.NewSyscallError("connect", syscall.ENETUNREACH)
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})
