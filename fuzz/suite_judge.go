package fuzz

import (
	"context"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"netproctor/conformance"
)

// A suiteFault is a fault with what is needed to verify it.
type suiteFault struct {
	fault
	late         bool // something did not come in time, which one play does not prove
	requirements []string
	level        conformance.Level
	// opening is the steps that led to it; what begins with the same ones fails
	// for the same reason. Empty if they are the scenario's own.
	opening string
}

// judged is the fault that a scenario which was played as it is shows; nil if
// there is none, or if what it needs does not hold: other scenarios are about
// that.
func (c *suite) judged(k suiteCase, a *conformance.Attempt) *suiteFault {
	if a.Outcome != conformance.Fail {
		return nil
	}
	f := &suiteFault{late: a.Finding.Late, requirements: c.byLevel(k.Covers), level: c.o.Protocol.Strictest(k.Covers), opening: k.Opening(a.Step)}
	step, _, _ := strings.Cut(conformance.Source(k.Scenario.StepAt(a.Step)), "(")
	f.kind = Answer
	f.evidence = fmt.Sprintf("%s, seed %d, at %s: wanted %s, got %s", k.id(), k.seed, step, a.Finding.Want, a.Finding.Got)
	state := last(a.Transcript, conformance.Vitals)
	if state != "" {
		f.evidence += "; the program is " + state
	}
	f.signature = fmt.Sprintf("%s at %s: %s", f.requirements[0], step, likeness(a.Finding.Got))
	if ended := c.ended(a); ended != nil {
		ended.evidence += "\n" + f.evidence
		f.fault, f.late, f.level = *ended, false, conformance.Must
		f.requirements = append(f.requirements, c.named(f.kind)...)
		return f
	}
	if f.late {
		f.kind = stillness(step, state)
	}
	f.signature = string(f.kind) + " " + f.signature
	return f
}

// stillness tells what it is if nothing comes.
func stillness(step, state string) Kind {
	switch {
	case spinning(state):
		return Spin
	case slices.Contains([]string{"expect_close", "expect_exit", "expect_prompt"}, step):
		return Hang
	case strings.Contains(step, "file"), strings.Contains(step, "folder"):
		return Answer // it did something, and something else
	}
	return Silence
}

// spinning tells whether a program that was looked at when something did not come
// has worked all the while.
func spinning(state string) bool {
	used := cpuUsed.FindStringSubmatch(state)
	if used == nil {
		return false
	}
	ms, err := strconv.Atoi(used[1])
	return err == nil && time.Duration(ms)*time.Millisecond >= spinsFor
}

// spinsFor is how much processor time a program takes that spins, while nothing
// comes for some seconds and other programs run.
const spinsFor = 500 * time.Millisecond

var cpuUsed = regexp.MustCompile(`^running, (\d+) ms of CPU`)

// ended is the fault of a program that reports an exception, or that ends where
// it must not.
func (c *suite) ended(a *conformance.Attempt) *fault {
	out := printed(a.Transcript, "stdout", "stderr")
	if language, report := conformance.Uncaught(out); language != "" {
		return uncaught(language+" printed", report)
	}
	if end := c.unasked(a.Transcript); end != "" {
		return crashed(end, out, printed(a.Transcript, "stderr"))
	}
	return nil
}

// unasked says how a program has ended that was to go on: a server that has
// listened and was sent no signal, or anybody that was killed.
func (c *suite) unasked(tr *conformance.Transcript) (end string) {
	listened := map[string]bool{}
	for _, e := range tr.Events {
		switch e.Kind {
		case conformance.Bound:
			listened[e.Run] = c.role == conformance.Server
		case conformance.Signalled:
			listened[e.Run] = false
		case conformance.Exited:
			if listened[e.Run] || strings.HasPrefix(e.Text, "killed") {
				end = e.Text
			}
		}
	}
	return end
}

// likeness is what came, without what differs from play to play.
func likeness(got string) string {
	return string(cutText(digits.ReplaceAll(bytesShown.ReplaceAll([]byte(got), []byte("…")), []byte("#")), 80))
}

var bytesShown = regexp.MustCompile(`b?"(?:[^"\\]|\\.)*"|\b[0-9a-f]{2}(?: [0-9a-f]{2})+\b`)

// byLevel gives the strictest requirements first.
func (c *suite) byLevel(ids []string) []string {
	ids = slices.Clone(ids)
	strict := func(id string) bool { return c.o.Protocol.Strictest([]string{id}) == conformance.Must }
	slices.SortStableFunc(ids, func(a, b string) int {
		switch {
		case strict(a) == strict(b):
			return 0
		case strict(a):
			return -1
		}
		return 1
	})
	return ids
}

// named gives the requirements that a kind of fault breaks, as far as names tell.
func (c *suite) named(kind Kind) (ids []string) {
	names := map[Kind][]string{Exception: {"no-traceback"}, Crash: {"no-traceback", "loops"}, Hang: {"loops", "server-gone", "server-closed", "gap"}, Spin: {"loops", "server-gone", "server-closed"}}
	for _, name := range names[kind] {
		if _, known := c.o.Protocol.Requirement(c.role + "." + name); known {
			ids = append(ids, c.role+"."+name)
		}
	}
	return ids
}

// mutantFault is the fault that a mutant shows. A failure before the changed
// message is none of its.
func (c *suite) mutantFault(m *mutant, a *conformance.Attempt) *suiteFault {
	if a.Outcome != conformance.Fail || a.Phase == conformance.PhaseSteps && a.Step < len(m.Needs)+m.at {
		return nil
	}
	about := m.about()
	state := last(a.Transcript, conformance.Vitals)
	f := &suiteFault{late: a.Finding.Late, level: conformance.Must}
	if ended := c.ended(a); ended != nil {
		f.fault, f.late = *ended, false
	} else {
		f.kind = Hang
		if spinning(state) {
			f.kind = Spin
		}
		f.signature = string(f.kind) + " " + about
		f.evidence = fmt.Sprintf("wanted %s, got %s; the program is %s", a.Finding.Want, a.Finding.Got, state)
	}
	if f.requirements = c.named(f.kind); len(f.requirements) == 0 {
		f.requirements = c.byLevel(m.base.Covers)
	}
	return f
}

// disturbedTries is how often a play is repeated that the machine disturbed.
const disturbedTries = 6

// follow verifies a fault on fresh programs, keeps it, and makes it short
// afterwards, when it no longer needs the way: pass gives that back.
func (c *suite) follow(ctx context.Context, k suiteCase, f *suiteFault, pass func()) {
	seen := time.Since(c.began)
	if (k.mutant != nil || k.Delivery != conformance.Whole) && !c.passes(ctx, k.original()) {
		c.forget(f) // what the program fails as it is, says nothing
		return
	}
	verified, held, last := c.verify(ctx, k, f)
	if ctx.Err() != nil {
		return
	}
	if !f.proved(verified, held) {
		c.doubt(f, verified)
		return
	}
	if last.late == f.late {
		f.evidence = last.evidence
	}
	x := c.finding(k, f, verified)
	x.FoundAfter = seen.Seconds()
	c.mu.Lock()
	kept := !c.explains(f)
	if f.opening != "" {
		c.known[string(f.level)+f.opening] = true
	}
	if kept {
		c.addLocked(x)
	}
	c.mu.Unlock()
	pass()
	if kept {
		c.way.open()
	}
	if kept && k.mutant != nil {
		c.shorten(ctx, k, f, x)
	}
}

// explains tells whether what is known led to this fault, too. Advice does not
// explain what is required.
func (c *suite) explains(f *suiteFault) bool {
	return f.opening != "" && (c.known[string(f.level)+f.opening] || c.known[string(conformance.Must)+f.opening])
}

// original is the scenario that a case is made of.
func (k *suiteCase) original() *conformance.Scenario {
	if k.mutant != nil {
		return k.mutant.base
	}
	return k.Scenario
}

func (k *suiteCase) id() string {
	if k.Delivery == conformance.Whole {
		return k.Scenario.ID
	}
	return k.Scenario.ID + "@" + string(k.Delivery)
}

// verify plays a case on three fresh programs side by side. It gives how many
// showed the fault again, on how many nothing was wrong, and the last fault. What
// the machine disturbs over and over counts for neither.
func (c *suite) verify(ctx context.Context, k suiteCase, f *suiteFault) (verified, held int, last *suiteFault) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for range verifications {
		all.Go(func() {
			again, decided := c.again(ctx, k)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case !decided:
			case again == nil || k.mutant != nil && again.kind != f.kind && again.signature != f.signature:
				held++
			default:
				verified++
				last = again
			}
		})
	}
	all.Wait()
	return verified, held, last
}

// again plays a case until the machine has not disturbed it, or the campaign's time
// is over.
func (c *suite) again(ctx context.Context, k suiteCase) (f *suiteFault, decided bool) {
	for n := 0; n < disturbedTries && ctx.Err() == nil && (n == 0 || !c.over()); n++ {
		if f, a := c.try(ctx, k, patient); !a.Disturbed || a.Holds() {
			return f, true
		}
	}
	return nil, false
}

// proved tells whether a fault was seen so often that a right program cannot have
// it: as for a grade twice undisturbed, and what came too late never in time.
func (f *suiteFault) proved(verified, held int) bool {
	switch {
	case f.late || f.kind == Spin || f.kind == Hang:
		return verified >= 2 && held == 0
	case f.kind == Answer:
		return verified >= 2
	}
	return verified > 0
}

// forget takes back that a fault is known: another case may show it.
func (c *suite) forget(f *suiteFault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tries[f.signature]++
	c.known[f.signature] = c.tries[f.signature] >= vainTries
}

// doubt notes a fault that fresh programs do not show again.
func (c *suite) doubt(f *suiteFault, verified int) {
	c.forget(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.late && verified == 0 {
		c.calm = min(2*c.calm, calmAtMost)
		return // it was only slow
	}
	if c.vain++; len(c.doubts) < mostDoubts {
		c.doubts = append(c.doubts, fmt.Sprintf("%s (%d of %d): %s", f.signature, verified, verifications, f.evidence))
	}
}

// addLocked hands a verified finding over, if the program lives.
func (c *suite) addLocked(x *Finding) {
	if !c.alive {
		c.held = append(c.held, x)
		return
	}
	x.sortInto(&c.findings, &c.advice, "")
	if c.o.Found != nil && c.failed == nil {
		if err := c.o.Found(x); err != nil {
			c.fail(err)
		}
	}
}

// finding is a fault for people.
func (c *suite) finding(k suiteCase, f *suiteFault, verified int) *Finding {
	x := &Finding{
		Kind: f.kind, Signature: f.signature, Evidence: f.evidence, Seed: c.o.Seed, Verified: verified,
		Requirements: unique(f.requirements), Level: f.level,
	}
	x.is(k)
	return x
}

func unique(ids []string) (less []string) {
	for _, id := range ids {
		if !slices.Contains(less, id) {
			less = append(less, id)
		}
	}
	return less
}

// is notes what is played.
func (x *Finding) is(k suiteCase) {
	x.trial = &k
	x.Played = &Played{Scenario: k.original().ID, Delivery: k.Delivery, Seed: k.seed}
	if k.mutant != nil {
		x.Played.Step, x.Played.Message = k.mutant.at, new(hex.EncodeToString(k.mutant.message))
	}
	x.Sends = nil
	for _, step := range conformance.PreviewUpTo(k.Scenario, k.seed, longestSeed) {
		if n := len(step.Bytes); n > 0 && n <= longestSeed {
			x.Sends = append(x.Sends, hex.EncodeToString(step.Bytes))
		}
	}
}

// about names what is wrong in the message, by its layout.
func (m *mutant) about() string {
	if m.layout == nil {
		return m.base.ID
	}
	return aboutOf(m.message, m.layout)
}

// printed is all that the programs of a play printed to some streams.
func printed(tr *conformance.Transcript, streams ...string) (out []byte) {
	for _, e := range tr.Events {
		if e.Kind == conformance.Printed && slices.Contains(streams, e.Text) {
			out = append(out, e.Data...)
		}
	}
	return out
}

// last is what the last event of a kind says.
func last(tr *conformance.Transcript, kind conformance.EventKind) (text string) {
	for _, e := range tr.Events {
		if e.Kind == kind {
			text = e.Text
		}
	}
	return text
}

// Bounds of making a case short, in plays and in time.
const (
	shortenPlays = 40
	shortenFor   = 20 * time.Second
)

// shorten leaves out what it can of the changed message, under the same
// signature, and tells of the finding again if that came to something.
func (c *suite) shorten(ctx context.Context, k suiteCase, f *suiteFault, x *Finding) {
	plays, until := 0, shortUntil(shortenFor, c.o.Cases, c.began, c.o.For)
	m := k.mutant
	s := seed{m.base, m.at, m.layout, nil}
	leaveOut(m.message, len(m.message)/2, func(less []byte) []byte {
		if plays == shortenPlays || time.Now().After(until) || ctx.Err() != nil {
			return m.message
		}
		plays++
		shorter := s.mutate(less)
		if again, _ := c.try(ctx, c.mutated(shorter), hasty); again != nil && again.signature == f.signature {
			m = shorter
		}
		return m.message
	})
	if m == k.mutant {
		return
	}
	if again, _ := c.again(ctx, c.mutated(m)); again == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	y := *x
	y.is(c.mutated(m))
	for _, list := range [][]*Finding{c.findings, c.held} {
		if i := slices.Index(list, x); i >= 0 {
			list[i] = &y
		}
	}
	if c.alive && c.o.Found != nil && c.failed == nil && ctx.Err() == nil {
		if err := c.o.Found(&y); err != nil {
			c.fail(err)
		}
	}
}
