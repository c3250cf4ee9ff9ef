package proc

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// AwaitsInput tells whether the program wants something typed: it has read all
// that was written to its standard input, and some thread of it waits for more,
// in a read of descriptor 0 or in a poll, select or epoll that includes it.
// It is a best effort, for whoever asks again and again: false means "not seen".
func (p *Process) AwaitsInput() bool {
	if p.over() || p.unread() > 0 {
		return false
	}
	t, first := table{proc: p.sandbox.proc()}, p.number()
	if c, ok := t.blockedIn(first, first); ok && t.waitsForInput(first, c) {
		return true
	}
	if p.looks.Add(1)%looksApart != 1 {
		return false // most programs that will wait do so in their first thread
	}
	if t.childless(first) {
		return t.awaitsInput(first)
	}
	t = readTable(t.proc)
	return slices.ContainsFunc(p.familyIn(t), t.awaitsInput)
}

// looksApart is how many looks at the first thread alone there are for one at all others: whoever
// waits for a program to wait looks often.
const looksApart = 4

// awaitsInput tells whether a thread of the process waits for more.
func (t table) awaitsInput(pid int) bool {
	for _, tid := range pidsIn(t.path(pid, "task")) {
		if c, ok := t.blockedIn(pid, tid); ok && t.waitsForInput(pid, c) {
			return true
		}
	}
	return false
}

// childless tells whether a process has no child that lives. False is no answer.
func (t table) childless(pid int) bool {
	threads := pidsIn(t.path(pid, "task"))
	for _, tid := range threads {
		b, err := os.ReadFile(t.path(pid, filepath.Join("task", strconv.Itoa(tid), "children")))
		if err != nil || len(b) > 0 {
			return false
		}
	}
	return len(threads) > 0
}

// unread is how many bytes of its standard input the program has not read yet.
func (p *Process) unread() (n int) {
	_ = control(p.stdin, "ioctl", func(fd int) (err error) {
		n, err = unix.IoctlGetInt(fd, unix.TIOCINQ)
		return err
	})
	return n
}

func (t table) waitsForInput(pid int, c blockedCall) bool {
	switch calls[c.number].name {
	case "read", "readv":
		return c.args[0] == 0
	case "poll", "ppoll":
		return t.pollsInput(pid, c.args[0], c.args[1])
	case "select", "pselect6":
		return c.args[0] > 0 && c.args[1] != 0 && t.peek(pid, c.args[1], 1)[0]&1 != 0
	case "epoll_wait", "epoll_pwait":
		return t.epollsInput(pid, int(int32(c.args[0])))
	}
	return false
}

// pollsInput looks through an array of struct pollfd.
func (t table) pollsInput(pid int, at, count uint64) bool {
	const size = 8
	b := t.peek(pid, at, int(min(count, 4096))*size)
	for ; len(b) >= size; b = b[size:] {
		fd, events := binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint16(b[4:])
		if fd == 0 && events&unix.POLLIN != 0 {
			return true
		}
	}
	return false
}

// epollsInput looks for descriptor 0 among those that an epoll watches.
func (t table) epollsInput(pid, epoll int) bool {
	info := readString(t.path(pid, filepath.Join("fdinfo", fmt.Sprint(epoll))))
	for line := range strings.Lines(info) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == "tfd:" && f[1] == "0" {
			return true
		}
	}
	return false
}

// peek reads a program's memory; what cannot be read is zero.
func (t table) peek(pid int, at uint64, size int) []byte {
	b := make([]byte, size)
	f, err := os.Open(t.path(pid, "mem"))
	if err != nil {
		return b
	}
	defer f.Close()
	n, _ := f.ReadAt(b, int64(at))
	clear(b[n:])
	return b
}

// Resting tells whether no thread of the program has anything to do, or is about to: all of them
// sleep in the kernel, and there are some. What it has printed has been read.
func (p *Process) Resting() bool {
	if p.over() {
		return true
	}
	t := table{proc: p.sandbox.proc()}
	family := []int{p.number()}
	if !t.childless(family[0]) {
		family = p.familyIn(readTable(t.proc))
	}
	threads := 0
	for _, pid := range family {
		for _, tid := range pidsIn(t.path(pid, "task")) {
			st, ok := parseStat(readString(t.path(pid, filepath.Join("task", strconv.Itoa(tid), "stat"))))
			if ok && st.state != 'S' {
				return false
			}
			threads++
		}
	}
	return threads > 0 && !slices.ContainsFunc(p.readers, (*reader).behind)
}
