package conformance

import (
	"context"
	"fmt"
	"time"

	"go.starlark.net/starlark"
)

// An ExpectIdle demands that the program burns no processor time while nothing
// is asked of it. Where that cannot be measured it holds.
type ExpectIdle struct {
	Run string
	For time.Duration
}

// idleShare is the share of a processor from which on a program is busy: one
// that goes round without waiting takes all that it gets.
const idleShare = 0.5

func (s *ExpectIdle) play(ctx context.Context, p *player) error {
	proc := p.processes[s.Run]
	if proc == nil {
		return fmt.Errorf("no program run %q", s.Run)
	}
	before, err := proc.Vitals()
	if err != nil {
		return nil // it has ended, which is idle enough
	}
	at := p.now()
	if err := p.pause(ctx, s.For); err != nil {
		return err
	}
	after, err := proc.Vitals()
	if err != nil {
		return nil
	}
	p.add(Event{At: at, Kind: Idled, Run: s.Run, N: int((after.CPU - before.CPU).Milliseconds()), Took: p.now() - at})
	return nil
}

func (s *ExpectIdle) judge(v *view, _ *binding) Finding {
	r := v.run(s.Run)
	if used := time.Duration(r.idled.N) * time.Millisecond; float64(used) > idleShare*float64(r.idled.Took) {
		return failed("a program that waits", fmt.Sprintf("%.2f s of CPU in %s, though nothing is asked of it", used.Seconds(), seconds(r.idled.Took)))
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
