package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"go.starlark.net/starlark"
)

// A UDP opens a datagram socket of the harness. What comes is noted as it
// comes.
type UDP struct {
	action
	Conn string
	// Host and Port are where it is bound; nil is every address, and any port.
	Host, Port Expr
}

// defaultSocket is the name of a datagram socket that was given none.
const defaultSocket = "udp"

func (s *UDP) play(ctx context.Context, p *player) error {
	address, err := s.address(p)
	if err != nil {
		return err
	}
	c, err := p.box.ListenPacket(ctx, "udp4", address)
	if err != nil {
		return fmt.Errorf("open a datagram socket at %s: %w", address, err)
	}
	p.mu.Lock()
	p.packets[s.Conn] = c
	p.mu.Unlock()
	p.stops = append(p.stops, func() { c.Close() }) // also if another one takes its name
	p.add(Event{Kind: PacketOpened, Conn: s.Conn, Text: c.LocalAddr().String()})
	p.bound.Go(func() { p.readPackets(s.Conn, c) })
	return nil
}

func (s *UDP) address(p *player) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	host, port := "", "0"
	var err error
	if s.Host != nil {
		host, err = bound(s.Host, p.bind)
	}
	if err == nil && s.Port != nil {
		port, err = bound(s.Port, p.bind)
	}
	return net.JoinHostPort(host, port), err
}

// A destined socket tells where a datagram was sent to: to everybody, or to
// its own address.
type destined interface {
	ReadFromTo(b []byte) (n int, from net.Addr, to netip.Addr, err error)
}

// readPackets notes what comes on a datagram socket until it is closed.
func (p *player) readPackets(name string, c net.PacketConn) {
	buf := make([]byte, 64<<10)
	for total := 0; total < mostReceived; {
		var n int
		var from net.Addr
		var to netip.Addr
		var err error
		if d, tells := c.(destined); tells {
			n, from, to, err = d.ReadFromTo(buf)
		} else {
			n, from, err = c.ReadFrom(buf)
		}
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			total += leastRead // an error that tells of a datagram of ours, and no endless ones
			continue
		}
		total += max(n, leastRead)
		text := from.String()
		if to.IsValid() {
			text += " " + to.String()
		}
		p.add(Event{Kind: PacketReceived, Conn: name, Data: append([]byte{}, buf[:n]...), Text: text})
	}
}

func (s *UDP) star() string {
	w := call("udp")
	w.text("conn", s.Conn, defaultSocket)
	w.expr("host", s.Host)
	w.expr("port", s.Port)
	return w.String()
}

func udpWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &UDP{Conn: defaultSocket}
	var host, port exprArg
	if err := unpack(fn, args, kwargs, "conn?", &s.Conn, "host?", &host, "port?", &port); err != nil {
		return nil, err
	}
	s.Host, s.Port = host.expr, port.expr
	return newStep(s)
}
