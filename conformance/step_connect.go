package conformance

import (
	"context"
	"errors"
	"net"
	"time"

	"go.starlark.net/starlark"
)

// A Connect opens a connection to the program under test.
type Connect struct {
	Conn string
	// Host and Port are where to connect to; nil is where the program listens.
	Host, Port Expr
	// Stalled reads nothing from the connection.
	Stalled bool
	// Bulk reads only so far ahead: see ExpectBulk.
	Bulk bool
	// Optional goes on if the connection is refused, for an expect_refused.
	Optional bool
}

// connectPatience is how long a connection may take: a server with a short
// backlog lets the kernel try again after one second, then after three.
const connectPatience = 5 * time.Second

func (s *Connect) play(ctx context.Context, p *player) error {
	address, err := s.address(p)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	at, seen := p.act()
	network := "tcp"
	if s.Stalled {
		network = narrow
	}
	c, err := p.box.Dial(ctx, network, address)
	if errors.Is(err, ErrNoSocket) {
		return err
	}
	if err != nil {
		p.add(Event{At: at, Seen: seen, Kind: NoConnect, Conn: s.Conn, Text: refused(err)})
		if !s.Optional {
			p.awaitDeath(ctx) // then its end is a part of what is said
		}
		return nil
	}
	p.add(Event{At: at, Seen: seen, Kind: Connected, Conn: s.Conn, Took: p.now() - at,
		Text: c.LocalAddr().String() + " " + c.RemoteAddr().String()})
	if s.Stalled {
		p.keep(s.Conn, c, reading{})
		return nil
	}
	p.hold(s.Conn, c, reading{bulk: s.Bulk})
	return nil
}

func (s *Connect) address(p *player) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	host, port, err := net.SplitHostPort(p.view.server(p.bind.values))
	if err == nil && s.Host != nil {
		host, err = bound(s.Host, p.bind)
	}
	if err == nil && s.Port != nil {
		port, err = bound(s.Port, p.bind)
	}
	return net.JoinHostPort(host, port), err
}

func (s *Connect) judge(v *view, _ *binding) Finding {
	c := v.conn(s.Conn)
	want := "the program takes the connection"
	switch {
	case c == nil:
		return pending(v, want, "not connected")
	case s.Optional:
		return ok
	case c.refused != "":
		return Finding{State: Failed, Late: c.refused == noAnswer, Want: want, Got: c.refused + v.ends()}
	}
	return ok
}

func (s *Connect) star() string {
	w := call("connect")
	w.text("conn", s.Conn, defaultConn)
	w.expr("host", s.Host)
	w.expr("port", s.Port)
	w.flag("stalled", s.Stalled)
	w.flag("bulk", s.Bulk)
	w.flag("optional", s.Optional)
	return w.String()
}

// An ExpectRefused demands that a connection could not be made.
type ExpectRefused struct {
	Conn string
}

func (s *ExpectRefused) play(context.Context, *player) error { return nil }

func (s *ExpectRefused) judge(v *view, _ *binding) Finding {
	if c := v.conn(s.Conn); c != nil && c.refused == "" {
		return failed("no connection", "one")
	}
	return ok
}

func (s *ExpectRefused) star() string {
	w := call("expect_refused")
	w.text("conn", s.Conn, defaultConn)
	return w.String()
}

// defaultConn is the name of a connection that was given none.
const defaultConn = "c"

func connectWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Connect{Conn: defaultConn}
	var host, port exprArg
	err := unpack(fn, args, kwargs, "conn?", &s.Conn, "host?", &host, "port?", &port, "stalled?", &s.Stalled, "bulk?", &s.Bulk, "optional?", &s.Optional)
	if err != nil {
		return nil, err
	}
	s.Host, s.Port = host.expr, port.expr
	return newStep(s)
}

func expectRefusedWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectRefused{Conn: defaultConn}
	if err := unpack(fn, args, kwargs, "conn?", &s.Conn); err != nil {
		return nil, err
	}
	return newStep(s)
}
