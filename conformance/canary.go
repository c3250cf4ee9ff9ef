package conformance

import (
	"context"
	"sync"
	"time"
)

// A canary sleeps a little over and over and notes how late it wakes. That is
// how late everything else of the harness may be at the time.
type canary struct {
	mu    sync.Mutex
	late  []lateness // in the order of time
	clock time.Time  // when the current sleep began
}

// A lateness is by how much a sleep that ended at a moment was too long.
type lateness struct {
	at time.Time
	by time.Duration
}

// canarySleep is one sleep; a wake later than canaryNote is worth a note.
const (
	canarySleep = 10 * time.Millisecond
	canaryNote  = 20 * time.Millisecond
)

// watch sleeps until ctx is done.
func (c *canary) watch(ctx context.Context) {
	tick := time.NewTimer(canarySleep)
	defer tick.Stop()
	for {
		c.mu.Lock()
		c.clock = time.Now()
		c.mu.Unlock()
		tick.Reset(canarySleep)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		c.wake(time.Now())
	}
}

func (c *canary) wake(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if by := now.Sub(c.clock) - canarySleep; by > canaryNote {
		c.late = append(c.late, lateness{now, by})
	}
}

// since gives the greatest lateness that was noticed since a moment, a sleep
// that is overdue right now included.
func (c *canary) since(t time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	worst := max(0, time.Since(c.clock)-canarySleep)
	for _, l := range c.late {
		if l.at.After(t) {
			worst = max(worst, l.by)
		}
	}
	return worst
}
