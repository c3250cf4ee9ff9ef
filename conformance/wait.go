package conformance

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"
)

// A wait is the part that all expectations share: for how long they wait.
type wait struct {
	Within time.Duration
}

// patience is how long an expectation waits where neither the scenario nor the
// program's declaration says: long enough for any program that works, and paid
// only by one that does not.
const patience = 3 * time.Second

// limit is how long the step waits at most; 0 leaves it to the program's
// declaration.
func (w wait) limit() time.Duration { return w.Within }

// await plays an expectation: it waits until the step's judgement is no longer
// pending, or for at most the given time.
func (p *player) await(ctx context.Context, s Step, within time.Duration) error {
	w := p.vigil(s, within)
	timer := time.NewTimer(w.next())
	defer timer.Stop()
	for {
		p.mu.Lock()
		f, changed := s.judge(p.view, p.bind), p.changed
		p.mu.Unlock()
		if f.State != Pending {
			return nil
		}
		select {
		case <-changed:
		case <-timer.C:
			if w.over(ctx) {
				return nil
			}
			timer.Reset(w.next())
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting: %w", context.Cause(ctx))
		}
	}
}

// within is how long a step waits that has this limit.
func (p *player) within(limit time.Duration) time.Duration {
	switch {
	case limit > 0:
		return limit
	case p.role.Patience > 0:
		return p.role.Patience
	}
	return patience
}

// patient is a wait, as long as this machine needs it to be.
func (p *player) patient(limit time.Duration) time.Duration {
	within := p.within(limit)
	if p.opts.Patience > 0 {
		return time.Duration(float64(within) * p.opts.Patience)
	}
	return within
}

// rest is how long to wait between two looks at what changes without telling:
// little at first, as most things are there soon, and more the longer it takes.
func rest(since time.Time, least time.Duration) time.Duration {
	const most = 25 * time.Millisecond
	return max(least, min(time.Since(since)/16, most))
}

// taking is a sandbox that can tell how many of the bytes sent on a connection the
// program at its other end has not read.
type taking interface {
	Unread(ctx context.Context, c net.Conn) (n int, err error)
}

// AwaitTaken waits until the program in the sandbox has read all that was sent on
// a connection, at most for so long. What cannot be seen is not waited for. It
// tells whether there was something to wait for.
func AwaitTaken(ctx context.Context, box Sandbox, c net.Conn, limit time.Duration) (waited bool) {
	t, can := box.(taking)
	if !can {
		return false
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(2 * time.Millisecond) {
		if n, err := t.Unread(ctx, c); n == 0 || err != nil {
			return waited
		}
		waited = true
	}
	return waited
}

// resting is a process that can tell whether none of its threads has anything to do.
type resting interface{ Resting() bool }

// restLook lies between two looks at whether the programs rest.
const restLook = 2 * time.Millisecond

// canRest tells whether it can be seen that the programs rest.
func (p *player) canRest() bool {
	for _, proc := range p.processes {
		if _, can := proc.(resting); !can {
			return false
		}
	}
	_, can := p.box.(taking)
	return can
}

// awaitRest is await that is also over when no program has anything to do any
// more: each has ended, or has read what was sent and was found asleep twice.
func (p *player) awaitRest(ctx context.Context, s Step, within time.Duration) error {
	deadline := time.Now().Add(p.patient(within))
	for asleep := 0; asleep < 2 && time.Now().Before(deadline) && ctx.Err() == nil; asleep++ {
		if err := p.await(ctx, s, restLook); err != nil {
			return err
		}
		p.mu.Lock()
		over := s.judge(p.view, p.bind).State != Pending
		p.mu.Unlock()
		if over {
			return nil
		}
		if !p.rests(ctx) {
			asleep = -1
		}
	}
	return nil
}

// settleLimit bounds how long programs may take that never rest, once in time and
// again in processor time, of which a busy machine gives them little; settleMost
// bounds it in any case.
const (
	settleLimit = 300 * time.Millisecond
	settleMost  = 10 * time.Second
)

// settle waits until the programs have printed what follows from all that has
// happened so far: none has anything to do any more.
func (p *player) settle(ctx context.Context) {
	if !p.canRest() {
		return
	}
	began, used := time.Now(), time.Duration(-1)
	for asleep := 0; asleep < 3 && ctx.Err() == nil; {
		looked := time.Now()
		took := looked.Sub(began)
		if took > settleLimit {
			now := p.processorTime()
			if used < 0 {
				used = now
			}
			if now-used > settleLimit || took > settleMost {
				return
			}
		}
		// What has not been read by now is not wanted.
		still := p.asleep() && (took > settleLimit || p.allTaken(ctx))
		time.Sleep(restLook)
		if asleep++; !still || took < settleLimit && time.Since(looked) > busyLook {
			asleep = 0
		}
	}
}

// busyLook is how long a look takes at least of which nothing follows at first, as
// the machine may have kept our readers from their work for as long.
const busyLook = 10 * restLook

// processorTime is what all programs have used so far.
func (p *player) processorTime() (used time.Duration) {
	for _, proc := range p.processes {
		if v, err := proc.Vitals(); err == nil {
			used += v.CPU
		}
	}
	return used
}

// asleep tells whether no thread of the programs has anything to do, and all that
// they printed has been read.
func (p *player) asleep() bool {
	for _, proc := range p.processes {
		if !proc.(resting).Resting() {
			return false
		}
	}
	return true
}

// rests tells whether all programs sleep, and have read what was sent to them.
func (p *player) rests(ctx context.Context) bool { return p.asleep() && p.allTaken(ctx) }

// allTaken tells whether the programs have read what was sent to them.
func (p *player) allTaken(ctx context.Context) bool {
	p.mu.Lock()
	conns := slices.Collect(maps.Values(p.live))
	p.mu.Unlock()
	for _, c := range conns {
		if n, err := p.box.(taking).Unread(ctx, c.Conn); n > 0 && err == nil {
			return false
		}
	}
	return true
}
