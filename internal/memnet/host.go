package memnet

import (
	"cmp"
	"context"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
)

// A Host is one party of a network: a program, or the harness that talks to
// it. It knows its open sockets, as a kernel knows those of a process.
type Host struct {
	name    string
	network *Network

	mu      sync.Mutex
	open    map[socket]int // with the order in which they were opened
	opened  int            // how many there were so far
	closed  bool
	changed chan struct{} // closed at the next change; nil while nobody waits
}

// A socket is what a host closes when it ends.
type socket interface{ Close() error }

// Name returns the name that the host was made with.
func (h *Host) Name() string { return h.name }

// Dial connects to an address as [net.Dialer.DialContext] does. It blocks
// while the listener's queue is full.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := checkNetwork(network); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	to, err := resolve(address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if to.Addr().IsUnspecified() {
		to = netip.AddrPortFrom(loopback, to.Port())
	}
	c, err := h.connect(ctx, to)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	return c, nil
}

// connect makes a connection, hands its far end to who listens at to, and
// returns the near end.
func (h *Host) connect(ctx context.Context, to netip.AddrPort) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := h.network.listener(to)
	if l == nil {
		return nil, refused()
	}
	from := netip.AddrPortFrom(to.Addr(), h.network.ephemeralPort())
	near, far := newConns(h, l.host, from, to)
	if !h.add(near) {
		return nil, net.ErrClosed
	}
	if err := l.enqueue(ctx, far); err != nil {
		near.Close()
		return nil, err
	}
	return near, nil
}

// Listen takes an address as [net.Listen] does; port 0 picks a free one. An
// empty host is 0.0.0.0. The listener also has SetDeadline.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	if err := checkNetwork(network); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	at, err := resolve(address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	l := newListener(h)
	if err := h.network.bind(l, at); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: net.TCPAddrFromAddrPort(at), Err: err}
	}
	if !h.add(l) {
		h.network.unbind(l)
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.ErrClosed}
	}
	return l, nil
}

// Listeners returns where the host listens, in order of port.
func (h *Host) Listeners() []netip.AddrPort {
	h.mu.Lock()
	defer h.mu.Unlock()
	var at []netip.AddrPort
	for s := range h.open {
		if l, ok := s.(*Listener); ok {
			at = append(at, l.at)
		}
	}
	slices.SortFunc(at, func(a, b netip.AddrPort) int {
		return cmp.Or(cmp.Compare(a.Port(), b.Port()), a.Compare(b))
	})
	return at
}

// Open returns how many sockets are open: listeners, connections that were
// dialed, and connections that were accepted.
func (h *Host) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)
}

// Changed returns a channel that is closed when the host next opens or closes
// a socket. Take the channel first, then look, then wait.
func (h *Host) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.changed
}

// Close closes every socket of the host, in the order in which they were
// opened, as the kernel does when a process exits. The host can open none
// afterwards: what is still running in it gets [net.ErrClosed].
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	order := maps.Clone(h.open)
	h.mu.Unlock()
	sockets := slices.SortedFunc(maps.Keys(order), func(a, b socket) int {
		return cmp.Compare(order[a], order[b])
	})
	for _, s := range sockets {
		s.Close()
	}
}

// add notes that s is open. It reports false if the host is closed.
func (h *Host) add(s socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.opened++
	h.open[s] = h.opened
	h.change()
	return true
}

// remove notes that s is closed.
func (h *Host) remove(s socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.open[s]; ok {
		delete(h.open, s)
		h.change()
	}
}

// change wakes who waits for [Host.Changed]. The caller holds h.mu.
func (h *Host) change() {
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

func checkNetwork(network string) error {
	if network == "tcp" || network == "tcp4" {
		return nil
	}
	return net.UnknownNetworkError(network)
}

func refused() error { return os.NewSyscallError("connect", syscall.ECONNREFUSED) }
