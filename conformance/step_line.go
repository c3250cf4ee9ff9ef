package conformance

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// An ExpectLine waits until the program has printed a line, word for word: for
// output that the source prescribes. What else it prints is its own affair, and
// so are blanks at a line's end.
type ExpectLine struct {
	wait
	Run string
	// Since limits it to what was printed since the connection of that name was
	// made; empty: since the program started.
	Since string
	Line  Expr
	// Times is how often it must be there at least; 0 is once.
	Times int
}

func (s *ExpectLine) play(ctx context.Context, p *player) error { return p.await(ctx, s, s.limit()) }

func (s *ExpectLine) judge(v *view, b *binding) Finding {
	line, err := bound(s.Line, b)
	if err != nil {
		return unfit(err)
	}
	r := v.run(s.Run)
	out := r.output
	if c := v.conn(s.Since); c != nil {
		out = r.since(c.order)
	}
	printed := text(out)
	want, n := s.want(line), 0
	for _, l := range lines(printed) {
		if l == line {
			n++
		}
	}
	if n >= max(s.Times, 1) {
		return ok
	}
	got := show(printed)
	if n > 0 {
		got = fmt.Sprintf("it %s only, in %s", times(n), got)
	}
	f := pending(v, want, got)
	if r.exited {
		f = failed(want, got+"; then it ended: "+r.exit.Text)
	}
	f.Hint = lineHint(lines(printed), line)
	return f
}

func (s *ExpectLine) want(line string) string {
	want := "the line " + quote([]byte(line))
	if s.Times > 1 {
		want += ", " + times(s.Times)
	}
	return want
}

// times says how often in words.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// lines cuts output into lines without the blanks at their ends.
func lines(printed []byte) []string {
	var list []string
	for line := range bytes.Lines(printed) {
		list = append(list, strings.TrimRight(string(line), " \t\r\n"))
	}
	return list
}

// lineHint explains a line that is nearly the wanted one; empty if none is.
func lineHint(printed []string, want string) string {
	for _, line := range printed {
		switch {
		case line == want:
		case strings.EqualFold(line, want):
			return fmt.Sprintf("%q differs in capital letters only: the assignment writes %q", line, want)
		case strings.Contains(line, want):
			return fmt.Sprintf("%q holds it: it must be a line of its own, with nothing before or behind it", line)
		}
	}
	return ""
}

func (s *ExpectLine) star() string {
	w := call("expect_line", s.Line.star())
	w.text("run", s.Run, defaultRun)
	w.text("since", s.Since, "")
	w.number("times", s.Times, 0)
	w.duration("within", s.Within)
	return w.String()
}

// An ExpectNoLine demands that the program has not printed a line up to now. It
// waits for nothing: put it behind a fence, such as the program's end.
type ExpectNoLine struct {
	Run  string
	Line Expr
}

func (s *ExpectNoLine) play(ctx context.Context, p *player) error { return p.pause(ctx, underWay) }

func (s *ExpectNoLine) judge(v *view, b *binding) Finding {
	line, err := bound(s.Line, b)
	if err != nil {
		return unfit(err)
	}
	printed := text(v.run(s.Run).output)
	if slices.Contains(lines(printed), line) {
		return failed("no line "+quote([]byte(line)), show(printed))
	}
	return ok
}

func (s *ExpectNoLine) star() string {
	w := call("expect_no_line", s.Line.star())
	w.text("run", s.Run, defaultRun)
	return w.String()
}

// An ExpectNoOutput demands that the program has printed nothing at all up to
// now. It waits for nothing: put it behind a fence.
type ExpectNoOutput struct {
	Run string
}

func (s *ExpectNoOutput) play(ctx context.Context, p *player) error { return p.pause(ctx, underWay) }

func (s *ExpectNoOutput) judge(v *view, _ *binding) Finding {
	if printed := text(v.run(s.Run).output); len(printed) > 0 {
		return failed("no output at all", "output "+quote(tail(printed, 400)))
	}
	return ok
}

func (s *ExpectNoOutput) star() string {
	w := call("expect_no_output")
	w.text("run", s.Run, defaultRun)
	return w.String()
}

func expectLineWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectLine{Run: defaultRun}
	var line exprArg
	var within durationArg
	if err := unpack(fn, args, kwargs, "line", &line, "times?", &s.Times, "since?", &s.Since, "run?", &s.Run, "within?", &within); err != nil {
		return nil, err
	}
	s.Line, s.Within = line.expr, within.Duration
	return newStep(s)
}

func expectNoLineWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectNoLine{Run: defaultRun}
	var line exprArg
	if err := unpack(fn, args, kwargs, "line", &line, "run?", &s.Run); err != nil {
		return nil, err
	}
	s.Line = line.expr
	return newStep(s)
}

func expectNoOutputWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectNoOutput{Run: defaultRun}
	if err := unpack(fn, args, kwargs, "run?", &s.Run); err != nil {
		return nil, err
	}
	return newStep(s)
}
