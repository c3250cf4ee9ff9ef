package fuzz

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"netproctor/conformance"
)

// RunSuite fuzzes a program of any role by the scenarios of its suite, each case
// on a fresh program. First come the scenarios as they are, judged by all that
// they expect; then, mixed, scenarios whose values and delivery are drawn anew,
// and scenarios with one of their messages changed, of which only what needs no
// model is judged. It is slower by far than Run, and needs nothing but a
// protocol's folder: for clients, for datagrams, and for what one visit at a time
// cannot show.
func RunSuite(ctx context.Context, role string, o Options) (*Campaign, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c, done := newSuite(ctx, role, &o)
	defer done()
	c.fail = func(err error) { c.failed = err; cancel(err) }
	if len(c.trials) == 0 {
		return nil, fmt.Errorf("%w: it has no scenario that can be played", ErrNeverWorked)
	}
	c.run(ctx)
	switch {
	case c.failed != nil:
		return nil, c.failed
	case !c.alive && c.lifeless > 0:
		return nil, fmt.Errorf("%w: %s", ErrNeverWorked, c.why)
	}
	return &Campaign{Progress: c.progress(), Findings: c.findings, Advice: c.advice, Doubts: c.doubts, Blind: !c.alive, Stopped: stopped(ctx, nil)}, nil
}

// atOnce is how many cases are played side by side. Those that mostly wait for
// time to pass have workers of their own, so that they hold nothing up; of the brisk
// ones briskAwake want the processors at once, and the others are in a pause. Beside
// another campaign one worker goes on when every scenario has been played.
var atOnce = [2]int{brisk: 24, sleeping: 8}

const briskAwake = 8

// A case is brisk, or sleeps for a good part of its time.
const (
	brisk = iota
	sleeping
)

// sleepsFor is how long a case waits at least that is called sleeping.
const sleepsFor = 300 * time.Millisecond

// A suite is the state of one RunSuite.
type suite struct {
	o      *Options
	quick  conformance.Target // what cases are played on at first
	role   string
	began  time.Time
	bench  *conformance.Bench
	trials []conformance.Trial // in the order in which they are played at first
	light  []conformance.Trial // those of them that are played again
	seeds  func() []seed
	slots  *semaphore.Weighted // of plays
	crowd  *crowd              // of those of them that are brisk
	proofs *semaphore.Weighted // of those that verify something, which do not wait for others
	way    way                 // that others make for them
	fail   func(error)         // ends the campaign

	mu       sync.Mutex
	queues   [2][]int // of the first cases
	next     int      // case behind them
	end      int      // the case that is not played any more, if there are so many
	played   int
	starts   int
	told     time.Time
	calm     time.Duration   // see calmAtFirst
	alive    bool            // the program has begun to serve
	lifeless int             // plays that it had to do something in, and did not
	why      string          // the first of these failed
	sound    map[string]bool // by scenario: whether the program passes it as it is
	known    map[string]bool // signatures, and openings that fail
	tries    map[string]int  // of following up in vain, by signature
	vain     int
	held     []*Finding // until the program is known to live
	findings []*Finding
	advice   []*Finding
	doubts   []string
	failed   error
}

func newSuite(ctx context.Context, role string, o *Options) (c *suite, done func()) {
	quick, leave := o.quick(role)
	c = &suite{quick: quick, o: o, role: role, began: o.Beside, sound: map[string]bool{}, known: map[string]bool{}, tries: map[string]int{}, calm: calmAtFirst}
	if !o.beside() {
		c.began = time.Now()
	}
	bench, rest := conformance.NewBench(ctx)
	c.bench, done = bench, func() { rest(); leave() }
	c.trials = inBreadth(o.Protocol, conformance.Trials(o.Protocol, conformance.Graded{Role: role, Target: o.Target}))
	c.light = slices.DeleteFunc(slices.Clone(c.trials), func(t conformance.Trial) bool { return heavy(t.Scenario) })
	c.seeds = sync.OnceValue(func() []seed { return seeds(o.Protocol, role, o.Seed) })
	for i, t := range c.trials {
		if o.Cases > 0 && i >= o.Cases || o.drawn {
			break
		}
		class := brisk
		if t.Takes >= sleepsFor {
			class = sleeping
		}
		c.queues[class] = append(c.queues[class], i)
	}
	if c.next, c.end = len(c.trials), o.Cases; o.drawn {
		c.end += c.next
	}
	c.proofs = semaphore.NewWeighted(verifications)
	c.slots = semaphore.NewWeighted(int64(o.plays()))
	c.crowd = newCrowd(briskAwake, atOnce[brisk])
	return c, done
}

func (o *Options) beside() bool { return !o.Beside.IsZero() }

// plays is how many cases may be played at once beside those that verify, if there
// is memory for so many programs and for those of another campaign.
func (o *Options) plays() int {
	most := atOnce[brisk] + atOnce[sleeping]
	t, limited := o.Target.(interface{ Capacity() int })
	if !limited {
		return most
	}
	others := verifications
	if o.beside() {
		others += mostSleepers + 2
	}
	return max(1, min(most, t.Capacity()-others))
}

func (c *suite) run(ctx context.Context) {
	var workers sync.WaitGroup
	for class, count := range atOnce {
		for n := range count {
			goesOn := !c.o.beside() || class == brisk && n == 0
			workers.Go(func() {
				if !c.joins(ctx, n) {
					return
				}
				for {
					i, more := c.take(ctx, class, goesOn)
					if !more {
						return
					}
					c.play(ctx, c.at(i))
				}
			})
		}
	}
	workers.Wait()
}

// Each class begins with a few workers, and one joins them now and then: the first
// cases are played sooner than if all sandboxes were made at once.
const (
	firstAtOnce = 3
	joinEvery   = 400 * time.Millisecond
)

// joins waits until the n-th worker of a class begins, and tells whether it does.
func (c *suite) joins(ctx context.Context, n int) bool {
	select {
	case <-time.After(time.Duration(max(0, n-firstAtOnce+1)) * joinEvery):
		return true
	case <-ctx.Done():
		return false
	}
}

// take gives the number of the next case for a worker: of its own queue first,
// then if it goes on of those behind the queues.
func (c *suite) take(ctx context.Context, class int, goesOn bool) (i int, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.o.Progress != nil && time.Since(c.told) > tellEvery {
		c.told = time.Now()
		c.o.Progress(c.progress())
	}
	if ctx.Err() != nil || c.over() {
		return 0, false
	}
	if queue := &c.queues[class]; len(*queue) > 0 {
		i, *queue = (*queue)[0], (*queue)[1:]
		return i, true
	}
	if !goesOn || c.o.Cases > 0 && (c.o.beside() || c.next >= c.end) {
		return 0, false
	}
	c.next++
	return c.next - 1, true
}

// over tells whether the campaign's time is over, if it has any.
func (c *suite) over() bool {
	return c.o.Cases == 0 && time.Since(c.began) >= c.o.For
}

// A suiteCase is a trial with the seed of its values, or a mutant of one.
type suiteCase struct {
	conformance.Trial
	seed   uint64
	mutant *mutant // nil: as it is
}

// at gives the i-th case, which follows from the seed and i alone.
func (c *suite) at(i int) suiteCase {
	if i < len(c.trials) {
		return suiteCase{Trial: c.trials[i], seed: c.o.Seed}
	}
	r := rand.New(rand.NewPCG(c.o.Seed, uint64(i)))
	if seeds := c.seeds(); len(seeds) > 0 && (r.IntN(2) == 0 || len(c.light) == 0) {
		s := seeds[r.IntN(len(seeds))]
		return c.mutated(s.mutate(s.spoil(r)))
	}
	of := c.light
	if len(of) == 0 {
		of = c.trials
	}
	return suiteCase{Trial: of[r.IntN(len(of))], seed: uint64(r.Uint32())}
}

func (c *suite) mutated(m *mutant) suiteCase {
	return suiteCase{Trial: conformance.Trial{Scenario: m.Scenario, Covers: m.base.Covers}, seed: c.o.Seed, mutant: m}
}

// play plays a case and follows a fault up.
func (c *suite) play(ctx context.Context, k suiteCase) {
	c.way.give(ctx)
	f, a := c.try(ctx, k, hasty)
	for n := 1; n < disturbedTries && ctx.Err() == nil && (a.Outcome == conformance.Inconclusive || a.Outcome == conformance.Broken || a.Outcome == conformance.Blocked && a.Disturbed); n++ {
		f, a = c.try(ctx, k, hasty)
	}
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	c.played++
	if k.mutant == nil && k.Delivery == conformance.Whole && !a.Disturbed && (a.Holds() || !a.Finding.Late) {
		c.sound[k.Scenario.ID] = a.Holds()
	}
	follow := f != nil && !c.known[f.signature] && !c.explains(f)
	if follow {
		c.known[f.signature] = true // nobody else looks at it meanwhile
	}
	c.mu.Unlock()
	if follow {
		pass := c.way.take()
		defer pass()
		c.follow(ctx, k, f, pass)
	}
}

// Patience of a play that shows something for the first time, and of those that
// verify it: silence is suspicious sooner than it is believed.
const (
	hasty   = 0.5
	patient = 1
)

// A program that has nothing to do for so long is suspicious if something is
// expected of it. One that sleeps before it goes on is given twice as long each
// time.
const (
	calmAtFirst = 150 * time.Millisecond
	calmAtMost  = 2 * time.Second
)

func (c *suite) calmFor() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calm
}

// try plays a case once and asks the oracles about it.
func (c *suite) try(ctx context.Context, k suiteCase, patience float64) (*suiteFault, conformance.Attempt) {
	slots, target := c.slots, c.quick
	options := conformance.PlayOptions{Seed: k.seed, Patience: patience, Calm: c.calmFor()}
	switch {
	case patience == patient:
		slots, target, options.Calm = c.proofs, c.o.Target, 0
	case k.Takes < sleepsFor:
		if !c.crowd.enter(ctx) {
			return nil, conformance.Attempt{Disturbed: true}
		}
		defer c.crowd.leave()
		options.Pausing = c.crowd.pause
	}
	if slots.Acquire(ctx, 1) != nil {
		return nil, conformance.Attempt{Disturbed: true}
	}
	defer slots.Release(1)
	a := c.bench.Play(ctx, k.Trial, c.o.Protocol.Programs[c.role], target, options)
	if ctx.Err() == nil {
		c.lives(k, &a)
	}
	if k.mutant != nil {
		return c.mutantFault(k.mutant, &a), a
	}
	return c.judged(k, &a), a
}

// goodTries is in how many scenarios a program may do nothing at all before it is
// said that it never worked.
const goodTries = 16

// lives notes signs of life. What was found before the first one is kept back.
func (c *suite) lives(k suiteCase, a *conformance.Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.starts++
	switch {
	case c.alive || a.Outcome == conformance.Broken || a.Disturbed:
	case serves(a.Transcript):
		c.alive = true
		for _, x := range c.held {
			c.addLocked(x)
		}
	case prescribed(k.Scenario) && !a.Holds():
		if c.lifeless++; c.lifeless == 1 {
			c.why = fmt.Sprintf("%s: wanted %s, got %s", k.Scenario.ID, a.Finding.Want, a.Finding.Got)
		}
		if c.lifeless == goodTries {
			c.fail(fmt.Errorf("%w: %s", ErrNeverWorked, c.why))
		}
	}
}

// serves tells whether the program has begun to do what it is for: a server
// listens or answers, a client connects or asks for input.
func serves(tr *conformance.Transcript) bool {
	return slices.ContainsFunc(tr.Events, func(e conformance.Event) bool {
		switch e.Kind {
		case conformance.Bound, conformance.Received, conformance.PacketReceived, conformance.Incoming, conformance.AwaitsInput:
			return true
		}
		return false
	})
}

// prescribed tells whether the program is started with the assignment's
// arguments, so that it has to do something.
func prescribed(s *conformance.Scenario) bool {
	return !slices.ContainsFunc(slices.Concat(s.Needs, s.Steps, s.Then), func(step conformance.Step) bool {
		start, is := step.(*conformance.Start)
		return is && start.Given
	})
}

// passes tells whether the program passes a scenario as it is.
func (c *suite) passes(ctx context.Context, s *conformance.Scenario) bool {
	c.mu.Lock()
	sound, known := c.sound[s.ID]
	c.mu.Unlock()
	if known {
		return sound
	}
	_, a := c.try(ctx, suiteCase{Trial: conformance.Trial{Scenario: s, Covers: s.Covers}, seed: c.o.Seed}, patient)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sound[s.ID] = a.Holds()
	return a.Holds()
}

// progress is called with mu held, or when nobody else is there any more.
func (c *suite) progress() Progress {
	return Progress{Cases: c.played, Visits: c.starts, Starts: c.starts, Findings: len(c.findings), Unexplained: c.vain, Elapsed: time.Since(c.began)}
}
