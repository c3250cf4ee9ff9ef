package conformance

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"go.starlark.net/starlark"
)

// A SendDatagram sends one datagram from a socket of the harness.
type SendDatagram struct {
	Conn string
	What Expr
	// To names the socket whose last datagram is answered: it goes to whoever
	// sent that. Empty is Conn itself.
	To string
	// Host and Port are where it goes to instead, both given or neither.
	Host, Port Expr
}

func (s *SendDatagram) play(_ context.Context, p *player) error {
	p.mu.Lock()
	c := p.packets[s.Conn]
	b, err := s.What.bytes(p.bind)
	to := ""
	if err == nil {
		to, err = s.address(p)
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	if c == nil {
		return fmt.Errorf("datagram socket %q: %w", s.Conn, errNoConn)
	}
	addr, err := netip.ParseAddrPort(to)
	if err != nil {
		return fmt.Errorf("send a datagram to %q: %w", to, err)
	}
	at, seen := p.act()
	_, err = c.WriteTo(b, net.UDPAddrFromAddrPort(addr))
	p.add(Event{At: at, Seen: seen, Kind: PacketSent, Conn: s.Conn, Data: b, Text: to, Took: p.now() - at})
	if err != nil {
		p.add(Event{Kind: PacketFailed, Conn: s.Conn, Text: err.Error()})
	}
	return nil
}

// address is where it goes to. The caller holds the lock.
func (s *SendDatagram) address(p *player) (string, error) {
	if s.Host != nil {
		host, err := bound(s.Host, p.bind)
		if err != nil {
			return "", err
		}
		port, err := bound(s.Port, p.bind)
		return net.JoinHostPort(host, port), err
	}
	name := s.To
	if name == "" {
		name = s.Conn
	}
	from := p.view.socket(name)
	if from == nil || from.peer == "" {
		return "", fmt.Errorf("socket %q wants a datagram that can be answered, got none", name)
	}
	return from.peer, nil
}

// judge skips what this machine's network has no way for: a broadcast, where
// runs have no network of their own.
func (s *SendDatagram) judge(v *view, _ *binding) Finding {
	if c := v.socket(s.Conn); c != nil && c.sendErr != "" {
		return Finding{State: Skipped, Got: "no datagram can be sent there: " + c.sendErr}
	}
	return ok
}

func (s *SendDatagram) star() string {
	w := call("send_datagram", s.What.star())
	w.text("conn", s.Conn, defaultSocket)
	w.text("to", s.To, "")
	w.expr("host", s.Host)
	w.expr("port", s.Port)
	return w.String()
}

func sendDatagramWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &SendDatagram{Conn: defaultSocket}
	var what, host, port exprArg
	if err := unpack(fn, args, kwargs, "what", &what, "conn?", &s.Conn, "to?", &s.To, "host?", &host, "port?", &port); err != nil {
		return nil, err
	}
	if (host.expr == nil) != (port.expr == nil) || host.expr != nil && s.To != "" {
		return nil, fmt.Errorf("%s wants host and port, or to, or none of them", fn)
	}
	s.What, s.Host, s.Port = what.expr, host.expr, port.expr
	return newStep(s)
}
