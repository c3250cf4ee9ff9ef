package fuzz

import (
	"context"
	"sync"
)

// A crowd keeps plays from being in each other's way: so many are awake at once,
// which want the processors, beside others that are in a pause. There are few at
// first, since each needs a sandbox, and more the more were played.
type crowd struct {
	awakeMost, insideMost int

	mu                   sync.Mutex
	room                 *sync.Cond
	awake, inside, plays int
}

// crowdGrows is how many plays have ended before there is room for one more.
const crowdGrows = 8

func newCrowd(awakeMost, insideMost int) *crowd {
	c := &crowd{awakeMost: awakeMost, insideMost: insideMost}
	c.room = sync.NewCond(&c.mu)
	return c
}

// enter waits until there is room for a play. It gives false if the context ends
// before.
func (c *crowd) enter(ctx context.Context) bool {
	defer context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.room.Broadcast()
	})()
	c.mu.Lock()
	defer c.mu.Unlock()
	for ctx.Err() == nil && (c.awake >= c.awakeMost || c.inside >= min(c.awakeMost+c.plays/crowdGrows, c.insideMost)) {
		c.room.Wait()
	}
	if ctx.Err() != nil {
		return false
	}
	c.awake++
	c.inside++
	return true
}

// leave ends a play that has entered.
func (c *crowd) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awake--
	c.inside--
	c.plays++
	c.room.Broadcast()
}

// pause makes room while a play sleeps. It goes on as soon as it wants to, so that
// its pause is as long as it was to be.
func (c *crowd) pause() (over func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awake--
	c.room.Broadcast()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.awake++
	}
}
