package conformance

import (
	"context"
	"time"
)

// A vigil tells when a step that waits has waited for long enough: when its limit
// is over or, in a play that asks for no more than a first look, when no program
// has had anything to do for a while.
type vigil struct {
	p        *player
	deadline time.Time
	calm     time.Duration // 0: only the deadline counts
	signs    int           // of the programs that there were at the last look
	since    time.Time     // when the programs were found at rest; zero: they were not
}

// calmLook lies between two looks at whether the programs rest.
const calmLook = 10 * time.Millisecond

// vigil begins to wait for a step, for as long as this machine needs.
func (p *player) vigil(s Step, within time.Duration) *vigil {
	limit, timed := p.patient(within), notBefore(s)
	if p.opts.Calm > 0 && timed > 0 {
		// Until its own time is over the program rests, and a first look is no shorter.
		w := p.vigilFor(min(p.within(within), max(limit, timed+timed/4)))
		w.calm = 0
		return w
	}
	return p.vigilFor(limit)
}

// vigilFor begins to wait for so long at most.
func (p *player) vigilFor(limit time.Duration) *vigil {
	w := &vigil{p: p, deadline: time.Now().Add(limit)}
	if p.canRest() {
		w.calm = p.opts.Calm
	}
	return w
}

// notBefore is the least time that a program waits, if the step is about that.
func notBefore(s Step) (least time.Duration) {
	switch s := s.(type) {
	case *ExpectClose:
		return s.NotBefore
	case *ExpectExit:
		return s.NotBefore
	case *Either:
		for _, c := range s.Cases {
			least = max(least, notBefore(c.Step))
		}
	}
	return least
}

// next is how long to wait until over is asked again.
func (w *vigil) next() time.Duration {
	left := time.Until(w.deadline)
	if w.calm > 0 {
		return min(left, calmLook)
	}
	return left
}

// over tells whether the step has waited for long enough.
func (w *vigil) over(ctx context.Context) bool {
	if !time.Now().Before(w.deadline) {
		return true
	}
	if w.calm == 0 {
		return false
	}
	w.p.mu.Lock()
	signs := w.p.signs
	w.p.mu.Unlock()
	if signs != w.signs || !w.p.rests(ctx) {
		w.signs, w.since = signs, time.Time{}
		return false
	}
	if w.since.IsZero() {
		w.since = time.Now()
	}
	return time.Since(w.since) >= w.calm
}
