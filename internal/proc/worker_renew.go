package proc

import (
	"errors"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// renew makes the sandbox new for another run: no process is left but this one, the network is
// another one, and shared memory is empty.
func (w *worker) renew() error {
	if !w.ownProc {
		return errors.New("wanted a process namespace with its own /proc, to see what is left in it")
	}
	if err := w.clear(); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	if err := raiseLoopback(); err != nil {
		return err
	}
	_ = routeBroadcast() // as good as it was in the first network
	return w.emptyShm()
}

// emptyShm removes what is in shared memory: Landlock lets nobody mount it anew.
func (w *worker) emptyShm() error {
	if !w.ownShm {
		return nil
	}
	return emptyTree("/dev/shm")
}

// tidy ends every process but this one and the program keep, if there is one, and waits until they
// are gone.
func (w *worker) tidy(keep int) error {
	if keep == 0 {
		return errors.Join(w.clear(), w.emptyShm())
	}
	for range 1000 {
		others := besides(pidsIn("/proc"), os.Getpid(), keep)
		if len(others) == 0 {
			return w.emptyShm()
		}
		for _, pid := range others {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		time.Sleep(500 * time.Microsecond)
	}
	return errors.New("wanted no process but one to be left after SIGKILL")
}

// clear kills every process of this namespace but its first, this one, and waits
// until the ends of all programs have been reported.
func (w *worker) clear() error {
	w.mu.Lock()
	for _, p := range w.programs {
		p.reason = reasonClosed
	}
	w.mu.Unlock()
	for range 1000 {
		if w.alone() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.started = 0
			return nil
		}
		_ = unix.Kill(-1, unix.SIGKILL)
		time.Sleep(500 * time.Microsecond)
	}
	return errors.New("wanted no process to be left after SIGKILL")
}

// besides are those of a list that are none of these.
func besides(list []int, these ...int) []int {
	return slices.DeleteFunc(list, func(pid int) bool { return slices.Contains(these, pid) })
}

// alone tells whether nothing is left but this process.
func (w *worker) alone() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.programs) == 0 && len(pidsIn("/proc")) == 1
}

// reasonClosed is why a program was killed that still ran at the end of its sandbox.
const reasonClosed = "its sandbox was closed"
