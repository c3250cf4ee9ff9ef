package fuzz

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"netproctor/conformance"
)

// RunSuite fuzzes a program of any role by the scenarios of its suite: each case
// is one of them with one of its messages changed, on a fresh program, and what
// needs no model is judged. It is slower by far than Run, and needs nothing but a
// protocol's folder: for clients, for datagrams, and for servers whose answers
// depend on more than one connection.
func RunSuite(ctx context.Context, role string, o Options) (*Campaign, error) {
	c := &suite{o: &o, role: role, began: time.Now(), known: map[string]bool{}, sound: map[string]bool{}}
	c.seeds = seeds(o.Protocol, role, o.Seed)
	var done func()
	c.quick, done = o.quick(role)
	defer done()
	if err := c.warm(ctx); err != nil {
		return nil, err
	}
	c.run(ctx)
	end := &Campaign{Progress: c.progress(), Findings: c.findings}
	if ctx.Err() != nil {
		end.Stopped = context.Cause(ctx).Error()
	}
	return end, nil
}

// atOnce is how many cases are played side by side: a case is mostly waiting.
const atOnce = 8

// A suite is the state of one RunSuite.
type suite struct {
	o     *Options
	quick conformance.Target // what cases are played on at first
	role  string
	seeds []seed
	began time.Time

	mu       sync.Mutex
	next     int // case
	played   int
	told     time.Time
	sound    map[string]bool // by scenario: whether the program passes it as it is
	known    map[string]bool // signatures
	findings []*Finding
}

// goodTries is in how many scenarios a program may fail before it is said that it
// never worked.
const goodTries = 8

// warm plays scenarios as they are until the program passes one.
func (c *suite) warm(ctx context.Context) error {
	why := "it has no scenario that can be fuzzed"
	tried := 0
	for _, s := range c.seeds {
		if c.tested(s.scenario.ID) {
			continue
		}
		v := c.judge(ctx, s.scenario)
		c.note(s.scenario.ID, v.Outcome == conformance.Pass)
		if v.Outcome == conformance.Pass || ctx.Err() != nil {
			return nil
		}
		why = fmt.Sprintf("%s: wanted %s, got %s", s.scenario.ID, v.Finding.Want, v.Finding.Got)
		if tried++; tried == goodTries {
			break
		}
	}
	return fmt.Errorf("%w: %s", ErrNeverWorked, why)
}

func (c *suite) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for {
				i, more := c.take(ctx)
				if !more {
					return
				}
				c.play(ctx, c.at(i))
			}
		})
	}
	workers.Wait()
}

// take gives the number of the next case.
func (c *suite) take(ctx context.Context) (i int, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !goesOn(ctx, c.next, c.o.Cases, c.began, c.o.For) {
		return 0, false
	}
	if c.o.Progress != nil && time.Since(c.told) > tellEvery {
		c.told = time.Now()
		c.o.Progress(c.progressLocked())
	}
	c.next++
	return c.next - 1, true
}

// at gives the i-th case, which follows from the seed and i alone.
func (c *suite) at(i int) *mutant {
	r := rand.New(rand.NewPCG(c.o.Seed, uint64(i)))
	s := c.seeds[r.IntN(len(c.seeds))]
	return s.mutate(s.spoil(r))
}

// play plays a case and follows a fault up.
func (c *suite) play(ctx context.Context, m *mutant) {
	f := c.fault(ctx, m, c.quick)
	c.mu.Lock()
	c.played++
	if f == nil || c.known[f.signature] || ctx.Err() != nil {
		c.mu.Unlock()
		return
	}
	c.known[f.signature] = true
	c.mu.Unlock()
	if !c.passes(ctx, m.base) {
		return // what the program fails as it is, says nothing
	}
	m, f = c.shorten(ctx, m, f)
	verified := 0
	for range verifications {
		if again := c.fault(ctx, m, c.o.Target); again != nil && again.kind == f.kind {
			verified++
		}
	}
	if verified == 0 || ctx.Err() != nil {
		return // the machine's doing, for all that is known
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.findings = append(c.findings, c.finding(m, f, verified))
}

// finding is a fault for people.
func (c *suite) finding(m *mutant, f *fault, verified int) *Finding {
	x := &Finding{
		Kind: f.kind, Signature: f.signature, Evidence: f.evidence, Seed: c.o.Seed, Verified: verified,
		ID: fmt.Sprintf("%s-%d", f.kind, len(c.findings)+1), FoundAfter: time.Since(c.began).Seconds(),
		Requirements: c.requirements(m, f), mutant: m,
	}
	for _, step := range conformance.Preview(m.Scenario, c.o.Seed) {
		if len(step.Bytes) > 0 {
			x.Sends = append(x.Sends, hex.EncodeToString(step.Bytes))
		}
	}
	return x
}

// requirements names what a fault breaks, as far as names tell.
func (c *suite) requirements(m *mutant, f *fault) (ids []string) {
	names := map[Kind][]string{Exception: {"no-traceback"}, Crash: {"no-traceback", "loops"}, Hang: {"loops", "server-gone", "server-closed", "gap"}, Spin: {"loops", "server-gone", "server-closed"}}
	for _, name := range names[f.kind] {
		if _, known := c.o.Protocol.Requirement(c.role + "." + name); known {
			ids = append(ids, c.role+"."+name)
		}
	}
	if len(ids) == 0 {
		ids = m.base.Covers
	}
	return ids
}

// passes tells whether the program passes a scenario as it is.
func (c *suite) passes(ctx context.Context, s *conformance.Scenario) bool {
	c.mu.Lock()
	sound, known := c.sound[s.ID]
	c.mu.Unlock()
	if !known {
		outcome := c.judge(ctx, s).Outcome
		sound = outcome == conformance.Pass || outcome == conformance.Observed
		c.note(s.ID, sound)
	}
	return sound
}

func (c *suite) tested(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.sound[id]
	return known
}

func (c *suite) note(id string, sound bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sound[id] = sound
}

// judge plays a scenario once.
func (c *suite) judge(ctx context.Context, s *conformance.Scenario) conformance.Verdict {
	v, _ := c.transcript(ctx, s, c.o.Target)
	return v
}

func (c *suite) transcript(ctx context.Context, s *conformance.Scenario, t conformance.Target) (conformance.Verdict, *conformance.Transcript) {
	tr := conformance.Play(ctx, s, c.o.Protocol.Programs[c.role], t, conformance.PlayOptions{Seed: c.o.Seed})
	return conformance.Judge(s, tr, false), tr
}

// fault plays a mutant and asks the oracles about it. A failure before the
// changed message is none of its.
func (c *suite) fault(ctx context.Context, m *mutant, t conformance.Target) *fault {
	v, tr := c.transcript(ctx, m.Scenario, t)
	if v.Outcome != conformance.Fail || v.Phase == conformance.PhaseSteps && v.Step < len(m.Needs)+m.at {
		return nil
	}
	about := m.about()
	out := printed(tr)
	if language, report := conformance.Uncaught(out); language != "" {
		return uncaught(language+" printed", report)
	}
	state := last(tr, conformance.Vitals)
	evidence := fmt.Sprintf("wanted %s, got %s; the program is %s", v.Finding.Want, v.Finding.Got, state)
	end := last(tr, conformance.Exited)
	switch {
	case end != "" && (c.role == conformance.Server || strings.HasPrefix(end, "killed")):
		return &fault{Crash, "crash " + end + masked(out), "it ended: " + end}
	case strings.HasPrefix(state, "running"):
		return &fault{Spin, "spin " + about, evidence}
	}
	return &fault{Hang, "hang " + about, evidence}
}

// about names what is wrong in the message, by its layout.
func (m *mutant) about() string {
	if m.layout == nil {
		return m.base.ID
	}
	return aboutOf(m.message, m.layout)
}

// printed is all that the programs of a play printed.
func printed(tr *conformance.Transcript) (out []byte) {
	for _, e := range tr.Events {
		if e.Kind == conformance.Printed {
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
// signature.
func (c *suite) shorten(ctx context.Context, m *mutant, f *fault) (*mutant, *fault) {
	plays, until := 0, time.Now().Add(shortenFor)
	s := seed{m.base, m.at, m.layout, nil}
	leaveOut(m.message, len(m.message)/2, func(less []byte) []byte {
		if plays == shortenPlays || time.Now().After(until) || ctx.Err() != nil {
			return m.message
		}
		plays++
		shorter := s.mutate(less)
		if again := c.fault(ctx, shorter, c.quick); again != nil && again.signature == f.signature {
			m, f = shorter, again
		}
		return m.message
	})
	return m, f
}

func (c *suite) progress() Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.progressLocked()
}

func (c *suite) progressLocked() Progress {
	return Progress{Cases: c.played, Visits: c.played, Starts: c.played, Findings: len(c.findings), Elapsed: time.Since(c.began)}
}
