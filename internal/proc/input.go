package proc

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// AwaitsInput tells whether the program wants something typed: it has read all
// that was written to its standard input, and some thread of it waits for more,
// in a read of descriptor 0 or in a poll, select or epoll that includes it.
// It is a best effort: false means "not seen".
func (p *Process) AwaitsInput() bool {
	if p.over() || p.unread() > 0 {
		return false
	}
	t := readTable(p.sandbox.proc())
	for _, pid := range p.familyIn(t) {
		tasks, _ := os.ReadDir(t.path(pid, "task"))
		for _, task := range tasks {
			tid, _ := strconv.Atoi(task.Name())
			if c, ok := t.blockedIn(pid, tid); ok && t.waitsForInput(pid, c) {
				return true
			}
		}
	}
	return false
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
