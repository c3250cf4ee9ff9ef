package conformance

import (
	"context"
	"fmt"
	"time"

	"go.starlark.net/starlark"
)

// An ExpectIdle demands that the program waits while nothing is asked of it,
// and does not go round in a loop. Where that cannot be seen it holds.
type ExpectIdle struct {
	Run string
	For time.Duration
}

// It is looked at so many times, and is found busy at most of them if it goes
// round: a program that works for a moment now and then is not. How long it has
// had a processor would say less, as it shares that with others.
const idleLooks, mostBusy = 10, 8

func (s *ExpectIdle) play(ctx context.Context, p *player) error {
	proc := p.processes[s.Run]
	if proc == nil {
		return fmt.Errorf("no program run %q", s.Run)
	}
	busy := 0
	for range idleLooks {
		if err := p.pause(ctx, s.For/idleLooks); err != nil {
			return err
		}
		v, err := proc.Vitals()
		if err != nil {
			break // it has ended, which is idle enough
		}
		if v.Runnable > 0 {
			busy++
		}
	}
	p.add(Event{Kind: Idled, Run: s.Run, N: busy})
	return nil
}

func (s *ExpectIdle) judge(v *view, _ *binding) Finding {
	if busy := v.run(s.Run).idled.N; busy > mostBusy {
		return failed("a program that waits", fmt.Sprintf("one that was busy at %d of %d looks within %s, though nothing is asked of it", busy, idleLooks, seconds(s.For)))
	}
	return ok
}

func (s *ExpectIdle) star() string {
	w := call("expect_idle", starText(s.For.String()))
	w.text("run", s.Run, defaultRun)
	return w.String()
}

func expectIdleWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectIdle{Run: defaultRun}
	var lasting durationArg
	if err := unpack(fn, args, kwargs, "duration", &lasting, "run?", &s.Run); err != nil {
		return nil, err
	}
	s.For = lasting.Duration
	return newStep(s)
}
