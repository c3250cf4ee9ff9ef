package conformance

import (
	"context"
	"fmt"
	"time"

	"go.starlark.net/starlark"
)

// A CountDescriptors notes how many descriptors the program has open.
type CountDescriptors struct {
	action
	Run   string
	Label string
}

func (s *CountDescriptors) play(_ context.Context, p *player) error {
	return p.countDescriptors(s.Run, s.Label)
}

func (p *player) countDescriptors(run, label string) error {
	proc := p.processes[run]
	if proc == nil {
		return fmt.Errorf("no program run %q", run)
	}
	v, err := proc.Vitals()
	if err != nil {
		// It has ended meanwhile, which the next expectation will find.
		return nil
	}
	p.add(Event{Kind: Descriptors, Run: run, Text: label, N: v.Descriptors})
	return nil
}

func (s *CountDescriptors) star() string {
	w := call("count_descriptors", starText(s.Label))
	w.text("run", s.Run, defaultRun)
	return w.String()
}

// An ExpectDescriptors waits until the program has at most Slack descriptors
// more open than at the count of that label.
type ExpectDescriptors struct {
	wait
	Run   string
	Than  string
	Slack int
}

// descriptorsNow is the label of the count that is held against another one.
const descriptorsNow = "now"

func (s *ExpectDescriptors) play(ctx context.Context, p *player) error {
	deadline := time.Now().Add(p.patient(s.limit()))
	for {
		if err := p.countDescriptors(s.Run, descriptorsNow); err != nil {
			return err
		}
		p.mu.Lock()
		f := s.judge(p.view, p.bind)
		p.mu.Unlock()
		if f.State == OK || time.Now().After(deadline) {
			return nil
		}
		if err := p.pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func (s *ExpectDescriptors) judge(v *view, _ *binding) Finding {
	base, now := v.counts[s.Than], v.counts[descriptorsNow]
	want := fmt.Sprintf("at most %d open descriptors, as before", base+s.Slack)
	if r := v.run(s.Run); r.exited {
		return failed(want, "the program ended: "+r.exit.Text)
	}
	if now > base+s.Slack {
		return pending(v, want, fmt.Sprintf("%d", now))
	}
	return ok
}

func (s *ExpectDescriptors) star() string {
	w := call("expect_descriptors", starText(s.Than))
	w.number("slack", s.Slack, defaultSlack)
	w.text("run", s.Run, defaultRun)
	w.duration("within", s.Within)
	return w.String()
}

// defaultSlack allows for descriptors that a runtime opens once, when it first
// needs them.
const defaultSlack = 3

func countDescriptorsWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &CountDescriptors{Run: defaultRun}
	if err := unpack(fn, args, kwargs, "label", &s.Label, "run?", &s.Run); err != nil {
		return nil, err
	}
	return newStep(s)
}

func expectDescriptorsWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectDescriptors{Run: defaultRun, Slack: defaultSlack}
	var within durationArg
	if err := unpack(fn, args, kwargs, "than", &s.Than, "slack?", &s.Slack, "run?", &s.Run, "within?", &within); err != nil {
		return nil, err
	}
	s.Within = within.Duration
	return newStep(s)
}
