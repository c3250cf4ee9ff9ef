package conformance

import (
	"context"
	"fmt"

	"go.starlark.net/starlark"
)

// A Close ends the harness's side of a connection.
type Close struct {
	Conn string
	How  EventKind // HalfClosed, Closed or Reset
}

// closeWords are the words for the ways to close.
var closeWords = map[EventKind]string{HalfClosed: "half_close", Closed: "close", Reset: "reset"}

func (s *Close) play(_ context.Context, p *player) error {
	c, err := p.conn(s.Conn)
	if c == nil || err != nil {
		return err
	}
	at, seen := p.act()
	_ = s.close(c) // one that the program has reset cannot be closed any better
	p.add(Event{At: at, Seen: seen, Kind: s.How, Conn: s.Conn})
	return nil
}

func (s *Close) close(c *liveConn) error {
	switch s.How {
	case HalfClosed:
		if hc, can := c.Conn.(interface{ CloseWrite() error }); can {
			return hc.CloseWrite()
		}
		return fmt.Errorf("half-close wants a TCP connection, got %T", c.Conn)
	case Reset:
		if l, can := c.Conn.(interface{ SetLinger(int) error }); can {
			l.SetLinger(0)
		}
	}
	return c.Close()
}

func (s *Close) judge(*view, *binding) Finding { return ok }

func (s *Close) star() string {
	w := call(closeWords[s.How])
	w.text("conn", s.Conn, defaultConn)
	return w.String()
}

func closeWord(how EventKind) builder {
	return func(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		s := &Close{Conn: defaultConn, How: how}
		if err := unpack(fn, args, kwargs, "conn?", &s.Conn); err != nil {
			return nil, err
		}
		return newStep(s)
	}
}
