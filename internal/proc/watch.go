package proc

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Watch looks at a program again and again. Vitals looks for all processes of it
// each time; a Watch remembers them for a while.
type Watch struct {
	p      *Process
	family []int
	looks  int
	paths  map[int]string // of each process's threads
	names  []byte         // of a directory
	stat   []byte
}

// familyFor is for how many looks a program is taken to have the same processes.
const familyFor = 64

// Watch gives a new one, for one goroutine.
func (p *Process) Watch() *Watch {
	return &Watch{p: p, paths: map[int]string{}, names: make([]byte, 16<<10), stat: make([]byte, 512)}
}

// Runnable counts the program's threads that wait for nothing. It gives
// os.ErrProcessDone once nothing of the program is left.
func (w *Watch) Runnable() (n int, err error) {
	if w.looks%familyFor == 0 {
		w.family = readTable(w.p.sandbox.proc()).family(w.p.sandbox.workerPid(), w.p.number(), w.p.token)
	}
	w.looks++
	found := false
	for _, pid := range w.family {
		count, there := w.runnable(pid)
		n += count
		found = found || there
	}
	if !found {
		w.looks = 0
		return 0, os.ErrProcessDone
	}
	return n, nil
}

// runnable counts the threads of a process that wait for nothing.
func (w *Watch) runnable(pid int) (n int, there bool) {
	path := w.paths[pid]
	if path == "" {
		path = filepath.Join(w.p.sandbox.proc(), strconv.Itoa(pid), "task")
		w.paths[pid] = path
	}
	dir, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(dir)
	var buf [64]byte
	for {
		size, err := unix.Getdents(dir, w.names)
		if err != nil || size <= 0 {
			return n, there
		}
		for b := w.names[:size]; len(b) > 0; {
			d := (*unix.Dirent)(unsafe.Pointer(unsafe.SliceData(b)))
			if name := buf[:0]; d.Name[0] != '.' {
				for _, c := range d.Name {
					if c == 0 {
						break
					}
					name = append(name, byte(c))
				}
				there = true
				if w.runs(dir, append(name, "/stat"...)) {
					n++
				}
			}
			b = b[d.Reclen:]
		}
	}
}

// runs tells whether a thread waits for nothing.
func (w *Watch) runs(dir int, name []byte) bool {
	fd, err := unix.Openat(dir, string(name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false // it has ended
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, w.stat)
	if err != nil {
		return false
	}
	end := bytes.LastIndex(w.stat[:n], []byte(") "))
	return end >= 0 && end+2 < n && w.stat[end+2] == 'R'
}
