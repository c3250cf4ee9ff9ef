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
// each time, and opens what the kernel tells of them; a Watch remembers them for a
// while, and keeps that open for as long as somebody has the Watch.
type Watch struct {
	p      *Process
	family []int
	looks  int
	group  map[int]*threads
	buf    []byte
}

// familyFor is for how many looks a program is taken to have the same processes.
const familyFor = 64

// Watch gives a new one, for one goroutine.
func (p *Process) Watch() *Watch {
	return &Watch{p: p, group: map[int]*threads{}, buf: make([]byte, 16<<10)}
}

// Runnable counts the program's threads that wait for nothing. It gives
// os.ErrProcessDone once nothing of the program is left.
func (w *Watch) Runnable() (n int, err error) {
	if w.looks%familyFor == 0 {
		w.refresh()
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

// refresh looks for the program's processes.
func (w *Watch) refresh() {
	w.family = readTable(w.p.sandbox.proc()).family(w.p.sandbox.workerPid(), w.p.number(), w.p.token)
	for pid, t := range w.group {
		t.forget()
		t.folder.Close()
		delete(w.group, pid)
	}
}

// runnable counts the threads of a process that wait for nothing.
func (w *Watch) runnable(pid int) (n int, there bool) {
	t := w.group[pid]
	if t == nil {
		folder, err := os.Open(filepath.Join(w.p.sandbox.proc(), strconv.Itoa(pid), "task"))
		if err != nil {
			return 0, false
		}
		t = &threads{folder: folder}
		w.group[pid] = t
	}
	for {
		if n, same := t.runnable(w.buf); same {
			return n, len(t.stats) > 0
		}
		if !t.list(w.buf) {
			return 0, false
		}
	}
}

// threads are those of a process. Their files are told by what was open, so that
// one whose number is used again is not taken for it.
type threads struct {
	folder *os.File   // /proc/PID/task
	links  uint64     // of the folder, one more for each thread; 0 before they are listed
	stats  []*os.File // of each thread
}

// runnable counts the threads that wait for nothing, unless they are not the same any
// more.
func (t *threads) runnable(buf []byte) (n int, same bool) {
	var st unix.Stat_t
	if t.links == 0 || unix.Fstat(int(t.folder.Fd()), &st) != nil || uint64(st.Nlink) != t.links {
		return 0, false
	}
	for _, f := range t.stats {
		size, err := unix.Pread(int(f.Fd()), buf, 0)
		if err != nil {
			return 0, false // it has ended
		}
		if end := bytes.LastIndex(buf[:size], []byte(") ")); end >= 0 && end+2 < size && buf[end+2] == 'R' {
			n++
		}
	}
	return n, true
}

// list opens what the kernel tells of each thread. It tells whether there is any.
func (t *threads) list(buf []byte) bool {
	t.forget()
	folder := int(t.folder.Fd())
	var st unix.Stat_t
	if _, err := unix.Seek(folder, 0, unix.SEEK_SET); err != nil || unix.Fstat(folder, &st) != nil {
		return false
	}
	for {
		size, err := unix.Getdents(folder, buf)
		if err != nil || size <= 0 {
			break
		}
		for b := buf[:size]; len(b) > 0; {
			d := (*unix.Dirent)(unsafe.Pointer(unsafe.SliceData(b)))
			if name := unix.ByteSliceToString(b[unsafe.Offsetof(d.Name):d.Reclen]); name[0] != '.' {
				if fd, err := unix.Openat(folder, name+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
					t.stats = append(t.stats, os.NewFile(uintptr(fd), name))
				}
			}
			b = b[d.Reclen:]
		}
	}
	t.links = uint64(st.Nlink)
	return len(t.stats) > 0
}

// forget closes what list has opened.
func (t *threads) forget() {
	for _, f := range t.stats {
		f.Close()
	}
	t.stats, t.links = t.stats[:0], 0
}
