package memnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// maxDatagram is the largest datagram of UDP over IPv4, in bytes, and
// maxQueued how many bytes may wait in a socket before more are lost.
const (
	maxDatagram = 65507
	maxQueued   = 208 << 10
)

// A PacketConn is a datagram socket. It implements [net.PacketConn]; who reads
// with ReadFromTo also learns where a datagram was sent to.
type PacketConn struct {
	host *Host
	at   netip.AddrPort

	mu      sync.Mutex
	arrived sync.Cond // the queue, the deadline or closed has changed
	queue   []datagram
	queued  int // bytes in it
	closed  bool
	limit   deadline // of reads
}

// A datagram is one on its way.
type datagram struct {
	data []byte
	from netip.AddrPort
	to   netip.Addr
}

// ListenPacket opens a datagram socket as [net.ListenPacket] does, one that may
// broadcast. The networks are udp and udp4; port 0 picks a free one.
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	if network != "udp" && network != "udp4" {
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.UnknownNetworkError(network)}
	}
	at, err := resolve(address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	c := &PacketConn{host: h}
	c.arrived.L = &c.mu
	if err := h.network.bindPacket(c, at); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: net.UDPAddrFromAddrPort(at), Err: err}
	}
	if !h.add(c) {
		h.network.unbindPacket(c)
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.ErrClosed}
	}
	return c, nil
}

// Datagrams returns where the host has datagram sockets.
func (h *Host) Datagrams() []netip.AddrPort {
	h.mu.Lock()
	defer h.mu.Unlock()
	var at []netip.AddrPort
	for s := range h.open {
		if c, ok := s.(*PacketConn); ok {
			at = append(at, c.at)
		}
	}
	return at
}

// ReadFrom waits for a datagram. What is too long for b is cut off.
func (c *PacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, _, err := c.ReadFromTo(b)
	return n, from, err
}

// ReadFromTo is ReadFrom, and says besides where the datagram was sent to: the
// socket's own address or that of a broadcast.
func (c *PacketConn) ReadFromTo(b []byte) (n int, from net.Addr, to netip.Addr, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, nil, to, c.opError("read", net.ErrClosed)
		case c.limit.passed():
			return 0, nil, to, c.opError("read", errDeadline)
		case len(c.queue) > 0:
			d := c.queue[0]
			c.queue = c.queue[1:]
			c.queued -= len(d.data)
			return copy(b, d.data), net.UDPAddrFromAddrPort(d.from), d.to, nil
		}
		c.limit.wait(&c.arrived)
	}
}

// WriteTo sends a datagram. One that nobody waits for is lost.
func (c *PacketConn) WriteTo(b []byte, to net.Addr) (int, error) {
	at, ok := to.(*net.UDPAddr)
	switch {
	case !ok:
		return 0, c.opError("write", syscall.EINVAL)
	case c.isClosed():
		return 0, c.opError("write", net.ErrClosed)
	case len(b) > maxDatagram:
		return 0, c.opError("write", os.NewSyscallError("sendto", syscall.EMSGSIZE))
	}
	dest := at.AddrPort()
	dest = netip.AddrPortFrom(dest.Addr().Unmap(), dest.Port())
	if dest.Addr().IsUnspecified() {
		dest = netip.AddrPortFrom(loopback, dest.Port())
	}
	if !dest.Addr().IsLoopback() && !isBroadcast(dest.Addr()) {
		return 0, c.opError("write", os.NewSyscallError("sendto", syscall.ENETUNREACH))
	}
	d := datagram{append([]byte(nil), b...), c.source(), dest.Addr()}
	for _, receiver := range c.host.network.receivers(dest) {
		receiver.deliver(d)
	}
	return len(b), nil
}

// source is where the datagrams of c come from.
func (c *PacketConn) source() netip.AddrPort {
	if c.at.Addr().IsUnspecified() {
		return netip.AddrPortFrom(loopback, c.at.Port())
	}
	return c.at
}

// deliver puts a datagram at the end of the queue, if there is room.
func (c *PacketConn) deliver(d datagram) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.queued+len(d.data) > maxQueued {
		return
	}
	c.queue, c.queued = append(c.queue, d), c.queued+len(d.data)
	c.arrived.Broadcast()
}

func (c *PacketConn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Close frees the address. What waits to be read is lost.
func (c *PacketConn) Close() error {
	if c.isClosed() {
		return c.opError("close", net.ErrClosed)
	}
	c.host.network.unbindPacket(c)
	c.host.remove(c) // before anybody can see that it is closed
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.queue = true, nil
	c.arrived.Broadcast()
	return nil
}

// LocalAddr returns what the socket is bound to, a *net.UDPAddr.
func (c *PacketConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.at) }

// SetReadDeadline sets when reads stop waiting; the zero time is never.
func (c *PacketConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit.at = t
	c.arrived.Broadcast()
	return nil
}

// SetWriteDeadline does nothing: a datagram never waits.
func (c *PacketConn) SetWriteDeadline(time.Time) error { return nil }

// SetDeadline is SetReadDeadline.
func (c *PacketConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *PacketConn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Err: err}
}

// isBroadcast reports whether a datagram to ip goes to everybody.
func isBroadcast(ip netip.Addr) bool {
	return ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || ip == netip.AddrFrom4([4]byte{127, 255, 255, 255})
}

// bindPacket gives c the address at, or a free port of it if its port is 0.
func (n *Network) bindPacket(c *PacketConn, at netip.AddrPort) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for at.Port() == 0 {
		if port := n.freePort(); len(n.packets[port]) == 0 {
			at = netip.AddrPortFrom(at.Addr(), port)
		}
	}
	for _, other := range n.packets[at.Port()] {
		if clash(other.at.Addr(), at.Addr()) {
			return os.NewSyscallError("bind", syscall.EADDRINUSE)
		}
	}
	c.at = at
	n.packets[at.Port()] = append(n.packets[at.Port()], c)
	return nil
}

// unbindPacket frees the address of c.
func (n *Network) unbindPacket(c *PacketConn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var kept []*PacketConn
	for _, other := range n.packets[c.at.Port()] {
		if other != c {
			kept = append(kept, other)
		}
	}
	n.packets[c.at.Port()] = kept
}

// receivers returns the sockets that get a datagram: for a broadcast all that
// are bound to every address, else the one that is bound to this one.
func (n *Network) receivers(to netip.AddrPort) []*PacketConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []*PacketConn
	for _, c := range n.packets[to.Port()] {
		everywhere := c.at.Addr().IsUnspecified()
		if everywhere || !isBroadcast(to.Addr()) && c.at.Addr() == to.Addr() {
			list = append(list, c)
		}
	}
	return list
}
