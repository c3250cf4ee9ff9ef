package fuzz

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"netproctor/conformance"
)

// settle has the server do what nobody was told of, if the next action might
// overtake it: that of another client, or what would be read together with what
// this one has sent.
func (c *player) settle(a *Action) {
	n := c.unsettled
	switch {
	case n < 0:
		return
	case a.Client == n && a.Deed != Connecting && (!c.m.Turns || a.Deed != Sending) && !c.careful:
		if a.Deed == Sending {
			sleep(leastPause) // so that it comes in pieces
		}
		return
	case c.m.Alone && !c.careful:
	default:
		c.rest()
	}
	c.unsettled = -1
}

// restLimit is for how long one looks in vain whether a program rests; restPause
// is how long one who is careful waits besides.
const (
	restLimit = 300 * time.Millisecond
	restPause = 5 * time.Millisecond
)

// rest waits until the program has read what was sent, and has nothing to do.
func (c *player) rest() {
	c.w.echo(c.ctx)
	if c.careful {
		time.Sleep(restPause)
	}
	began, pause := time.Now(), time.Duration(0)
	for rests := 0; rests < 2 && time.Since(began) < restLimit; pause = min(max(2*pause, leastPause), mostPause) {
		if pause > 0 {
			sleep(pause)
		} else { // most often that is enough
			_, _, _ = unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		}
		if !c.done(time.Since(began)) {
			continue
		}
		n, err := runnable(c.p.process)
		if err != nil {
			return
		}
		if rests++; n > 0 {
			rests = 0
		}
		if !c.careful && rests > 0 {
			break
		}
	}
	if c.m.Turns && c.m.Pause > 0 {
		time.Sleep(c.m.Pause)
	}
}

// done tells whether the program has taken what was done last: it has read what was
// sent, or closed the connection if the client has left. That some programs do
// late, or never.
func (c *player) done(waited time.Duration) bool {
	if c.unsettled < 0 {
		return true
	}
	s := c.speakers[c.unsettled]
	if c.w.taken(c.ctx, s) {
		return true
	}
	if s.there || waited < closing>>c.stays {
		return false
	}
	if c.stays < mostStays {
		c.stays++
	}
	c.unsettled = -1
	return true
}

// runnable counts the threads of a program that wait for nothing.
func runnable(p conformance.Process) (int, error) {
	if r, can := p.(conformance.Resting); can {
		return r.Runnable()
	}
	v, err := p.Vitals()
	return v.Runnable, err
}

// Others run on this processor while this thread sleeps, first for so long and
// then for longer. To yield is not always enough: the kernel may take a thread that
// seldom runs for the one whose turn it is all the same.
const leastPause, mostPause = 10 * time.Microsecond, time.Millisecond

// sleep blocks the thread, which time.Sleep does not.
func sleep(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.Syscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}
