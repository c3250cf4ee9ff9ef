package conformance

import (
	"context"
	"fmt"

	"go.starlark.net/starlark"
)

// A NoDatagram demands that no datagram has come that nobody asked for. It
// waits for nothing that the program may do: put it behind a fence, such as the
// answer to a datagram that was sent later.
type NoDatagram struct{ Conn string }

func (s *NoDatagram) play(ctx context.Context, p *player) error { return p.pause(ctx, underWay) }

func (s *NoDatagram) judge(v *view, _ *binding) Finding {
	c := v.socket(s.Conn)
	if c == nil {
		return unfit(fmt.Errorf("datagram socket %q: %w", s.Conn, errNoConn))
	}
	if c.used < len(c.datagrams) {
		d := c.datagrams[c.used]
		f := failed("no datagram that was not asked for", quote(d.data)+" from "+d.from)
		f.Bytes = d.data
		return f
	}
	return ok
}

func (s *NoDatagram) star() string {
	w := call("expect_no_datagram")
	w.text("conn", s.Conn, defaultSocket)
	return w.String()
}

func noDatagramWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &NoDatagram{Conn: defaultSocket}
	if err := unpack(fn, args, kwargs, "conn?", &s.Conn); err != nil {
		return nil, err
	}
	return newStep(s)
}
