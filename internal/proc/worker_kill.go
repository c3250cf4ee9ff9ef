package proc

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// kill ends a program and everything it has started: first its process group, in
// one step that a fork bomb cannot outrun, then whoever left the group.
func (w *worker) kill(pid int, token string) {
	_ = unix.Kill(-pid, unix.SIGKILL)
	w.sweep(func() []int { return w.family(pid, token) })
}

// excuse notes why a program is about to be killed, if there is a reason to be named.
func (w *worker) excuse(pid int, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.programs[pid]; p != nil && reason != "" {
		p.reason = reason
	}
}

// end kills everything before the worker leaves. A process namespace does that by itself.
func (w *worker) end() {
	if w.namespaces {
		return
	}
	w.mu.Lock()
	for pid := range w.programs {
		_ = unix.Kill(-pid, unix.SIGKILL)
	}
	w.mu.Unlock()
	w.sweep(func() []int { return readTable("/proc").below(os.Getpid()) })
}

// sweep kills what list finds until it finds nothing. Processes are stopped
// before they are killed, so that those killed last cannot fork meanwhile.
func (w *worker) sweep(list func() []int) {
	for range 100 {
		pids := list()
		if len(pids) == 0 {
			return
		}
		for _, sig := range []unix.Signal{unix.SIGSTOP, unix.SIGKILL} {
			for _, pid := range pids {
				_ = unix.Kill(pid, sig)
			}
		}
		time.Sleep(time.Millisecond)
	}
	if w.namespaces {
		_ = unix.Kill(-1, unix.SIGKILL)
	}
}

// family lists the live processes of a program. Where /proc shows other numbers
// than kill(2) takes there is no list.
func (w *worker) family(pid int, token string) []int {
	if w.namespaces && !w.ownProc {
		return nil
	}
	return readTable("/proc").family(os.Getpid(), pid, token)
}

// watchdog kills a program that has started too many processes. It looks often
// while new ones appear, seldom when nothing moves, and not while nothing runs. It counts
// when there can be too many: each new one has got a number.
func (w *worker) watchdog() {
	const often, seldom = 20 * time.Millisecond, 160 * time.Millisecond
	pause, last, most := often, 0, 0
	for {
		if !w.used() {
			<-w.watch
			pause = often
		}
		time.Sleep(pause)
		newest := newestPid()
		if newest == last {
			pause = min(2*pause, seldom)
			continue
		}
		most += newest - last
		if newest < last || most > w.processes { // the numbers have begun again, or there may be too many
			most = w.count()
		}
		pause, last = often, newest
	}
}

// used tells whether a program was started in this sandbox.
func (w *worker) used() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.started > 0
}

// newestPid is the number that the kernel last gave to a process or thread of our
// process namespace. As long as it stays the same, nothing new can have been started. Where it
// cannot be known it is another one each time.
func newestPid() int {
	b, _ := os.ReadFile("/proc/loadavg")
	n, err := strconv.Atoi(string(bytes.TrimSpace(b[bytes.LastIndexByte(b, ' ')+1:])))
	if err != nil {
		return int(time.Now().UnixNano())
	}
	return n
}

// count kills what has too many processes, and tells how many there are in all.
func (w *worker) count() int {
	table := readTable("/proc")
	w.mu.Lock()
	over := map[int]string{}
	for pid, p := range w.programs {
		if n := len(table.family(os.Getpid(), pid, p.token)); n > w.processes {
			p.reason = tooMany(w.processes, n)
			over[pid] = p.token
		}
	}
	crowded := len(table.entries)-1 > w.processes*w.started // by what programs have left behind
	w.mu.Unlock()
	for pid, token := range over {
		w.kill(pid, token)
	}
	if crowded {
		_ = unix.Kill(-1, unix.SIGKILL)
	}
	return len(table.entries)
}
