package proc

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Status is how a program ended. Its zero value belongs to one that still runs.
type Status struct {
	Code    int            // exit status, -1 if a signal ended it
	Signal  syscall.Signal // what killed it; 0 if it ended by itself
	CPU     time.Duration  // processor time, with that of the children it waited for
	PeakRSS uint64         // bytes of memory at its fullest
	Reason  string         // why we killed it, if we did for a limit's sake
	Left    []string       // processes it left behind, by command line
}

func statusOf(e *exit) Status {
	st := Status{Code: e.Wait.ExitStatus(), CPU: e.CPU, PeakRSS: e.PeakRSS, Reason: e.Reason}
	if e.Wait.Signaled() {
		st.Signal = e.Wait.Signal()
	}
	return st
}

// String gives "exit status 1" or "killed by SIGSEGV".
func (s Status) String() string {
	if s.Signal == 0 {
		return fmt.Sprintf("exit status %d", s.Code)
	}
	name := unix.SignalName(s.Signal)
	if name == "" {
		name = fmt.Sprintf("signal %d", int(s.Signal))
	}
	if s.Reason != "" {
		return fmt.Sprintf("killed by %s: %s", name, s.Reason)
	}
	return "killed by " + name
}

// Status tells how the program ended; call it after Done is closed.
func (p *Process) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// left describes what of a dead program's family still runs. Children that end
// with their parent get a moment to do so.
func (p *Process) left() []string {
	if p.sandbox.ending() || p.sandbox.found.OwnProc && len(p.sandbox.strangers()) == 0 {
		return nil
	}
	var left []string
	for range 5 {
		left = nil
		for _, pid := range p.family() {
			left = append(left, p.commandLine(pid))
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(4 * time.Millisecond)
	}
	return left
}

// family lists the program's live processes by their numbers in the sandbox's /proc.
func (p *Process) family() []int { return p.familyIn(readTable(p.sandbox.proc())) }

// familyIn is family, in a table. What a forker's child has forked still has the environment that the
// forker began with; once its parent has ended, only that tells where it comes from.
func (p *Process) familyIn(t table) []int {
	worker := p.sandbox.workerPid()
	list := t.family(worker, p.number(), p.token)
	if p.forker == nil {
		return list
	}
	forker, mark := p.forker.p.pid, tokenName+"="+p.forker.p.token
	return append(list, t.matching(func(pid int) bool {
		return pid != worker && t.under(pid, worker) && !t.under(pid, forker) && t.marked(pid, mark)
	})...)
}

// number is the program's number in the sandbox's /proc.
func (p *Process) number() int {
	if p.sandbox.found.OwnProc || !p.sandbox.iso.rung.namespaces {
		return p.pid
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return pidOf(p.pidfd)
}

// pidOf reads the number that a pidfd's process has for us; 0 if it has ended.
func pidOf(pidfd int) int {
	for line := range strings.Lines(readString(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))) {
		if rest, ok := strings.CutPrefix(line, "Pid:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(rest))
			return max(n, 0)
		}
	}
	return 0
}

// commandLine is that of a process which the program has left behind.
func (p *Process) commandLine(pid int) string {
	line := p.sandbox.commandLine(pid)
	if p.forker != nil && line == p.sandbox.commandLine(p.forker.p.pid) {
		return strings.Join(p.args, " ") // forked, and nothing else executed
	}
	return line
}

func (s *Sandbox) commandLine(pid int) string {
	line := readString(filepath.Join(s.proc(), strconv.Itoa(pid), "cmdline"))
	line = strings.TrimSpace(strings.ReplaceAll(line, "\x00", " "))
	if len(line) > 80 {
		line = strings.ToValidUTF8(line[:80], "") + "…"
	}
	return line
}
