package conformance

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// A Bench plays single scenarios under the conditions of Run, for somebody who
// weighs the attempts himself: it knows how late the harness itself was, and
// keeps starts of programs from crowding.
type Bench struct {
	canary   *canary
	starting *semaphore.Weighted
}

// NewBench makes a bench. What it watches ends when done is called.
func NewBench(ctx context.Context) (b *Bench, done func()) {
	b = &Bench{
		canary:   &canary{clock: time.Now()},
		starting: semaphore.NewWeighted(int64(runtime.NumCPU() + 1)), // starting a program is partly waiting
	}
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	var over sync.WaitGroup
	over.Go(func() { b.canary.watch(watch) })
	return b, func() { stop(); over.Wait() }
}

// start gives the gate that keeps program starts from crowding.
func (b *Bench) start(ctx context.Context) func() func() {
	return func() func() {
		if b.starting.Acquire(ctx, 1) != nil {
			return func() {}
		}
		return sync.OnceFunc(func() { b.starting.Release(1) })
	}
}

// A Trial is one thing to play: a scenario in one delivery.
type Trial struct {
	Scenario *Scenario
	Delivery Delivery
	Covers   []string // the requirements that it counts for
	Observes bool     // it records and never fails
	// Takes is about how long it takes at least: what it waits for.
	Takes time.Duration
}

// Trials lists what Run would play with a program, in the order of the suite,
// and messages in pieces last.
func Trials(p *Protocol, g Graded) (list []Trial) {
	for _, it := range plan(p, g, nil) {
		if it.skip == "" {
			list = append(list, Trial{it.scenario, it.delivery, it.covers, it.observes, it.estimate})
		}
	}
	return list
}

// An Attempt is one play of a trial, judged.
type Attempt struct {
	Verdict
	Transcript *Transcript
	// Disturbed says that the machine was too busy for a failure to be believed.
	Disturbed bool
}

// Holds tells whether nothing is wrong with what was seen.
func (a *Attempt) Holds() bool { return a.holds() || a.Outcome == Skip }

// Play plays a trial once. Of the options its seed, patience, calm and pauses are the
// caller's, all others the bench's.
func (b *Bench) Play(ctx context.Context, t Trial, role Program, target Target, o PlayOptions) Attempt {
	o.Delivery, o.Lateness, o.Starting = t.Delivery, b.canary.since, b.start(ctx)
	tr := Play(ctx, t.Scenario, role, target, o)
	v := Judge(t.Scenario, tr, t.Observes)
	return Attempt{v, tr, tr.disturbs(v.Finding)}
}

// StepAt gives a step by its place in the order of play.
func (s *Scenario) StepAt(i int) Step { return s.all()[i] }

// Opening is the steps up to one of them as scenario files write them: trials with
// the same one come to the same end there.
func (t Trial) Opening(step int) string {
	it := &item{scenario: t.Scenario, delivery: t.Delivery}
	if step >= longestCause || it.inPieces(step) {
		return ""
	}
	return it.prefix(step)
}

// Strictest is the level of the strictest of some requirements.
func (p *Protocol) Strictest(ids []string) Level {
	levels := []Level{May, Should, Must}
	best := 0
	for _, id := range ids {
		if r, known := p.Requirement(id); known {
			best = max(best, slices.Index(levels, r.Level))
		}
	}
	return levels[best]
}
