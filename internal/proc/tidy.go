package proc

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// An inventory is what is in a sandbox's directory, by paths relative to it.
type inventory map[string]identity

// An identity tells one state of a file from another: whatever a program does to it changes the time
// of its last change. Of directories only the mode counts.
type identity struct {
	mode    fs.FileMode
	inode   uint64
	changed syscall.Timespec
}

func identityOf(info fs.FileInfo) identity {
	id := identity{mode: info.Mode()}
	if st, is := info.Sys().(*syscall.Stat_t); is && !info.IsDir() {
		id.inode, id.changed = st.Ino, st.Ctim
	}
	return id
}

// walk visits all that is in the sandbox's directory, by its path and by its name in an inventory.
func (s *Sandbox) walk(visit func(path, name string, info fs.FileInfo) error) error {
	return filepath.WalkDir(s.run(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == s.run() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return visit(path, strings.TrimPrefix(path, s.run()+"/"), info)
	})
}

// Keep notes what is in the sandbox, so that it can be tidied. No program has been started.
func (s *Sandbox) Keep() error {
	files := inventory{}
	err := s.walk(func(_, name string, info fs.FileInfo) error {
		files[name] = identityOf(info)
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = files
	return err
}

// Tidy makes the sandbox what it was when it was opened: no process is left but the forker, if one is to
// be kept, and its files are the submission's. Only its network stays the same one, with what the
// kernel remembers of connections, so that a port found by FreePort is never found again. It tells
// whether all that went well; if not, the sandbox is to be closed.
func (s *Sandbox) Tidy(keep *Forker) bool {
	if s.ending() || !s.found.OwnProc || s.files == nil || keep != nil && keep.p.over() {
		return false
	}
	pid := 0
	if keep != nil {
		pid = keep.p.pid
	}
	if len(s.strangers()) > 0 || s.shared() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if _, _, err := s.call(ctx, order{Op: orderTidy, Pid: pid}, nil); err != nil {
			return false
		}
	}
	s.forget(keep)
	return s.restore() == nil
}

// strangers are the processes in the sandbox that are neither its worker nor forkers.
func (s *Sandbox) strangers() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := []int{s.workerPid()}
	for _, p := range s.programs {
		if p.stdin == nil {
			known = append(known, p.pid)
		}
	}
	return besides(pidsIn(s.proc()), known...)
}

// shared tells whether there is anything in shared memory.
func (s *Sandbox) shared() bool {
	names, err := os.ReadDir(filepath.Join(s.proc(), "../dev/shm"))
	return err != nil || len(names) > 0
}

// forget drops the programs, which have ended, and the ports that were claimed.
func (s *Sandbox) forget(keep *Forker) {
	s.mu.Lock()
	programs := s.programs
	s.programs, s.touched = nil, false
	if keep != nil {
		s.programs = []*Process{keep.p}
	}
	s.leases = slices.DeleteFunc(s.leases, func(l *lease) bool { return l.claimed })
	s.mu.Unlock()
	for _, p := range programs {
		if keep == nil || p != keep.p {
			p.hush()
		}
	}
}

// restore makes the files what they were.
func (s *Sandbox) restore() error {
	seen := map[string]bool{}
	err := s.walk(func(path, name string, info fs.FileInfo) error {
		if was, known := s.files[name]; known && was == identityOf(info) {
			seen[name] = true
			return nil
		}
		if err := removeTree(path); err != nil || !info.IsDir() {
			return err
		}
		return fs.SkipDir
	})
	if err != nil || len(seen) == len(s.files) {
		return err
	}
	return s.replace(seen)
}

// replace copies those files again that are no longer there.
func (s *Sandbox) replace(there map[string]bool) error {
	for _, name := range s.files.names() {
		if there[name] {
			continue
		}
		path := filepath.Join(s.run(), name)
		if err := s.copyAgain(path, name); err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		s.files[name] = identityOf(info)
	}
	return nil
}

// names are in an order in which a folder is before what is in it.
func (i inventory) names() []string {
	names := make([]string, 0, len(i))
	for name := range i {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *Sandbox) copyAgain(path, name string) error {
	rest, isWork := strings.CutPrefix(name, filepath.Base(s.Dir()))
	if s.files[name].mode.IsDir() {
		return os.Mkdir(path, s.files[name].mode.Perm())
	}
	if !isWork || s.iso.cfg.Dir == "" {
		return errors.New("wanted a file of the submission, got " + name)
	}
	from := filepath.Join(s.iso.cfg.Dir, rest)
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	return copyEntry(path, from, info)
}
