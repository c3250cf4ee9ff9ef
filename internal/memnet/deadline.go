package memnet

import (
	"os"
	"sync"
	"time"
)

var errDeadline = os.ErrDeadlineExceeded

// A deadline ends a wait. It costs a timer only while somebody waits: the
// timer wakes the waiter, and the clock decides.
type deadline struct {
	at    time.Time // zero for none
	timer *time.Timer
}

// passed reports whether the deadline is over.
func (d *deadline) passed() bool {
	return !d.at.IsZero() && !time.Now().Before(d.at)
}

// wait waits for c, no longer than the deadline. Who changes the deadline
// wakes all waiters, so that each sets the timer anew.
func (d *deadline) wait(c *sync.Cond) {
	if d.at.IsZero() {
		c.Wait()
		return
	}
	left := time.Until(d.at)
	if d.timer == nil {
		d.timer = time.AfterFunc(left, func() {
			c.L.Lock()
			defer c.L.Unlock()
			c.Broadcast()
		})
	} else {
		d.timer.Reset(left)
	}
	c.Wait()
	d.timer.Stop()
}
