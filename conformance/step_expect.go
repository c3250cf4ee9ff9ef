package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.starlark.net/starlark"

	"netproctor/internal/record"
)

// An Expect waits for a message, or for the exact bytes of an expression.
// Fields that were given must match, all others must be legal, and nothing may
// follow.
type Expect struct {
	wait
	Conn string
	What Expr
	// More allows bytes after the message, for steps that come later.
	More bool
	// AtMost bounds how long a large message may be on its way: one that is cut
	// after more than that says nothing, as a program may give up on a machine
	// that takes its bytes too slowly. 0: any cut counts.
	AtMost time.Duration
	// Blank are bytes that may stand before and after the wanted ones, any
	// number of them: newlines, where the source leaves them open.
	Blank string
}

func (s *Expect) play(ctx context.Context, p *player) error { return p.await(ctx, s, s.limit()) }

func (s *Expect) judge(v *view, b *binding) Finding {
	c := v.conn(s.Conn)
	if c == nil || c.refused != "" {
		return failed("a connection", "none"+v.ends())
	}
	f := s.match(v, c, b)
	f.Conn, f.Bytes = c.name, c.left()
	if f.State == Pending {
		f = s.short(v, c, f)
	}
	return f.unless(c, s.AtMost)
}

// unless blames nobody for a message that was cut after it was longer than most
// on its way.
func (f Finding) unless(c *connView, most time.Duration) Finding {
	if after := c.endedAt - c.stimulus; f.State == Failed && c.ended && most > 0 && after > most {
		f.State, f.Want = Invalid, f.Want+", or its end within "+seconds(most)
	}
	return f
}

func (s *Expect) match(v *view, c *connView, b *binding) Finding {
	if m, isMessage := s.What.(Message); isMessage {
		return s.matchMessage(m, v, c, b)
	}
	want, err := s.What.bytes(b)
	if err != nil {
		return unfit(err)
	}
	return s.matchBytes(want, c)
}

func (s *Expect) matchBytes(want []byte, c *connView) Finding {
	got := trimBlank(c.left(), s.Blank)
	n := min(len(got), len(want))
	if !bytes.Equal(got[:n], want[:n]) {
		at := differ(got, want)
		return failed(quote(want), fmt.Sprintf("%s, which differs from byte %d on", quote(got), at))
	}
	if len(got) < len(want) {
		return Finding{State: Pending, Want: quote(want)}
	}
	f := s.follow(len(want), got, quote(want))
	f.use += len(c.left()) - len(got)
	return f
}

// matchMessage looks at the bytes first: as long as more are to come it does
// not make the message that is wanted, which may be large.
func (s *Expect) matchMessage(m Message, v *view, c *connView, b *binding) Finding {
	dec, err := m.Layout.Decode(c.left(), c.ended)
	short := errors.Is(err, record.ErrShort) && !c.ended
	if short && !v.expired {
		return Finding{State: Pending}
	}
	want, bad := m.value(b)
	if bad != nil {
		return unfit(bad)
	}
	f := Finding{Want: describe(want), Layout: m.Layout}
	if short {
		f.State = Pending
		return f
	}
	if err == nil {
		err = dec.Match(want)
	}
	if err != nil {
		return f.wrong(err, c, want)
	}
	next := s.follow(dec.Size, c.left(), f.Want)
	next.Layout = m.Layout
	return next
}

// wrong is a message that is not the one that was wanted.
func (f Finding) wrong(err error, c *connView, want record.Value) Finding {
	f.State, f.Got = Failed, err.Error()
	if errors.As(err, &f.Bad) {
		f.Got = fmt.Sprintf("%s.%s: wanted %s, got %s", f.Bad.Layout, f.Bad.Field, f.Bad.Want, f.Bad.Got)
		f.Hint = hint(want, c.left())
	}
	switch n := len(c.left()); {
	case errors.Is(err, record.ErrShort) && n == 0:
		f.Got, f.Layout, f.Bad = c.cut(), nil, nil
	case errors.Is(err, record.ErrShort):
		f.Got = fmt.Sprintf("%s: %s", c.cut(), f.Got)
	}
	return f
}

// follow checks that nothing comes after the n bytes that were wanted.
func (s *Expect) follow(n int, got []byte, want string) Finding {
	if extra := len(trimBlank(got[n:], s.Blank)); extra > 0 && !s.More {
		return Finding{State: Failed, Want: want + ", and nothing more", Got: "it, and " + count(extra, "more byte")}
	}
	return Finding{State: OK, use: n, blank: s.Blank}
}

// short is an expectation that has not got all of its bytes.
func (s *Expect) short(v *view, c *connView, f Finding) Finding {
	if c.ended {
		f.State, f.Got = Failed, c.cut()
		return f
	}
	p := pending(v, f.Want, fmt.Sprintf("%s within %s%s", c.amount(), seconds(v.now-v.begun), v.ends()))
	f.State, f.Late, f.Waited, f.Got = p.State, p.Late, p.Waited, p.Got
	return f
}

func (s *Expect) star() string {
	w := call("expect", s.What.star())
	w.text("conn", s.Conn, defaultConn)
	w.flag("more", s.More)
	w.duration("within", s.Within)
	w.duration("at_most", s.AtMost)
	w.text("blank", s.Blank, "")
	return w.String()
}

// differ is the first offset at which a and b are not the same.
func differ(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// quote shows bytes as a string, the middle of a long one left out.
func quote(b []byte) string {
	const most = 64
	if len(b) <= most {
		return strconv.Quote(string(b))
	}
	return fmt.Sprintf("%q … %q (%d bytes)", b[:most/2], b[len(b)-most/4:], len(b))
}

// count writes a number of things: "1 byte", "3 bytes".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func expectWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Expect{Conn: defaultConn}
	var what exprArg
	var within, atMost durationArg
	err := unpack(fn, args, kwargs, "what", &what, "conn?", &s.Conn, "more?", &s.More, "within?", &within, "at_most?", &atMost, "blank?", &s.Blank)
	if err != nil {
		return nil, err
	}
	s.What, s.Within, s.AtMost = what.expr, within.Duration, atMost.Duration
	return newStep(s)
}
