package memnet

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// backlog is how many connections wait to be accepted before dialing blocks.
const backlog = 128

// A Listener hands out the connections that arrive at one address.
type Listener struct {
	host *Host
	at   netip.AddrPort

	mu     sync.Mutex
	moved  sync.Cond // the queue, the deadline or closed has changed
	queue  []*Conn   // established, not accepted yet
	closed bool
	limit  deadline // of Accept
}

func newListener(h *Host) *Listener {
	l := &Listener{host: h}
	l.moved.L = &l.mu
	return l
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.dequeue()
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: err}
	}
	if !l.host.add(c) {
		c.abort()
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	}
	return c, nil
}

// dequeue waits for a connection.
func (l *Listener) dequeue() (*Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, net.ErrClosed
		case l.limit.passed():
			return nil, errDeadline
		case len(l.queue) > 0:
			c := l.queue[0]
			l.queue = l.queue[1:]
			l.moved.Broadcast()
			return c, nil
		}
		l.limit.wait(&l.moved)
	}
}

// enqueue puts c at the end of the queue and waits for room there.
func (l *Listener) enqueue(ctx context.Context, c *Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) >= backlog && !l.closed && ctx.Err() == nil {
		l.waitOr(ctx)
	}
	if l.closed {
		return refused()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l.queue = append(l.queue, c)
	l.moved.Broadcast()
	return nil
}

// waitOr waits until the listener moves or ctx ends.
func (l *Listener) waitOr(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.moved.Broadcast()
	})
	l.moved.Wait()
	stop()
}

// SetDeadline sets when Accept stops waiting; the zero time is never.
func (l *Listener) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit.at = t
	l.moved.Broadcast()
	return nil
}

// Close frees the address and resets the connections that wait to be accepted.
func (l *Listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return &net.OpError{Op: "close", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	}
	l.closed = true
	waiting := l.queue
	l.queue = nil
	l.host.network.unbind(l)
	l.host.remove(l) // before anybody can see that it is closed
	l.moved.Broadcast()
	l.mu.Unlock()
	for _, c := range waiting {
		c.abort()
	}
	return nil
}

// Addr returns where the listener listens, a *net.TCPAddr.
func (l *Listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }
