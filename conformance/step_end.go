package conformance

import (
	"bytes"
	"context"
	"fmt"

	"go.starlark.net/starlark"
)

// An ExpectEnd waits until the program closes a connection, by FIN or by RST,
// and takes whatever comes before that.
type ExpectEnd struct {
	wait
	Conn string
	// Lacks must not have been received on the connection.
	Lacks []Expr
	// OrBytes also holds as soon as anything has come: an answer of any kind.
	OrBytes bool
}

func (s *ExpectEnd) play(ctx context.Context, p *player) error { return p.await(ctx, s, s.limit()) }

func (s *ExpectEnd) judge(v *view, b *binding) Finding {
	c := v.conn(s.Conn)
	if c == nil || c.refused != "" {
		return failed("a connection", "none"+v.ends())
	}
	f := s.ended(v, c, b)
	f.Conn, f.Bytes = c.name, c.left()
	return f
}

func (s *ExpectEnd) ended(v *view, c *connView, b *binding) Finding {
	for _, e := range s.Lacks {
		not, err := e.bytes(b)
		if err != nil {
			return unfit(err)
		}
		if bytes.Contains(c.data, not) {
			return failed("an answer without "+quote(not), quote(c.left()))
		}
	}
	want := "the program closes the connection"
	if s.OrBytes {
		want += " or answers"
	}
	if !c.ended && !(s.OrBytes && len(c.left()) > 0) {
		return pending(v, want, fmt.Sprintf("still open after %s%s", seconds(v.now-c.stimulus), v.ends()))
	}
	return Finding{State: OK, use: len(c.left())}
}

func (s *ExpectEnd) star() string {
	w := call("expect_end")
	w.text("conn", s.Conn, defaultConn)
	w.lists("lacks", s.Lacks)
	w.flag("or_bytes", s.OrBytes)
	w.duration("within", s.Within)
	return w.String()
}

func expectEndWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectEnd{Conn: defaultConn}
	var lacks exprsArg
	var within durationArg
	err := unpack(fn, args, kwargs, "conn?", &s.Conn, "lacks?", &lacks, "or_bytes?", &s.OrBytes, "within?", &within)
	if err != nil {
		return nil, err
	}
	s.Lacks, s.Within = lacks.list, within.Duration
	return newStep(s)
}
