package conformance

import (
	"context"
	"fmt"
	"time"

	"go.starlark.net/starlark"
)

// An ExpectClose waits until the program closes a connection, by FIN or by
// RST, and nothing may come before that.
type ExpectClose struct {
	wait
	Conn string
	// NotBefore is the least time from the harness's last act on the
	// connection to the close: a program that gives up earlier is too early,
	// and that is proved, as the clock was read before the act.
	NotBefore time.Duration
	// SinceOpen counts NotBefore from the connection's opening: for programs
	// that may time the whole of a message and not the gaps in it.
	SinceOpen bool
}

// early is the share of a limit that a program's clock may be short of it.
const early = 0.05

func (s *ExpectClose) play(ctx context.Context, p *player) error { return p.await(ctx, s, s.limit()) }

func (s *ExpectClose) judge(v *view, _ *binding) Finding {
	c := v.conn(s.Conn)
	if c == nil || c.refused != "" {
		return failed("a connection", "none"+v.ends())
	}
	f := s.closed(v, c)
	f.Conn, f.Bytes = c.name, c.left()
	return f
}

func (s *ExpectClose) closed(v *view, c *connView) Finding {
	want := s.want()
	if n := len(c.left()); n > 0 {
		return failed(want+", and nothing before that", count(n, "byte"))
	}
	if !c.ended {
		return pending(v, want, fmt.Sprintf("still open after %s%s", seconds(v.now-c.stimulus), v.ends()))
	}
	since := c.stimulus
	if s.SinceOpen {
		since = c.opened
	}
	if after := c.endedAt - since; s.NotBefore > 0 && after < time.Duration(float64(s.NotBefore)*(1-early)) {
		return failed(want, c.end(since)+", too early")
	}
	return ok
}

func (s *ExpectClose) want() string {
	if s.NotBefore > 0 {
		return fmt.Sprintf("the program closes the connection after about %s", seconds(s.NotBefore))
	}
	return "the program closes the connection"
}

func (s *ExpectClose) star() string {
	w := call("expect_close")
	w.text("conn", s.Conn, defaultConn)
	w.duration("not_before", s.NotBefore)
	w.flag("since_open", s.SinceOpen)
	w.duration("within", s.Within)
	return w.String()
}

func expectCloseWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectClose{Conn: defaultConn}
	var within, notBefore durationArg
	err := unpack(fn, args, kwargs, "conn?", &s.Conn, "not_before?", &notBefore, "since_open?", &s.SinceOpen, "within?", &within)
	if err != nil {
		return nil, err
	}
	s.NotBefore, s.Within = notBefore.Duration, within.Duration
	return newStep(s)
}
