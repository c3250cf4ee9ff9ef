package fuzz

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// alone keeps all other threads of this process, with what they start from now on,
// off the processors of the calling thread, until undo is called: what is played
// beside holds nothing up. Several workers have all processors, and share them.
func (s Share) alone(processors []int) (undo func()) {
	var there unix.CPUSet
	if s.Workers > 1 || len(processors) == 0 || unix.SchedGetaffinity(anotherThread(), &there) != nil {
		return func() {}
	}
	others := there
	for _, n := range processors {
		others.Clear(n)
	}
	if others.Count() == 0 {
		return func() {}
	}
	moveOthers(&others)
	return func() { moveOthers(&there) }
}

// anotherThread is one that does not call; 0, which is the calling one, if there is
// none.
func anotherThread() int {
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, task := range tasks {
		if tid, err := strconv.Atoi(task.Name()); err == nil && tid != unix.Gettid() {
			return tid
		}
	}
	return 0
}

// moveOthers binds all threads of this process but the calling one to processors.
// What is refused stays where it is.
func moveOthers(to *unix.CPUSet) {
	moved := map[string]bool{strconv.Itoa(unix.Gettid()): true}
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
