package fuzz

import (
	"context"
	"slices"
	"time"
)

// How long a fault of a campaign of turns is followed up, and of how many
// histories before it.
const (
	turnsWindow   = 10 * time.Second
	mostHistories = 64
)

// follow follows up a fault that the i-th history has shown, and starts the
// server afresh.
func (c *turns) follow(ctx context.Context, f *fault, i int) error {
	c.player.p.settle()
	if died := c.player.p.died(); died != nil { // that is why
		f = died
	}
	if f.kind == Silence && c.limit > patience {
		c.limit = patience // the next ones are waited for when they are followed up
	}
	if f.kind == Silence || f.kind == Hang {
		if spins, evidence := c.player.p.spins(); spins {
			f = &fault{Spin, "spin after " + c.player.played.what(), f.evidence + "\n" + evidence}
		}
	}
	from := c.from
	c.drop()
	c.from, c.looked = i+1, i+1
	if c.known[f.signature] || c.vain[f.signature] == vainTries {
		c.Tolerated++
		return c.fresh(ctx)
	}
	// Not on this thread, which has other things on its processor.
	done := make(chan error)
	go func() { done <- c.show(ctx, f, from, i) }()
	if err := <-done; err != nil {
		return err
	}
	return c.fresh(ctx)
}

// show has servers of their own show a fault: by the history alone, or by those
// before it as well.
func (c *turns) show(ctx context.Context, f *fault, from, i int) error {
	seen := time.Since(c.began)
	again, history := c.again(ctx, f, from, i)
	if ctx.Err() != nil {
		return nil
	}
	if again == nil {
		c.vain[f.signature]++
		c.careful = c.careful || f.kind == Answer || f.kind == Silence
		if c.Unexplained++; len(c.Doubts) < mostDoubts {
			c.Doubts = append(c.Doubts, f.signature+": "+f.evidence)
		}
		return nil
	}
	err := c.found(ctx, again, history, seen)
	c.known[f.signature] = true
	return err
}

// again plays the i-th history, then with more and more of those before it, until
// one shows a fault.
func (c *turns) again(ctx context.Context, f *fault, from, i int) (*fault, []Action) {
	if f.kind == Leak {
		return c.leaks(ctx, from, i)
	}
	until := time.Now().Add(turnsWindow)
	for count := 1; count <= mostHistories && time.Now().Before(until); count *= widen {
		history := c.recent(max(from, i+1-count), i)
		limited, cancel := context.WithDeadline(ctx, until.Add(turnsWindow))
		again, _, err := c.o.probe(limited, history)
		cancel()
		if err == nil && again != nil {
			return again, history
		}
		if i+1-count <= from {
			break
		}
	}
	return nil, nil
}

// recent gives the histories from one to another as one.
func (c *turns) recent(from, to int) (history []Action) {
	for n := from; n <= to; n++ {
		one, _ := c.cases.at(n)
		history = append(history, one...)
	}
	return slices.Clip(history)
}

// leaks looks for a history that leaks each time.
func (c *turns) leaks(ctx context.Context, from, i int) (*fault, []Action) {
	until := time.Now().Add(turnsWindow)
	for n := i; n >= from && time.Now().Before(until); n-- {
		one, _ := c.cases.at(n)
		var history []Action
		for range leaking {
			history = append(history, one...)
		}
		again, _, err := c.o.probe(ctx, history)
		if err == nil && again != nil {
			return again, history
		}
	}
	return nil, nil
}
