package conformance

import (
	"bytes"
	"context"
	"fmt"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// An ExpectDatagram waits for the next datagram on a socket of the harness.
type ExpectDatagram struct {
	wait
	Conn string
	// What it holds; nil is any text in UTF-8 that is not empty.
	What Expr
	// Broadcast demands that it was sent to everybody.
	Broadcast bool
	// Answer passes over what came before the last line was typed.
	Answer bool
}

func (s *ExpectDatagram) play(ctx context.Context, p *player) error {
	return p.await(ctx, s, s.limit())
}

func (s *ExpectDatagram) judge(v *view, b *binding) Finding {
	c := v.socket(s.Conn)
	if c == nil {
		return unfit(fmt.Errorf("datagram socket %q: %w", s.Conn, errNoConn))
	}
	want, check, err := s.wanted(b)
	if err != nil {
		return unfit(err)
	}
	skip := 0
	for s.Answer && c.used+skip < len(c.datagrams) && c.datagrams[c.used+skip].order < v.typed {
		skip++
	}
	if c.used+skip >= len(c.datagrams) {
		return pending(v, want, "no datagram within "+seconds(v.now-v.begun)+v.ends())
	}
	d := c.datagrams[c.used+skip]
	switch {
	case !check(d.data):
		f := failed(want, quote(d.data))
		f.Bytes = d.data
		return f
	case s.Broadcast && !d.broadcast():
		return failed(want+" to everybody", "one to "+d.to)
	}
	return Finding{State: OK, Conn: s.Conn, use: skip + 1}
}

// wanted says what the datagram holds, and checks whether it does.
func (s *ExpectDatagram) wanted(b *binding) (string, func([]byte) bool, error) {
	if s.What == nil {
		return "a datagram of text in UTF-8", func(got []byte) bool { return len(got) > 0 && utf8.Valid(got) }, nil
	}
	want, err := s.What.bytes(b)
	return "a datagram " + quote(want), func(got []byte) bool { return bytes.Equal(got, want) }, err
}

func (s *ExpectDatagram) star() string {
	w := call("expect_datagram")
	w.expr("what", s.What)
	w.text("conn", s.Conn, defaultSocket)
	w.flag("broadcast", s.Broadcast)
	w.flag("answer", s.Answer)
	w.duration("within", s.Within)
	return w.String()
}

func expectDatagramWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectDatagram{Conn: defaultSocket}
	var what exprArg
	var within durationArg
	err := unpack(fn, args, kwargs, "what?", &what, "conn?", &s.Conn, "broadcast?", &s.Broadcast, "answer?", &s.Answer, "within?", &within)
	if err != nil {
		return nil, err
	}
	s.What, s.Within = what.expr, within.Duration
	return newStep(s)
}
