package conformance

import (
	"context"
	"sync"
	"time"
)

// The lanes: most scenarios wait for time to pass, so many run at once. What
// is undecided after that is played again by few at once, and then alone.
const (
	manyJobs  = 24
	fewJobs   = 8
	aloneJobs = 1
	// aloneTries is how often an attempt in which the machine was too busy is
	// repeated.
	aloneTries = 3
)

// A throttle bounds how many scenarios are played at once: fewer when that
// disturbs the harness, as programs that burn processor time do.
type throttle struct {
	mu      sync.Mutex
	freed   sync.Cond
	most    int
	limit   int
	running int
	cut     time.Time // when limit was last made less
}

func newThrottle(most int) *throttle {
	t := &throttle{most: most, limit: most}
	t.freed.L = &t.mu
	return t
}

// enter waits for its turn.
func (t *throttle) enter() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.running >= t.limit {
		t.freed.Wait()
	}
	t.running++
}

// leave ends a turn that began at a time. One disturbance is noticed by many,
// and counts once.
func (t *throttle) leave(began time.Time, disturbed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	switch {
	case !disturbed:
		t.limit = min(t.most, t.limit+1)
	case began.After(t.cut):
		t.limit, t.cut = max(1, t.limit/2), time.Now()
	}
	t.freed.Broadcast()
}

// lane plays what is not final yet, so many at once. Messages in pieces wait for
// the whole message to pass.
func (r *runner) lane(ctx context.Context, items []*item, jobs int) {
	var wg sync.WaitGroup
	turns := newThrottle(jobs)
	for _, it := range inOrder(items) {
		if it.final || it.skip != "" {
			continue
		}
		turns.enter()
		if ctx.Err() != nil {
			break
		}
		if it.base != nil && !it.base.passed.Load() {
			turns.leave(time.Now(), false)
			continue
		}
		wg.Go(func() {
			began := time.Now()
			r.settleItem(ctx, it)
			turns.leave(began, it.disturbed())
		})
	}
	wg.Wait()
}

// settleItem plays an item and sees whether that decides it. A wrong answer is
// asked for again at once; what came too late is tried again when fewer others
// are played.
func (r *runner) settleItem(ctx context.Context, it *item) {
	for again := true; again; {
		if k := r.causes.of(it); k != nil {
			it.adopt(k)
			break
		}
		r.move(1)
		r.try(ctx, it)
		r.move(-1)
		if it.interrupted = ctx.Err() != nil; it.interrupted {
			return
		}
		fails := it.fails
		it.final = it.decided()
		failed := it.fails > fails
		if failed {
			r.causes.note(it)
		}
		again = failed && !it.final && !it.verdict.Finding.Late
	}
	if it.final {
		it.passed.Store(it.verdict.holds())
		r.count(it)
	}
}

// decided weighs the attempts so far. A failure counts only in an attempt that
// the machine did not disturb, and only when it comes twice. A pass counts at
// once, unless the program has clearly failed before: then it must come twice.
func (it *item) decided() bool {
	switch {
	case it.verdict.holds():
		it.passes++
		return it.passes > 1 || !it.wrong
	case it.verdict.Outcome == Skip:
		return true
	case it.disturbed() || it.verdict.Outcome == Broken:
		return false
	}
	it.fails++
	it.wrong = it.wrong || !it.verdict.Finding.Late
	return it.fails > 1
}

// disturbed tells whether the machine was too busy in the last attempt for a
// failure to be believed.
func (it *item) disturbed() bool {
	return it.transcript != nil && it.transcript.disturbs(it.verdict.Finding)
}

// holds tells whether nothing is wrong with what was seen.
func (v Verdict) holds() bool {
	return v.Outcome == Pass || v.Outcome == Observed && !v.Unsure
}

// preflight starts the program a few times and does nothing more. One that
// never listens is not started for every scenario: each would wait in vain.
func (r *runner) preflight(ctx context.Context, items []*item, jobs int) {
	var probes []*item
	for _, it := range items {
		if it.skip == "" && it.plainStart() && len(probes) < sameCause {
			start := &Scenario{ID: it.scenario.ID, Steps: it.scenario.all()[:1]}
			probes = append(probes, &item{scenario: start, target: it.target, role: it.role})
		}
	}
	if len(probes) < sameCause {
		return
	}
	var wg sync.WaitGroup
	turns := newThrottle(jobs)
	for _, probe := range probes {
		turns.enter()
		wg.Go(func() {
			began := time.Now()
			r.try(ctx, probe)
			turns.leave(began, probe.disturbed())
		})
	}
	wg.Wait()
	for _, probe := range probes {
		if probe.verdict.Outcome == Fail && !probe.disturbed() {
			r.causes.note(probe)
		}
	}
}

// plainStart tells whether the item begins by starting a server as the
// assignment prescribes.
func (it *item) plainStart() bool {
	start, is := it.scenario.all()[0].(*Start)
	return is && start.Listens && !start.Given
}
