package fuzz

import (
	"context"
	"sync"
	"time"
)

// A way is made for whoever verifies something by those who play other cases, until
// the first finding is told: they begin none meanwhile. Two dozen programs that
// start at once would make its verification ten times as long.
type way struct {
	mu    sync.Mutex
	taken int
	free  chan struct{} // closed when nobody has it any more
	over  bool          // there is a finding
}

// wayFor is for how long way is made at most: what is verified may wait for time to
// pass, or come to nothing.
const wayFor = 5 * time.Second

// take takes the way, until pass is called for the first time.
func (w *way) take() (pass func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.taken++; w.taken == 1 {
		w.free = make(chan struct{})
	}
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.taken--; w.taken == 0 {
			close(w.free)
		}
	})
}

// open has nobody make way any more.
func (w *way) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

// give makes way.
func (w *way) give(ctx context.Context) {
	w.mu.Lock()
	waits, free := w.taken > 0 && !w.over, w.free
	w.mu.Unlock()
	if !waits {
		return
	}
	limit := time.NewTimer(wayFor)
	defer limit.Stop()
	select {
	case <-free:
	case <-limit.C:
	case <-ctx.Done():
	}
}
