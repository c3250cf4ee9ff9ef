package conformance

import (
	"context"
	"fmt"
	"time"

	"go.starlark.net/starlark"
)

// An ExpectBulk waits for exactly the bytes of an expression on a connection
// that was opened with bulk, and keeps none of them: for more than one would
// hold in memory.
type ExpectBulk struct {
	wait
	Conn string
	What Expr
	// More allows bytes after them, for steps that come later.
	More bool
	// AtMost bounds how long they may be on their way: see Expect.AtMost.
	AtMost time.Duration
}

// bulkPatience is how long much data may take.
const bulkPatience = 30 * time.Second

// bulkAhead is how much of a bulk connection is read before a step asks for it.
const bulkAhead = 1 << 20

// A sink takes the next bytes that come on a connection.
type sink struct {
	into *digester
	left int64
}

// take gives the sink its part of what came, and tells how much that was.
func (s *sink) take(b []byte) int {
	n := int(min(int64(len(b)), s.left))
	s.into.Write(b[:n])
	s.left -= int64(n)
	return n
}

func (s *ExpectBulk) play(ctx context.Context, p *player) error {
	if err := s.begin(p); err != nil {
		return err
	}
	limit := s.Within
	if limit == 0 {
		limit = bulkPatience
	}
	if err := p.await(ctx, s, limit); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.view.conn(s.Conn); c != nil {
		p.drained(c.name, p.live[c.name])
	}
	return nil
}

// begin has the connection's reader give what comes to a sink, with what it has
// read already.
func (s *ExpectBulk) begin(p *player) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.view.conn(s.Conn)
	if c == nil {
		return fmt.Errorf("connection %q: %w", s.Conn, errNoConn)
	}
	lc := p.live[c.name]
	if lc == nil {
		return nil // the program did not take it, which the judgement tells
	}
	if !lc.how.bulk {
		return fmt.Errorf("connection %q: expect_bulk wants one that was opened with bulk = True", s.Conn)
	}
	want, err := size(s.What, p.bind)
	if err != nil {
		return err
	}
	into := &sink{into: newDigester(), left: want}
	n := into.take(c.left())
	lc.sink = into
	p.note(Event{Kind: Draining, Conn: c.name, N: n})
	if into.left == 0 || c.ended {
		p.drained(c.name, lc)
	}
	return nil
}

// drained ends a connection's sink, if it has one, and notes what went into it.
// The caller holds the lock.
func (p *player) drained(name string, lc *liveConn) {
	if lc == nil || lc.sink == nil {
		return
	}
	d := lc.sink.into.digest()
	lc.sink = nil
	p.note(d.event(Event{Kind: Drained, Conn: name}))
}

func (s *ExpectBulk) judge(v *view, b *binding) Finding {
	c := v.conn(s.Conn)
	if c == nil || c.refused != "" {
		return failed("a connection", "none"+v.ends())
	}
	if c.drained == nil && !v.expired {
		return Finding{State: Pending} // the sum of what is wanted takes time, in which nothing is read
	}
	want, err := b.digest(s.What)
	if err != nil {
		return unfit(err)
	}
	if c.drained == nil {
		return pending(v, want.String(), "less within "+seconds(v.now-v.begun)+v.ends())
	}
	f := s.compare(want, v, c)
	f.Conn = c.name
	return f.unless(c, s.AtMost)
}

func (s *ExpectBulk) compare(want digest, v *view, c *connView) Finding {
	got := *c.drained
	switch difference := want.differs(got); {
	case got.size < want.size && !c.ended:
		return pending(v, want.String(), fmt.Sprintf("%s within %s%s", count(int(got.size), "byte"), seconds(v.now-v.begun), v.ends()))
	case got.size < want.size:
		return failed(want.String(), fmt.Sprintf("%s, then the connection was %s", count(int(got.size), "byte"), c.closing()))
	case difference != "":
		return failed(want.String(), difference)
	case len(c.left()) > 0 && !s.More:
		return failed(want.String()+", and nothing more", "it, and "+count(len(c.left()), "more byte"))
	}
	return ok
}

func (s *ExpectBulk) star() string {
	w := call("expect_bulk", s.What.star())
	w.text("conn", s.Conn, defaultConn)
	w.flag("more", s.More)
	w.duration("within", s.Within)
	w.duration("at_most", s.AtMost)
	return w.String()
}

func expectBulkWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectBulk{Conn: defaultConn}
	var what exprArg
	var within, atMost durationArg
	err := unpack(fn, args, kwargs, "what", &what, "conn?", &s.Conn, "more?", &s.More, "within?", &within, "at_most?", &atMost)
	if err != nil {
		return nil, err
	}
	s.What, s.Within, s.AtMost = what.expr, within.Duration, atMost.Duration
	return newStep(s)
}
