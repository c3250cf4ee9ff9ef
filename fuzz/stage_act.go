package fuzz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"netproctor/conformance"
)

// play plays a history to its end or to the first fault. An error is the
// harness's own.
func (s *stage) play(ctx context.Context, history []Action) (*fault, error) {
	for _, a := range history {
		for i := range a.times() {
			one := a
			one.Times = 0
			if a.Deed == Connecting {
				one.Client += i
			}
			if f, err := s.do(ctx, one); f != nil || err != nil {
				return f, err
			}
		}
	}
	s.settle()
	if f := s.died(false); f != nil {
		return f, nil
	}
	if f := s.leftover(); f != nil {
		return f, nil
	}
	return s.leaks(), nil
}

// do does one action, turn by turn, and judges what comes of it.
func (s *stage) do(ctx context.Context, a Action) (*fault, error) {
	if a.Deed != Sending {
		return s.step(ctx, a)
	}
	for _, turn := range a.Turns {
		one := a
		one.Turns = [][]byte{turn}
		if f, err := s.step(ctx, one); f != nil || err != nil {
			return f, err
		}
	}
	return nil, nil
}

func (s *stage) step(ctx context.Context, a Action) (*fault, error) {
	if len(s.belief) > mostBeliefs || slices.ContainsFunc(s.belief, func(st State) bool { return !st.Can(a) }) {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if c := s.client(a.Client); c != nil {
		a.At = c.at
	}
	f, err := s.act(ctx, &a)
	p := played{Action: a, names: maps.Clone(s.names)}
	for _, st := range s.belief {
		p.allowed = append(p.allowed, st.Apply(a)...)
	}
	if len(p.allowed) == 0 && err == nil {
		err = fmt.Errorf("%s: the state machine allows nothing", a)
	}
	if f == nil && err == nil {
		f = s.await(ctx, &p)
	}
	s.played = append(s.played, p)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	if died := s.died(f != nil); died != nil {
		return died, nil
	}
	if f == nil && s.spins {
		f = s.spin(&p)
	}
	return f, nil
}

func (s *stage) client(n int) *client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clients[n]
}

// act does what the action says, and notes the address of a client that comes.
func (s *stage) act(ctx context.Context, a *Action) (*fault, error) {
	switch a.Deed {
	case Connecting:
		return s.connect(ctx, a)
	case Visiting:
		f, err := s.connect(ctx, a)
		if f == nil && err == nil {
			s.write(a.Client, a.Sent())
			s.end(a.Client, Ending)
		}
		return f, err
	case Sending:
		s.write(a.Client, a.Sent())
	case Asking, Calling:
		return nil, s.ask(ctx, a)
	case Ending, Leaving, Resetting:
		s.end(a.Client, a.Deed)
	case Laying:
		return nil, a.lay(s.root)
	case Restarting:
		return s.restart(ctx), nil
	}
	return nil, nil
}

func (s *stage) connect(ctx context.Context, a *Action) (*fault, error) {
	dial, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	conn, err := s.box.Dial(dial, "tcp", s.address)
	if errors.Is(err, conformance.ErrNoSocket) {
		return nil, err
	}
	if err != nil {
		return &fault{Hang, "no connection", "no connection: " + err.Error()}, nil
	}
	c := &client{conn: conn}
	if at, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
		c.at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	a.At = c.at
	s.names[a.Client] = c.at.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.clients[a.Client]; old != nil {
		old.conn.Close() // its visit is over
	}
	s.clients[a.Client] = c
	s.readers.Go(func() { s.listen(c) })
	return nil, nil
}

// ask sends a datagram, from a socket that the client has from then on.
func (s *stage) ask(ctx context.Context, a *Action) error {
	c := s.client(a.Client)
	if c == nil {
		socket, err := s.box.ListenPacket(ctx, "udp4", ":0")
		if err != nil {
			return fmt.Errorf("open a datagram socket: %w", err)
		}
		c = &client{conn: &packets{PacketConn: socket}, datagram: true}
		s.mu.Lock()
		s.clients[a.Client] = c
		s.mu.Unlock()
		s.readers.Go(func() { s.listen(c) })
	}
	to := s.values["host"]
	if a.Deed == Calling {
		to = everybody
	}
	ip, err := netip.ParseAddr(to)
	if err != nil {
		return err
	}
	// That it does not go out is like its loss on the way.
	_, _ = c.conn.(*packets).WriteTo(a.Sent(), net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(s.o.Machine.Datagrams))))
	return nil
}

// everybody is where broadcasts go to.
const everybody = "255.255.255.255"

// packets is a datagram socket that is read like a connection. Its own Write is
// never used.
type packets struct {
	net.PacketConn
	net.Conn
}

func (p *packets) Read(b []byte) (int, error) {
	n, _, err := p.ReadFrom(b)
	return n, err
}

func (p *packets) Close() error                       { return p.PacketConn.Close() }
func (p *packets) LocalAddr() net.Addr                { return p.PacketConn.LocalAddr() }
func (p *packets) RemoteAddr() net.Addr               { return nil }
func (p *packets) SetDeadline(t time.Time) error      { return p.PacketConn.SetDeadline(t) }
func (p *packets) SetReadDeadline(t time.Time) error  { return p.PacketConn.SetReadDeadline(t) }
func (p *packets) SetWriteDeadline(t time.Time) error { return p.PacketConn.SetWriteDeadline(t) }

// listen notes what a client hears.
func (s *stage) listen(c *client) {
	b := make([]byte, 8<<10)
	for {
		n, err := c.conn.Read(b)
		s.mu.Lock()
		c.heard = append(c.heard, b[:n]...)
		if c.datagram && err == nil {
			c.packets++
		}
		c.ended = err != nil
		c.reset = err != nil && !errors.Is(err, io.EOF)
		close(s.changed)
		s.changed = make(chan struct{})
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// write sends in one write. That the server does not want it is its own affair.
func (s *stage) write(n int, b []byte) {
	c := s.client(n)
	if c == nil {
		return
	}
	c.conn.SetWriteDeadline(time.Now().Add(stagePatience))
	c.conn.Write(b)
}

// end ends a connection, or the client's side of it.
func (s *stage) end(n int, how Deed) {
	c := s.client(n)
	if c == nil || c.datagram { // the server has closed it
		return
	}
	switch how {
	case Ending:
		halfClose(c.conn)
		return
	case Resetting:
		if l, can := c.conn.(interface{ SetLinger(int) error }); can {
			l.SetLinger(0)
		}
	}
	c.conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, n)
}

// restart interrupts the program and starts it again, at the same port.
func (s *stage) restart(ctx context.Context) *fault {
	s.process.Signal(syscall.SIGINT)
	select {
	case <-s.process.Done():
	case <-time.After(stagePatience):
		return &fault{Hang, "hang after an interrupt", fmt.Sprintf("it runs on %s after SIGINT", stagePatience)}
	case <-ctx.Done():
		return nil
	}
	s.mu.Lock()
	for n, c := range s.clients {
		c.conn.Close()
		delete(s.clients, n)
	}
	s.mu.Unlock()
	if language, report := conformance.Uncaught(s.printed()); language != "" {
		return uncaught("after SIGINT "+language+" printed", report)
	}
	if err := s.start(ctx); err != nil {
		return &fault{Crash, "cannot be started again", err.Error()}
	}
	return nil
}
