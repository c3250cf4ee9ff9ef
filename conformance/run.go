package conformance

import (
	"context"
	"sync"
	"time"
)

// Graded is one program to grade.
type Graded struct {
	Role   string
	Target Target
}

// RunOptions say how a suite is run.
type RunOptions struct {
	Seed     uint64
	Jobs     int      // scenarios at once; 0 chooses by the target
	Only     []string // globs of scenario or requirement ids; none means all
	Patience float64  // see PlayOptions
	// Progress is called as scenarios begin and end, one call at a time.
	Progress func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	Done, Running, Total int
	Failed               int // scenarios so far that did not pass
	Elapsed              time.Duration
	// Left is an estimate of the time to go; 0 while there is none.
	Left time.Duration
}

// attemptSeed lies between the seeds of two attempts.
const attemptSeed = 1_000_000

// Run plays and judges all chosen scenarios of a protocol against the programs
// and sums the verdicts up. The error is about what was asked for, such as a
// pattern that matches nothing; whatever goes wrong later is in the report.
// When ctx is cancelled it stops what it started, and reports what it has.
func Run(ctx context.Context, p *Protocol, graded []Graded, o RunOptions) (*Report, error) {
	if err := checkPatterns(p, graded, o.Only); err != nil {
		return nil, err
	}
	r := newRunner(ctx, o)
	defer r.stop()
	report := &Report{Schema: ReportSchema, Protocol: p.Name, Seed: o.Seed}
	plans := make([][]*item, len(graded))
	for i, g := range graded {
		plans[i] = plan(p, g, o.Only)
		r.expect(plans[i])
		report.Isolation = g.Target.Isolation()
	}
	for i, g := range graded {
		if len(plans[i]) > 0 {
			report.Suites = append(report.Suites, r.suite(ctx, p, g, plans[i]))
		}
	}
	if ctx.Err() != nil {
		report.Stopped = context.Cause(ctx).Error()
	}
	report.Elapsed = round(time.Since(r.began))
	return report, nil
}

// A runner is the state of one Run.
type runner struct {
	opts  RunOptions
	began time.Time
	bench *Bench
	stop  func()

	causes causes // of the program that is being graded

	mu      sync.Mutex
	total   int
	done    int
	running int
	failed  int
}

func newRunner(ctx context.Context, o RunOptions) *runner {
	r := &runner{opts: o, began: time.Now()}
	r.bench, r.stop = NewBench(ctx)
	return r
}

// expect counts what is to be played.
func (r *runner) expect(items []*item) {
	for _, it := range items {
		if it.skip == "" {
			r.total++
		}
	}
}

// suite grades one program.
func (r *runner) suite(ctx context.Context, p *Protocol, g Graded, items []*item) Suite {
	began := time.Now()
	jobs := r.jobs(g.Target)
	r.causes.list = nil
	r.preflight(ctx, items, jobs)
	r.lane(ctx, items, jobs)
	r.lane(ctx, items, min(jobs, fewJobs))
	for range aloneTries {
		r.lane(ctx, items, aloneJobs)
	}
	settle(items)
	s := Suite{Role: g.Role, Target: g.Target.String()}
	for _, it := range items {
		s.Results = append(s.Results, it.result())
	}
	s.Requirements, s.Score = summarize(p, g.Role, s.Results)
	s.Elapsed = round(time.Since(began))
	return s
}

// jobs is how many scenarios are played at once.
func (r *runner) jobs(t Target) int {
	if _, fixed := t.(addressed); fixed {
		return aloneJobs // they would meet in the same server
	}
	if r.opts.Jobs > 0 {
		return r.opts.Jobs
	}
	if c, bounded := t.(interface{ Capacity() int }); bounded {
		return min(manyJobs, c.Capacity())
	}
	return manyJobs
}

// try plays and judges an item. Each attempt has a seed of its own, so that a
// server which runs on does not know its names already.
func (r *runner) try(ctx context.Context, it *item) {
	seed := r.opts.Seed + uint64(it.attempts)*attemptSeed
	it.attempts++
	it.transcript = Play(ctx, it.scenario, it.role, it.target, PlayOptions{
		Seed: seed, Delivery: it.delivery, Patience: r.opts.Patience,
		Lateness: r.bench.canary.since, Starting: r.bench.start(ctx),
	})
	it.verdict = Judge(it.scenario, it.transcript, it.observes)
}

// count notes that an item is decided.
func (r *runner) count(it *item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	if o := it.verdict.Outcome; o != Pass && o != Observed && o != Skip {
		r.failed++
	}
	r.tell()
}

// move notes that an item begins or ends.
func (r *runner) move(by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running += by
	r.tell()
}

func (r *runner) tell() {
	if r.opts.Progress == nil {
		return
	}
	p := Progress{Done: r.done, Running: r.running, Total: r.total, Failed: r.failed, Elapsed: time.Since(r.began)}
	if r.done > 0 {
		p.Left = p.Elapsed * time.Duration(r.total-r.done) / time.Duration(r.done)
	}
	r.opts.Progress(p)
}

// settle decides what no lane could: attempts that the machine disturbed every
// time are inconclusive, and pieces count only where the whole message passes.
func settle(items []*item) {
	for _, it := range items {
		if !it.final && it.skip == "" && it.transcript != nil && it.verdict.Outcome != Broken {
			it.verdict.Outcome = Inconclusive
		}
	}
	for _, it := range items {
		if it.base != nil && it.base.transcript != nil && !it.base.interrupted && !it.base.verdict.holds() {
			it.waitFor(it.base)
		}
	}
}

// waitFor gives an item in pieces the outcome that follows from the whole
// message's, which did not pass.
func (it *item) waitFor(base *item) {
	it.transcript, it.final = base.transcript, true
	it.verdict = Verdict{Outcome: base.verdict.Outcome, Finding: Finding{
		Want: base.scenario.ID + " passes in one piece", Got: "it does not",
	}, Step: base.verdict.Step, Phase: base.verdict.Phase}
	if it.verdict.Outcome == Fail {
		it.verdict.Outcome = Blocked
	}
}

// result is the item as the report shows it.
func (it *item) result() Result {
	s, f := it.scenario, it.verdict.Finding
	res := Result{
		Scenario: s.ID, Delivery: it.delivery, Covers: it.covers, Why: s.Why, Pos: s.Pos,
		Outcome: it.verdict.Outcome, Observed: f.Observed, Attempts: it.attempts,
		Verdict: it.verdict, Played: it.transcript,
	}
	switch {
	case it.skip != "":
		res.Outcome, res.Reason = Skip, it.skip
		return res
	case it.transcript == nil || it.interrupted:
		res.Outcome, res.Reason, res.Played = Skip, "not run: stopped before it", nil
		return res
	case it.verdict.Outcome == Skip:
		res.Reason, res.Elapsed = f.Got, round(it.transcript.Took)
		return res
	case it.like != "":
		res.Reason = "not played: it begins like " + it.like + ", which fails here"
	}
	res.Elapsed = round(it.transcript.Took)
	if res.Outcome != Pass {
		res.Want, res.Got, res.Hint = f.Want, f.Got, f.Hint
		res.Step, res.Transcript = s.all()[it.verdict.Step].star(), it.transcript.Events
	}
	return res
}
