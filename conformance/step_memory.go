package conformance

import (
	"context"
	"fmt"

	"go.starlark.net/starlark"
)

// A MeasureMemory notes how much memory the program has held at its fullest.
type MeasureMemory struct {
	action
	Run   string
	Label string
}

func (s *MeasureMemory) play(_ context.Context, p *player) error {
	return p.measureMemory(s.Run, s.Label)
}

func (p *player) measureMemory(run, label string) error {
	proc := p.processes[run]
	if proc == nil {
		return fmt.Errorf("no program run %q", run)
	}
	v, err := proc.Vitals()
	if err != nil {
		return nil // it has ended meanwhile, which the next expectation will find
	}
	p.add(Event{Kind: Memory, Run: run, Text: label, N: int(v.PeakRSS)})
	return nil
}

func (s *MeasureMemory) star() string {
	w := call("measure_memory", starText(s.Label))
	w.text("run", s.Run, defaultRun)
	return w.String()
}

// An ExpectMemory demands that the program has held at most Growth bytes more
// than at the measure of that label.
type ExpectMemory struct {
	Run    string
	Than   string
	Growth int // in bytes
}

// memoryNow is the label of the measure that is held against another one.
const memoryNow = "now"

func (s *ExpectMemory) play(_ context.Context, p *player) error {
	return p.measureMemory(s.Run, memoryNow)
}

func (s *ExpectMemory) judge(v *view, _ *binding) Finding {
	base, measured := v.memory[s.Than]
	now, still := v.memory[memoryNow]
	want := fmt.Sprintf("at most %d MiB of memory, %d MiB more than before", (base+s.Growth)>>20, s.Growth>>20)
	switch {
	case !measured || !still:
		return failed(want, "the program ended"+v.ends())
	case base == 0 || now == 0:
		return Finding{State: Skipped, Got: "the memory of this program cannot be measured"}
	case now > base+s.Growth:
		return failed(want, fmt.Sprintf("%d MiB", now>>20))
	}
	return ok
}

func (s *ExpectMemory) star() string {
	w := call("expect_memory", starText(s.Than))
	w.number("growth", s.Growth, 0)
	w.text("run", s.Run, defaultRun)
	return w.String()
}

func measureMemoryWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &MeasureMemory{Run: defaultRun}
	if err := unpack(fn, args, kwargs, "label", &s.Label, "run?", &s.Run); err != nil {
		return nil, err
	}
	return newStep(s)
}

func expectMemoryWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectMemory{Run: defaultRun}
	if err := unpack(fn, args, kwargs, "than", &s.Than, "growth", &s.Growth, "run?", &s.Run); err != nil {
		return nil, err
	}
	return newStep(s)
}
