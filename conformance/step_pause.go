package conformance

import (
	"context"
	"fmt"
	"time"

	"go.starlark.net/starlark"
)

// A Pause is a silence of the harness. It is measured: one that took longer
// than AtMost says nothing about the program.
type Pause struct {
	For    time.Duration
	AtMost time.Duration // 0: any length will do
	// Taken names a connection: the pause begins when the program has read all
	// that was sent on it, so that the silence is one to the program as well.
	Taken string
}

func (s *Pause) play(ctx context.Context, p *player) error {
	if s.Taken != "" {
		c, err := p.conn(s.Taken)
		if err != nil {
			return err
		}
		if c != nil {
			AwaitTaken(ctx, p.box, c.Conn, p.patient(0))
		}
	}
	return p.pause(ctx, s.For)
}

// pause sleeps and notes for how long it really did.
func (p *player) pause(ctx context.Context, d time.Duration) error {
	if p.opts.Pausing != nil && d >= underWay {
		defer p.opts.Pausing()()
	}
	at := p.now()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return fmt.Errorf("stopped in a pause: %w", context.Cause(ctx))
	}
	p.add(Event{At: at, Kind: Paused, Took: p.now() - at})
	return nil
}

func (s *Pause) judge(v *view, _ *binding) Finding {
	if s.AtMost == 0 || v.paused <= s.AtMost {
		return ok
	}
	return Finding{State: Invalid, Want: fmt.Sprintf("a pause of %s, at most %s", s.For, s.AtMost), Got: "one of " + seconds(v.paused)}
}

func (s *Pause) star() string {
	w := call("pause", starText(s.For.String()))
	w.duration("at_most", s.AtMost)
	w.text("taken", s.Taken, "")
	return w.String()
}

func pauseWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Pause{}
	var d, most durationArg
	if err := unpack(fn, args, kwargs, "duration", &d, "at_most?", &most, "taken?", &s.Taken); err != nil {
		return nil, err
	}
	s.For, s.AtMost = d.Duration, most.Duration
	return newStep(s)
}
