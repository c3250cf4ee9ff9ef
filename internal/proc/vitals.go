package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// Vitals are signs of life, seen from outside: sums over the program and all that
// it started, and what its first process is doing.
type Vitals struct {
	CPU         time.Duration // processor time so far, in steps of 10 ms
	Threads     int
	Runnable    int // threads that run, or would if a processor were free
	Descriptors int // open files and sockets
	Processes   int
	RSS         uint64 // bytes of memory
	PeakRSS     uint64 // bytes of memory of its first process at its fullest
	State       string // "running", "sleeping", …
	Syscall     string // the system call it is blocked in: "recvfrom(4)", "read(0)"; empty if none
}

// states names the letters of /proc/PID/stat.
var states = map[byte]string{
	'R': "running", 'S': "sleeping", 'D': "waiting for a device", 'T': "stopped", 't': "traced",
	'Z': "ended", 'X': "ended", 'I': "idle",
}

// tick is the unit of processor time in /proc: USER_HZ is 100 on every architecture of Linux that Go knows.
const tick = 10 * time.Millisecond

// Vitals looks at the program now. It gives os.ErrProcessDone once nothing of it is left.
func (p *Process) Vitals() (Vitals, error) {
	t := readTable(p.sandbox.proc())
	family, first := p.familyIn(t), p.number()
	if len(family) == 0 {
		return Vitals{}, os.ErrProcessDone
	}
	if !t.live(first) {
		first = family[0]
	}
	v := Vitals{Processes: len(family), State: states[t.entries[first].state]}
	for _, pid := range family {
		e := t.entries[pid]
		v.CPU += time.Duration(e.ticks) * tick
		v.Threads += e.threads
		v.Runnable += t.runnable(pid)
		descriptors, memory := t.use(pid)
		v.Descriptors += descriptors
		v.RSS += memory.VmRSS
		if pid == first {
			v.PeakRSS = memory.VmHWM
		}
	}
	if call, ok := t.blockedIn(first, first); ok {
		v.Syscall = call.String()
	}
	return v, nil
}

// runnable counts the threads of a process that wait for nothing.
func (t table) runnable(pid int) (n int) {
	tasks, _ := os.ReadDir(t.path(pid, "task"))
	for _, task := range tasks {
		stat := readString(t.path(pid, filepath.Join("task", task.Name(), "stat")))
		if _, rest, found := strings.Cut(stat, ") "); found && strings.HasPrefix(rest, "R") {
			n++
		}
	}
	return n
}

// use gives a process's open descriptors and its memory, zero if it has ended.
func (t table) use(pid int) (descriptors int, memory procfs.ProcStatus) {
	p, err := t.fs.Proc(pid)
	if err != nil {
		return 0, memory
	}
	descriptors, _ = p.FileDescriptorsLen()
	memory, _ = p.NewStatus()
	return descriptors, memory
}

// A blockedCall is a system call that a thread waits in.
type blockedCall struct {
	number int
	args   [6]uint64
}

// blockedIn reads the system call of a thread. It fails for one that runs, and
// where the kernel does not tell.
func (t table) blockedIn(pid, tid int) (blockedCall, bool) {
	path := t.path(pid, filepath.Join("task", strconv.Itoa(tid), "syscall"))
	f := strings.Fields(readString(path))
	if len(f) < 7 {
		return blockedCall{}, false
	}
	var c blockedCall
	var err error
	if c.number, err = strconv.Atoi(f[0]); err != nil || c.number < 0 {
		return blockedCall{}, false
	}
	for i := range c.args {
		c.args[i], _ = strconv.ParseUint(f[i+1], 0, 64)
	}
	return c, true
}

// String gives the call's name, with its descriptor if it takes one.
func (c blockedCall) String() string {
	known, ok := calls[c.number]
	switch {
	case !ok:
		return fmt.Sprintf("system call %d", c.number)
	case known.descriptor:
		return fmt.Sprintf("%s(%d)", known.name, int32(c.args[0]))
	}
	return known.name
}
