package conformance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.starlark.net/starlark"
)

// An Accept waits for the next connection of the program and names it.
type Accept struct {
	wait
	Conn string
	// Optional goes on if the program ends without connecting, for an
	// expect_refused.
	Optional bool
}

func (s *Accept) play(ctx context.Context, p *player) error {
	if err := p.await(ctx, s, s.limit()); err != nil {
		return err
	}
	if !p.came(s) {
		// A program that has ended may have connected just before.
		if err := p.emptied(ctx); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.view.taken < len(p.view.incoming) {
		p.note(Event{Kind: Accepted, Conn: s.Conn, Text: p.view.incoming[p.view.taken]})
		return nil
	}
	if r := p.view.lastRun(); s.Optional && r != nil && r.exited {
		p.note(Event{Kind: NoConnect, Conn: s.Conn, Text: "no connection"})
	}
	return nil
}

// came tells whether there is a connection to be accepted.
func (p *player) came(s *Accept) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.judge(p.view, p.bind).State == OK
}

func (s *Accept) judge(v *view, _ *binding) Finding {
	if v.conn(s.Conn) != nil || v.taken < len(v.incoming) {
		return ok
	}
	want := "the program connects"
	if r := v.lastRun(); r != nil && r.exited {
		return failed(want, fmt.Sprintf("it ended without connecting: %s", r.exit.Text))
	}
	return pending(v, want, "no connection within "+seconds(v.now-v.begun))
}

func (s *Accept) star() string {
	w := call("accept")
	w.text("conn", s.Conn, defaultConn)
	w.flag("optional", s.Optional)
	w.duration("within", s.Within)
	return w.String()
}

// A NoConnection demands that the program has not connected up to now, other
// than by the connections that were accepted. It waits for nothing: put it
// behind a fence, such as the program's end or its wait for input.
type NoConnection struct {
	// Attempts demands that it has not tried either, since it was started last,
	// to connect to where nobody listens. That is seen in a network of the run's
	// own, of a program that did no such thing in its runs before.
	Attempts bool
}

func (s *NoConnection) play(ctx context.Context, p *player) error {
	if err := p.emptied(ctx); err != nil || !s.Attempts {
		return err
	}
	if n := p.attempts(); n > 0 {
		p.add(Event{Kind: Attempted, N: n})
	}
	return nil
}

// dialled is a sandbox that counts the connections in its network that were refused.
type dialled interface{ RefusedDials() (uint64, error) }

// refused is how many connections have been refused, for a NoConnection that asks
// for attempts.
func (p *player) refused() (n uint64) {
	if d, can := p.box.(dialled); can && !p.uncounted {
		var err error
		n, err = d.RefusedDials()
		p.uncounted = err != nil
	}
	return n
}

// attempts is how many connections were refused since the last start, of a program
// to which that had not happened before; 0 where it cannot be told.
func (p *player) attempts() int {
	starts, now := p.refusals, p.refused()
	if p.uncounted || len(starts) == 0 || starts[len(starts)-1] > starts[0] {
		return 0
	}
	return int(now - starts[len(starts)-1])
}

// counts tells whether attempts to connect are asked for.
func (s *Scenario) counts() bool {
	return slices.ContainsFunc(s.all(), func(step Step) bool {
		n, is := step.(*NoConnection)
		return is && n.Attempts
	})
}

// queueing is a listener that can tell whether connections wait to be accepted.
type queueing interface{ Queued() bool }

// emptied waits until the connections that have been made are taken: on a busy
// machine they may wait in the kernel for long.
func (p *player) emptied(ctx context.Context) error {
	deadline := time.Now().Add(settleMost)
	err := p.pause(ctx, underWay)
	for queued := true; err == nil && queued && time.Now().Before(deadline); {
		queued = p.queued()
		err = p.pause(ctx, underWay) // what has left the queue is noted a moment later
	}
	return err
}

// queued tells whether a connection waits to be accepted.
func (p *player) queued() bool {
	return slices.ContainsFunc(p.listeners, func(l liveListener) bool {
		q, can := l.Listener.(queueing)
		return can && q.Queued()
	})
}

// underWay is for how long a connection or bytes may be under way from the
// kernel to the harness.
const underWay = 20 * time.Millisecond

func (s *NoConnection) judge(v *view, _ *binding) Finding {
	if n := len(v.incoming) - v.taken; n > 0 {
		return failed("no connection", count(n, "connection"))
	}
	if s.Attempts && v.attempts > 0 {
		return failed("no attempt to connect", count(v.attempts, "attempt")+" to connect to a port where nobody listens")
	}
	return ok
}

func (s *NoConnection) star() string {
	w := call("expect_no_connection")
	w.flag("attempts", s.Attempts)
	return w.String()
}

func acceptWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Accept{Conn: defaultConn}
	var within durationArg
	if err := unpack(fn, args, kwargs, "conn?", &s.Conn, "optional?", &s.Optional, "within?", &within); err != nil {
		return nil, err
	}
	s.Within = within.Duration
	return newStep(s)
}

func noConnectionWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &NoConnection{}
	if err := unpack(fn, args, kwargs, "attempts?", &s.Attempts); err != nil {
		return nil, err
	}
	return newStep(s)
}
