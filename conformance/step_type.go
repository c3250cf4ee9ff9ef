package conformance

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.starlark.net/starlark"
)

// A TypeLine types a line on a program's standard input, when the program
// waits for it: programs that mix select with buffered input lose what is
// typed ahead.
type TypeLine struct {
	Run  string
	Line Expr
	// Lines are given instead of Line where the line depends on which way the
	// program went at the last either: a line for each name of a case.
	Lines map[string]Expr
}

func (s *TypeLine) play(ctx context.Context, p *player) error {
	proc := p.processes[s.Run]
	if proc == nil {
		return fmt.Errorf("no program run %q", s.Run)
	}
	if err := p.awaitInput(ctx, s.Run, proc, p.vigilFor(promptPatience)); err != nil {
		return err
	}
	b, err := s.text(p)
	if err != nil {
		return err
	}
	p.add(Event{Kind: Typed, Run: s.Run, Data: b})
	return typeText(ctx, proc, append(b[:len(b):len(b)], '\n'))
}

// text binds the line that is to be typed.
func (s *TypeLine) text(p *player) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := s.Line
	if s.Lines != nil {
		line = s.Lines[p.view.observed]
	}
	if line == nil {
		return nil, fmt.Errorf("type_line has no line for %q", p.view.observed)
	}
	return line.bytes(p.bind)
}

// typeText writes to a program's standard input. A program that has ended
// reads nothing more, and one that hangs may never: what it did is judged by
// what it sent and printed.
func typeText(ctx context.Context, proc Process, b []byte) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = proc.Stdin().Write(b)
	}()
	select {
	case <-done:
	case <-proc.Done():
	case <-time.After(promptPatience):
	case <-ctx.Done():
		return fmt.Errorf("stopped while typing: %w", context.Cause(ctx))
	}
	return nil
}

// promptPatience is how long a program may take until it waits for input. A
// program whose waiting cannot be seen is typed to all the same after it.
const promptPatience = 2 * time.Second

// awaitInput waits until the program is blocked reading its standard input,
// has ended, or the time is over.
func (p *player) awaitInput(ctx context.Context, run string, proc Process, w *vigil) error {
	for began := time.Now(); !w.over(ctx); {
		if proc.AwaitsInput() {
			p.add(Event{Kind: AwaitsInput, Run: run})
			return nil
		}
		select {
		case <-proc.Done():
			p.ended[run]()
			return nil
		case <-time.After(rest(began, 2*time.Millisecond)):
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting for a prompt: %w", context.Cause(ctx))
		}
	}
	return nil
}

func (s *TypeLine) judge(*view, *binding) Finding { return ok }

func (s *TypeLine) star() string {
	w := call("type_line", s.lines())
	w.text("run", s.Run, defaultRun)
	return w.String()
}

// lines is the line, or the lines by case.
func (s *TypeLine) lines() string {
	if s.Lines == nil {
		return s.Line.star()
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.Lines)) {
		parts = append(parts, starText(name)+": "+s.Lines[name].star())
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// An ExpectPrompt waits until the program waits for input.
type ExpectPrompt struct {
	wait
	Run string
	// OrExit also holds when the program has ended.
	OrExit bool
}

func (s *ExpectPrompt) play(ctx context.Context, p *player) error {
	proc := p.processes[s.Run]
	if proc == nil {
		return fmt.Errorf("no program run %q", s.Run)
	}
	return p.awaitInput(ctx, s.Run, proc, p.vigil(s, s.limit()))
}

func (s *ExpectPrompt) judge(v *view, _ *binding) Finding {
	r := v.run(s.Run)
	const want = "the program waits for input"
	switch {
	case r.awaits, r.exited && s.OrExit:
		return ok
	case r.exited:
		return failed(want, "it ended: "+r.exit.Text)
	}
	return Finding{State: Failed, Late: true, Want: want, Got: "it does not after " + seconds(v.now-v.begun)}
}

func (s *ExpectPrompt) star() string {
	w := call("expect_prompt")
	w.text("run", s.Run, defaultRun)
	w.flag("or_exit", s.OrExit)
	w.duration("within", s.Within)
	return w.String()
}

func typeLineWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &TypeLine{Run: defaultRun}
	var line starlark.Value
	if err := unpack(fn, args, kwargs, "line", &line, "run?", &s.Run); err != nil {
		return nil, err
	}
	var err error
	if cases, isDict := line.(*starlark.Dict); isDict {
		s.Lines, err = exprsByName(fn, cases)
	} else {
		s.Line, err = toExpr(line)
	}
	if err != nil {
		return nil, err
	}
	return newStep(s)
}

func exprsByName(fn string, cases *starlark.Dict) (map[string]Expr, error) {
	lines := make(map[string]Expr, cases.Len())
	for _, item := range cases.Items() {
		name, isString := starlark.AsString(item[0])
		if !isString {
			return nil, fmt.Errorf("%s wants names of cases and lines, got %s", fn, item[0])
		}
		e, err := toExpr(item[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", fn, name, err)
		}
		lines[name] = e
	}
	return lines, nil
}

func expectPromptWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectPrompt{Run: defaultRun}
	var within durationArg
	if err := unpack(fn, args, kwargs, "run?", &s.Run, "or_exit?", &s.OrExit, "within?", &within); err != nil {
		return nil, err
	}
	s.Within = within.Duration
	return newStep(s)
}
