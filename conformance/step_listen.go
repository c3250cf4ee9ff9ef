package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"

	"go.starlark.net/starlark"
)

// A Listen makes the harness listen at {host}:{port}, as the server that a
// client under test is told to connect to. Connections are taken as they come.
type Listen struct {
	Slow bool // read little at a time, so that the client must wait to send
	Bulk bool // read only so far ahead: see ExpectBulk
	// Host is listened at instead of {host}; nil is {host}.
	Host Expr
	// Port is listened at instead of {port}; nil is {port}.
	Port Expr
	// Both adds the IPv6 loopback address, on machines that have one, for
	// names that stand for either.
	Both bool
	// Optional goes on without a listener where the system keeps the port for
	// itself: ports below 1024 are not everybody's.
	Optional bool
}

// loopback6 is the address of a host name's other half: see Listen.Both.
const loopback6 = "::1"

func (s *Listen) play(ctx context.Context, p *player) error {
	host, port, err := s.place(p)
	if err != nil {
		return err
	}
	err = s.listen(ctx, p, net.JoinHostPort(host, port))
	if err != nil && !(s.Optional && errors.Is(err, fs.ErrPermission)) {
		return err
	}
	if s.Both {
		// A machine without IPv6 has no client that could try it.
		_ = s.listen(ctx, p, net.JoinHostPort(loopback6, port))
	}
	return nil
}

func (s *Listen) place(p *player) (host, port string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	host, port = p.bind.values["host"], p.bind.values["port"]
	if s.Host != nil {
		host, err = bound(s.Host, p.bind)
	}
	if err == nil && s.Port != nil {
		port, err = bound(s.Port, p.bind)
	}
	return host, port, err
}

func (s *Listen) listen(ctx context.Context, p *player, address string) error {
	l, err := p.box.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", address, err)
	}
	over := make(chan struct{})
	p.listeners = append(p.listeners, liveListener{l, over})
	p.add(Event{Kind: Listening, Text: address})
	p.bound.Go(func() { defer close(over); p.take(l, reading{slow: s.Slow, bulk: s.Bulk}) })
	return nil
}

// take accepts connections until the listener is closed.
func (p *player) take(l net.Listener, how reading) {
	for {
		c, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				p.incoming(Event{Kind: NoConnect, Text: err.Error()})
			}
			return
		}
		if b, can := c.(interface{ SetReadBuffer(int) error }); can && how.slow {
			b.SetReadBuffer(4 << 10)
		}
		name := p.incoming(Event{Kind: Incoming, Text: c.LocalAddr().String() + " " + c.RemoteAddr().String()})
		p.hold(name, c, how)
	}
}

// incoming notes a connection that came in under a name of its own, until an
// accept gives it another one.
func (p *player) incoming(e Event) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.Conn = "#" + strconv.Itoa(len(p.view.incoming)+1)
	p.note(e)
	return e.Conn
}

func (s *Listen) judge(*view, *binding) Finding { return ok }

func (s *Listen) star() string {
	w := call("listen")
	w.flag("slow", s.Slow)
	w.flag("bulk", s.Bulk)
	w.expr("host", s.Host)
	w.expr("port", s.Port)
	w.flag("both", s.Both)
	w.flag("optional", s.Optional)
	return w.String()
}

func listenWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Listen{}
	var host, port exprArg
	err := unpack(fn, args, kwargs, "slow?", &s.Slow, "bulk?", &s.Bulk, "host?", &host, "port?", &port, "both?", &s.Both, "optional?", &s.Optional)
	if err != nil {
		return nil, err
	}
	s.Host, s.Port = host.expr, port.expr
	return newStep(s)
}
