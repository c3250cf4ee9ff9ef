package conformance

import (
	"context"
	"fmt"
	"net"
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
	timer := time.NewTimer(p.patient(within))
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
			return nil
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
