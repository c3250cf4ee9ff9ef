package conformance

import (
	"context"
	"fmt"
	"time"

	"go.starlark.net/starlark"
)

// An ExpectExit waits until a program run ends. Its exit status is its own
// affair, but a signal such as SIGSEGV is a crash.
type ExpectExit struct {
	wait
	Run string
	// NotBefore is the least time from the harness's last act on the
	// connection Since to the end: ending earlier is provably too early.
	NotBefore time.Duration
	Since     string
}

func (s *ExpectExit) play(ctx context.Context, p *player) error { return p.await(ctx, s, s.limit()) }

func (s *ExpectExit) judge(v *view, _ *binding) Finding {
	r := v.run(s.Run)
	want := "the program ends"
	if s.NotBefore > 0 {
		want = fmt.Sprintf("the program ends after about %s", seconds(s.NotBefore))
	}
	from := r.started
	if c := v.conn(s.Since); c != nil {
		from = c.stimulus
	}
	switch {
	case !r.exited:
		return pending(v, want, "still running after "+seconds(v.now-from))
	case r.crashed():
		return failed(want, r.exit.Text)
	case s.NotBefore > 0 && r.exit.At-from < time.Duration(float64(s.NotBefore)*(1-early)):
		return failed(want, fmt.Sprintf("%s after %s, too early", r.exit.Text, seconds(r.exit.At-from)))
	}
	return ok
}

func (s *ExpectExit) star() string {
	w := call("expect_exit")
	w.text("run", s.Run, defaultRun)
	w.duration("not_before", s.NotBefore)
	w.text("since", s.Since, "")
	w.duration("within", s.Within)
	return w.String()
}

// An ExpectRunning demands that a program run has not ended by now.
type ExpectRunning struct {
	Run string
}

func (s *ExpectRunning) play(context.Context, *player) error { return nil }

func (s *ExpectRunning) judge(v *view, _ *binding) Finding {
	if r := v.run(s.Run); r.exited {
		return failed("the program runs on", "it ended: "+r.exit.Text)
	}
	return ok
}

func (s *ExpectRunning) star() string {
	w := call("expect_running")
	w.text("run", s.Run, defaultRun)
	return w.String()
}

func expectExitWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectExit{Run: defaultRun}
	var within, notBefore durationArg
	err := unpack(fn, args, kwargs, "run?", &s.Run, "not_before?", &notBefore, "since?", &s.Since, "within?", &within)
	if err != nil {
		return nil, err
	}
	s.NotBefore, s.Within = notBefore.Duration, within.Duration
	return newStep(s)
}

func expectRunningWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectRunning{Run: defaultRun}
	if err := unpack(fn, args, kwargs, "run?", &s.Run); err != nil {
		return nil, err
	}
	return newStep(s)
}
