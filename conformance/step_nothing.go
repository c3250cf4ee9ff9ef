package conformance

import (
	"context"

	"go.starlark.net/starlark"
)

// An ExpectNothing demands that nothing has come on a connection that no step
// has asked for. It waits for nothing: put it behind a fence, such as what
// another client is told after it.
type ExpectNothing struct {
	Conn string
	// Blank are bytes that do not count.
	Blank string
}

func (s *ExpectNothing) play(ctx context.Context, p *player) error { return p.pause(ctx, underWay) }

func (s *ExpectNothing) judge(v *view, _ *binding) Finding {
	c := v.conn(s.Conn)
	if c == nil || c.refused != "" {
		return failed("a connection", "none"+v.ends())
	}
	if rest := trimBlank(c.left(), s.Blank); len(rest) > 0 {
		return Finding{State: Failed, Want: "nothing", Got: quote(rest), Conn: c.name, Bytes: rest}
	}
	return ok
}

func (s *ExpectNothing) star() string {
	w := call("expect_nothing")
	w.text("conn", s.Conn, defaultConn)
	w.text("blank", s.Blank, "")
	return w.String()
}

func expectNothingWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectNothing{Conn: defaultConn}
	if err := unpack(fn, args, kwargs, "conn?", &s.Conn, "blank?", &s.Blank); err != nil {
		return nil, err
	}
	return newStep(s)
}
