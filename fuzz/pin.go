package fuzz

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// pin binds the calling goroutine to a thread, and the thread to one processor,
// until undo is called. What it talks to belongs on the same one: there a reply
// costs no waking of another processor. All other threads, with what they start
// from now on, keep off that one, so that what is played beside holds nothing up.
// It gives no processor where there is only one, or the kernel refuses.
func pin() (processors []int, undo func()) {
	runtime.LockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil || before.Count() < 2 {
		return nil, runtime.UnlockOSThread
	}
	last := 0 // the first has the machine's interrupts
	for n, left := 0, before.Count(); left > 0; n++ {
		if before.IsSet(n) {
			last = n
			left--
		}
	}
	set.Set(last)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return nil, runtime.UnlockOSThread
	}
	others := before
	others.Clear(last)
	moveOthers(&others)
	return []int{last}, func() {
		_ = unix.SchedSetaffinity(0, &before)
		moveOthers(&before)
		runtime.UnlockOSThread()
	}
}

// moveOthers binds all threads of this process but the calling one to processors.
// What is refused stays where it is.
func moveOthers(to *unix.CPUSet) {
	own := strconv.Itoa(unix.Gettid())
	moved := map[string]bool{own: true}
	for more := true; more; { // a thread begins where the one that made it is
		more = false
		tasks, _ := os.ReadDir("/proc/self/task")
		for _, task := range tasks {
			if tid, err := strconv.Atoi(task.Name()); err == nil && !moved[task.Name()] {
				moved[task.Name()], more = true, true
				_ = unix.SchedSetaffinity(tid, to)
			}
		}
	}
}
