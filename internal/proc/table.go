package proc

import (
	"path/filepath"
	"slices"
	"strconv"

	"github.com/prometheus/procfs"
)

// tokenName is the environment variable by which a program's descendants are
// recognised after they have left its process group and its session.
const tokenName = "NETPROCTOR_PROGRAM"

// A table is a list of the processes that a mounted /proc shows.
type table struct {
	proc    string // where it is mounted
	fs      procfs.FS
	entries map[int]procfs.ProcStat
}

// readTable reads what there is; a process that ends meanwhile is left out.
func readTable(proc string) table {
	t := table{proc: proc, entries: map[int]procfs.ProcStat{}}
	var err error
	if t.fs, err = procfs.NewFS(proc); err != nil {
		return t
	}
	all, _ := t.fs.AllProcs()
	for _, p := range all {
		if st, err := p.Stat(); err == nil {
			t.entries[p.PID] = st
		}
	}
	return t
}

// live tells whether a process still runs; one that waits to be reaped does not.
func (t table) live(pid int) bool {
	e, ok := t.entries[pid]
	return ok && e.State != "Z" && e.State != "X"
}

// below lists the live descendants of root.
func (t table) below(root int) []int {
	return t.matching(func(pid int) bool { return pid != root && t.under(pid, root) })
}

// family lists the live processes of the program pid: itself, its descendants,
// and those descendants of the worker that carry its token.
func (t table) family(worker, pid int, token string) []int {
	mark := tokenName + "=" + token
	return t.matching(func(p int) bool {
		if t.under(p, pid) {
			return true
		}
		return token != "" && p != worker && t.under(p, worker) && t.marked(p, mark)
	})
}

func (t table) matching(is func(int) bool) []int {
	var pids []int
	for pid := range t.entries {
		if t.live(pid) && is(pid) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

// under tells whether pid is root or a descendant of it.
func (t table) under(pid, root int) bool {
	for range len(t.entries) + 1 {
		if pid == root {
			return true
		}
		e, ok := t.entries[pid]
		if !ok || pid <= 1 {
			return false
		}
		pid = e.PPID
	}
	return false
}

func (t table) marked(pid int, mark string) bool {
	p, err := t.fs.Proc(pid)
	if err != nil {
		return false
	}
	env, err := p.Environ()
	return err == nil && slices.Contains(env, mark)
}

// besides lists the processes other than these, also those that wait to be reaped.
func (t table) besides(pids ...int) (others []int) {
	for pid := range t.entries {
		if !slices.Contains(pids, pid) {
			others = append(others, pid)
		}
	}
	return others
}

// path is a file of a process.
func (t table) path(pid int, name string) string {
	return filepath.Join(t.proc, strconv.Itoa(pid), name)
}
