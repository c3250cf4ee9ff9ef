package fileshare_test

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// An ether is a network for datagrams in memory, which knows broadcast. Make it
// inside the bubble.
type ether struct {
	mu      sync.Mutex
	sockets []*socket
	ports   uint16                        // handed out so far
	lose    func(from, to net.Addr) error // if set, and it returns an error, sending fails
}

const broadcastIP = "255.255.255.255"

func udp(ip string, port int) net.Addr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(ip), uint16(port)))
}

// host returns the function by which a host of that address opens sockets.
func (e *ether) host(ip string) func(network, address string) (net.PacketConn, error) {
	return func(network, address string) (net.PacketConn, error) {
		at, err := net.ResolveUDPAddr(network, address)
		if err != nil {
			return nil, err
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if at.Port == 0 {
			e.ports++
			at.Port = 40000 + int(e.ports)
		}
		s := &socket{ether: e, ip: ip, port: at.Port, queue: make(chan datagram, 1000), closed: make(chan bool)}
		e.sockets = append(e.sockets, s)
		return s, nil
	}
}

// open returns how many sockets a host has.
func (e *ether) open(ip string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, s := range e.sockets {
		if s.ip == ip {
			n++
		}
	}
	return n
}

type datagram struct {
	data []byte
	from net.Addr
	err  error
}

// A socket is a net.PacketConn.
type socket struct {
	ether  *ether
	ip     string
	port   int
	queue  chan datagram
	closed chan bool
	until  time.Time
}

func (s *socket) ReadFrom(p []byte) (int, net.Addr, error) {
	var timeout <-chan time.Time
	if !s.until.IsZero() {
		timeout = time.After(time.Until(s.until))
	}
	select {
	case d := <-s.queue:
		return copy(p, d.data), d.from, d.err
	case <-s.closed:
		return 0, nil, net.ErrClosed
	case <-timeout:
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (s *socket) WriteTo(p []byte, to net.Addr) (int, error) {
	s.ether.mu.Lock()
	defer s.ether.mu.Unlock()
	if lose := s.ether.lose; lose != nil {
		if err := lose(s.LocalAddr(), to); err != nil {
			return 0, err
		}
	}
	at := to.(*net.UDPAddr)
	for _, other := range s.ether.sockets {
		if other.port == at.Port && (other.ip == at.IP.String() || at.IP.String() == broadcastIP) {
			other.queue <- datagram{data: slices.Clone(p), from: s.LocalAddr()}
		}
	}
	return len(p), nil
}

func (s *socket) Close() error {
	s.ether.mu.Lock()
	defer s.ether.mu.Unlock()
	if !slices.Contains(s.ether.sockets, s) {
		return net.ErrClosed
	}
	s.ether.sockets = slices.DeleteFunc(s.ether.sockets, func(other *socket) bool { return other == s })
	close(s.closed)
	return nil
}

func (s *socket) LocalAddr() net.Addr                { return udp(s.ip, s.port) }
func (s *socket) SetReadDeadline(t time.Time) error  { s.until = t; return nil }
func (s *socket) SetDeadline(t time.Time) error      { return s.SetReadDeadline(t) }
func (s *socket) SetWriteDeadline(t time.Time) error { return nil }
