package conformance

import (
	"context"
	"time"

	"go.starlark.net/starlark"
)

// A Send writes bytes on a connection, in one write unless the delivery says
// otherwise.
type Send struct {
	Conn string
	What Expr
}

func (s *Send) play(ctx context.Context, p *player) error {
	if much, err := s.much(p); much || err != nil {
		return err
	}
	b, err := p.make(s.What)
	if err != nil {
		return err
	}
	c, err := p.conn(s.Conn)
	if c == nil || err != nil {
		return err
	}
	if m, isMessage := s.What.(Message); isMessage && p.pieces && p.opts.Delivery != Whole {
		p.sendPieces(ctx, s.Conn, c, b, p.opts.Delivery.cuts(m.Layout, b))
		return nil
	}
	p.write(s.Conn, c, b)
	return nil
}

// sendMost is how many bytes are made before they are sent; more are made as
// they go.
const sendMost = 1 << 20

// much sends an expression of more than sendMost bytes, and tells whether it is
// one. A message is always made whole.
func (s *Send) much(p *player) (bool, error) {
	if _, isMessage := s.What.(Message); isMessage {
		return false, nil
	}
	p.mu.Lock()
	n, err := size(s.What, p.bind)
	p.mu.Unlock()
	if err != nil || n <= sendMost {
		return false, err
	}
	c, err := p.conn(s.Conn)
	if c == nil || err != nil {
		return true, err
	}
	at, seen := p.act()
	c.SetWriteDeadline(time.Now().Add(sendPatience))
	bytes := *p.bind // its samples are made here, without the lock
	bytes.samples = map[Sample][]byte{}
	err = stream(s.What, &bytes, c)
	p.add(Event{At: at, Seen: seen, Kind: Sent, Conn: s.Conn, N: int(n), Took: p.now() - at})
	if err != nil {
		p.add(Event{Kind: SendFailed, Conn: s.Conn, Text: err.Error()})
	}
	return true, nil
}

// make gives the bytes of an expression, and notes how late the step's write
// is by the time that they are there.
func (p *player) make(what Expr) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, err := what.bytes(p.bind)
	p.slow = max(p.slow, p.now()-p.view.begun)
	return b, err
}

// sendPatience is how long a program may take to read a message, byte by byte
// if it must. One that does not read at all does not hold up the play for ever.
const sendPatience = 30 * time.Second

// write sends bytes and notes it. A program that has left is no trouble here:
// what it did and did not do is judged by what it sent.
func (p *player) write(name string, c *liveConn, b []byte) bool {
	at, seen := p.act()
	c.SetWriteDeadline(time.Now().Add(sendPatience))
	_, err := c.Write(b)
	p.add(Event{At: at, Seen: seen, Kind: Sent, Conn: name, Data: b, Took: p.now() - at})
	if err != nil {
		p.add(Event{Kind: SendFailed, Conn: name, Text: err.Error()})
	}
	return err == nil
}

// judge is not interested in whether the program took the bytes. It looks at
// pieces, which must not come so late that a legal delivery becomes a gap.
func (s *Send) judge(v *view, _ *binding) Finding {
	if c := v.conn(s.Conn); c != nil && c.sendErr == "" && v.sends > 1 && v.now-v.begun > piecesLate {
		return Finding{State: Invalid, Want: "a message in pieces sent within " + seconds(piecesLate), Got: "the harness took " + seconds(v.now-v.begun)}
	}
	return ok
}

func (s *Send) star() string {
	w := call("send", s.What.star())
	w.text("conn", s.Conn, defaultConn)
	return w.String()
}

func sendWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Send{Conn: defaultConn}
	var what exprArg
	if err := unpack(fn, args, kwargs, "what", &what, "conn?", &s.Conn); err != nil {
		return nil, err
	}
	s.What = what.expr
	return newStep(s)
}
