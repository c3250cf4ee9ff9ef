package conformance

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"go.starlark.net/starlark"
)

// An ExpectOutput waits until what the program printed, on either stream,
// fulfils all that is given here. Wording is the program's own affair: give
// names, numbers and texts that must appear, or ask for something that a good
// run does not print.
type ExpectOutput struct {
	wait
	Run string
	// Since limits it to what was printed since the connection of that name
	// was made, or from its first byte on; empty: since the program started.
	Since string
	// After limits it to what was printed since the harness's last act on the
	// connection of that name.
	After string
	// Answer limits it to what was printed since the last line was typed to it.
	Answer   bool
	Contains []Expr // each somewhere
	InOrder  []Expr // one behind the other
	Number   *int   // as a number of its own: 7, but not 17 or 7.5
	Matches  string // a regular expression (RE2)
	// NewThan asks for something that was not printed by the program run of
	// that name, or in the phase "needs": an error message.
	NewThan string
	// AsIn asks, with NewThan, for something that the program run of that name
	// printed as well.
	AsIn string
	// Lacks must not have been printed up to now.
	Lacks []Expr
}

func (s *ExpectOutput) play(ctx context.Context, p *player) error {
	if s.NewThan != "" && s.NewThan != string(PhaseNeeds) {
		p.settle(ctx) // or what the other run is about to print would be new
	}
	return p.await(ctx, s, s.limit())
}

// comparesNeeds tells whether what a scenario's needs print is compared with what
// comes later.
func comparesNeeds(s *Scenario) bool {
	return slices.ContainsFunc(s.all(), func(step Step) bool {
		e, is := step.(*ExpectOutput)
		return is && e.NewThan == string(PhaseNeeds)
	})
}

func (s *ExpectOutput) judge(v *view, b *binding) Finding {
	r := v.run(s.Run)
	out := merged(s.output(v, r))
	printed := text(out)
	want, missing, err := s.missing(v, r, out, b)
	if err != nil {
		return unfit(err)
	}
	if missing {
		return s.unfulfilled(v, r, want, printed)
	}
	for _, e := range s.Lacks {
		not, err := e.bytes(b)
		if err != nil {
			return unfit(err)
		}
		if bytes.Contains(printed, not) {
			return failed("output without "+quote(not), show(printed))
		}
	}
	return ok
}

// output is the part of a run's output that counts.
func (s *ExpectOutput) output(v *view, r *runView) []printed {
	if c := v.conn(s.Since); c != nil {
		return r.since(c.order)
	}
	if c := v.conn(s.After); c != nil {
		return r.since(c.acted)
	}
	if s.Answer {
		return r.since(r.typed)
	}
	return r.output
}

// missing gives what is wanted of the output, and whether it is not there yet.
func (s *ExpectOutput) missing(v *view, r *runView, out []printed, b *binding) (string, bool, error) {
	for _, check := range []func(*view, *runView, []printed, *binding) (string, bool, error){
		s.checkContains, s.checkInOrder, s.checkNumber, s.checkMatches, s.checkNew, s.checkAny,
	} {
		if want, missing, err := check(v, r, out, b); missing || err != nil {
			return want, missing, err
		}
	}
	return "", false, nil
}

func (s *ExpectOutput) checkContains(_ *view, _ *runView, out []printed, b *binding) (string, bool, error) {
	for _, e := range s.Contains {
		part, err := e.bytes(b)
		if err != nil || !bytes.Contains(text(out), part) {
			return "output with " + quote(part), true, err
		}
	}
	return "", false, nil
}

func (s *ExpectOutput) checkInOrder(_ *view, _ *runView, out []printed, b *binding) (string, bool, error) {
	rest, before := text(out), ""
	for _, e := range s.InOrder {
		part, err := e.bytes(b)
		at := bytes.Index(rest, part)
		if err != nil || at < 0 {
			return "output with " + quote(part) + before, true, err
		}
		rest, before = rest[at+len(part):], " behind "+quote(part)
	}
	return "", false, nil
}

func (s *ExpectOutput) checkNumber(_ *view, _ *runView, out []printed, _ *binding) (string, bool, error) {
	if s.Number == nil {
		return "", false, nil
	}
	alone := regexp.MustCompile(fmt.Sprintf(`(^|[^0-9.:])%d($|[^0-9.:]|[.:]($|\D))`, *s.Number))
	return fmt.Sprintf("output with the number %d", *s.Number), !alone.Match(text(out)), nil
}

func (s *ExpectOutput) checkMatches(_ *view, _ *runView, out []printed, _ *binding) (string, bool, error) {
	if s.Matches == "" {
		return "", false, nil
	}
	re, err := regexp.Compile(s.Matches)
	if err != nil {
		return "", false, err
	}
	return "output that matches " + s.Matches, !re.Match(text(out)), nil
}

// checkNew asks for a unit that the other output lacks. An uncaught exception
// is no message of the program's.
func (s *ExpectOutput) checkNew(v *view, r *runView, out []printed, _ *binding) (string, bool, error) {
	if s.NewThan == "" {
		return "", false, nil
	}
	var than []printed
	want := "a message that a good run does not print"
	if s.NewThan == string(PhaseNeeds) {
		than = r.within(v.phases[PhaseNeeds])
	} else {
		than = v.run(s.NewThan).output
	}
	if s.AsIn != "" {
		known := units(v.run(s.AsIn).output)
		none := !slices.ContainsFunc(fresh(out, than), func(u string) bool { return slices.Contains(known, u) })
		return "the message that run " + s.AsIn + " printed", none, nil
	}
	if language, report := Uncaught(text(out)); language != "" {
		return want + ", not an uncaught exception", len(fresh(cutText(out, len(text(out))-len(report)), than)) == 0, nil
	}
	return want, len(fresh(out, than)) == 0, nil
}

// cutText keeps the first n bytes of output.
func cutText(out []printed, n int) []printed {
	var kept []printed
	for _, p := range out {
		if !p.typed {
			p.data = p.data[:min(n, len(p.data))]
			n -= len(p.data)
		}
		kept = append(kept, p)
	}
	return kept
}

// checkAny asks for any output at all, if nothing else is asked for.
func (s *ExpectOutput) checkAny(_ *view, _ *runView, out []printed, _ *binding) (string, bool, error) {
	if len(s.Contains)+len(s.InOrder)+len(s.Lacks) > 0 || s.Number != nil || s.Matches != "" || s.NewThan != "" {
		return "", false, nil
	}
	return "a message", len(bytes.TrimSpace(text(out))) == 0, nil
}

func (s *ExpectOutput) unfulfilled(v *view, r *runView, want string, printed []byte) Finding {
	if r.exited {
		return failed(want, show(printed)+"; then it ended: "+r.exit.Text)
	}
	return pending(v, want, show(printed))
}

// show says what was printed, the end of it if it is long.
func show(printed []byte) string {
	if len(bytes.TrimSpace(printed)) == 0 {
		return "no output"
	}
	return "output " + quote(tail(printed, 400))
}

func (s *ExpectOutput) star() string {
	w := call("expect_output")
	w.text("run", s.Run, defaultRun)
	w.text("since", s.Since, "")
	w.text("after", s.After, "")
	w.flag("answer", s.Answer)
	w.lists("contains", s.Contains)
	w.lists("in_order", s.InOrder)
	if s.Number != nil {
		w.raw("number", fmt.Sprint(*s.Number))
	}
	w.text("matches", s.Matches, "")
	w.text("new_than", s.NewThan, "")
	w.text("as_in", s.AsIn, "")
	w.lists("lacks", s.Lacks)
	w.duration("within", s.Within)
	return w.String()
}

// An ExpectNoTraceback demands that no uncaught exception has reached the
// terminal up to now, in any run of the program, and that no run crashed. It
// waits until all runs have ended, and holds as well if they have not by then. A
// short look, of less than a program needs to die, is over when none has anything
// to do any more.
type ExpectNoTraceback struct{ wait }

func (s *ExpectNoTraceback) limit() time.Duration {
	if s.Within == 0 {
		return dying
	}
	return s.Within
}

func (s *ExpectNoTraceback) play(ctx context.Context, p *player) error {
	if p.opts.Calm == 0 && (s.Within == 0 || s.Within >= dying) || !p.canRest() {
		return p.await(ctx, s, s.limit())
	}
	return p.awaitRest(ctx, s, s.limit())
}

func (s *ExpectNoTraceback) judge(v *view, _ *binding) Finding {
	const want = "no uncaught exception"
	running := false
	for _, r := range v.runs {
		if language, report := Uncaught(text(r.output)); language != "" {
			if !r.exited && !v.expired {
				return Finding{State: Pending, Want: want} // there may be more of it
			}
			return failed(want, fmt.Sprintf("one of %s: %s", language, quote(tail(report, 600))))
		}
		if r.crashed() {
			return failed(want, "the program was "+r.exit.Text)
		}
		running = running || !r.exited
	}
	if running && !v.expired {
		return Finding{State: Pending, Want: want}
	}
	return ok
}

func (s *ExpectNoTraceback) star() string {
	w := call("expect_no_traceback")
	w.duration("within", s.Within)
	return w.String()
}

func expectOutputWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectOutput{Run: defaultRun}
	var contains, inOrder, lacks exprsArg
	var num starlark.Value
	var within durationArg
	err := unpack(fn, args, kwargs, "contains?", &contains, "in_order?", &inOrder, "number?", &num,
		"matches?", &s.Matches, "new_than?", &s.NewThan, "as_in?", &s.AsIn, "lacks?", &lacks, "since?", &s.Since, "after?", &s.After, "answer?", &s.Answer,
		"run?", &s.Run, "within?", &within)
	if err != nil {
		return nil, err
	}
	if s.AsIn != "" && s.NewThan == "" {
		return nil, fmt.Errorf("%s: as_in wants new_than as well", fn)
	}
	if num != nil && num != starlark.None {
		n, err := starlark.AsInt32(num)
		if err != nil {
			return nil, fmt.Errorf("%s: number: %w", fn, err)
		}
		s.Number = &n
	}
	if _, err := regexp.Compile(s.Matches); err != nil {
		return nil, fmt.Errorf("%s: matches: %w", fn, err)
	}
	s.Contains, s.InOrder, s.Lacks, s.Within = contains.list, inOrder.list, lacks.list, within.Duration
	return newStep(s)
}

func expectNoTracebackWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var within durationArg
	if err := unpack(fn, args, kwargs, "within?", &within); err != nil {
		return nil, err
	}
	return newStep(&ExpectNoTraceback{wait{within.Duration}})
}
