package proc

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"
)

// tokenName is the environment variable by which a program's descendants are
// recognised after they have left its process group and its session.
const tokenName = "NETPROCTOR_PROGRAM"

// A table is a list of the processes that a mounted /proc shows.
type table struct {
	proc    string // where it is mounted
	fs      procfs.FS
	entries map[int]stat
}

// A stat is what a table keeps of /proc/PID/stat.
type stat struct {
	state   byte // R, S, Z, …
	parent  int
	threads int
	ticks   int // of processor time, with that of the children it waited for
}

// readTable reads what there is; a process that ends meanwhile is left out.
func readTable(proc string) table {
	t := table{proc: proc, entries: map[int]stat{}}
	var err error
	if t.fs, err = procfs.NewFS(proc); err != nil {
		return t
	}
	for _, pid := range pidsIn(proc) {
		if st, ok := parseStat(readString(t.path(pid, "stat"))); ok {
			t.entries[pid] = st
		}
	}
	return t
}

// pidsIn lists the processes, or threads, that a folder of /proc shows.
func pidsIn(folder string) (pids []int) {
	d, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	for _, name := range names {
		if name[0] < '0' || name[0] > '9' {
			continue
		}
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parseStat reads the fields behind the process's name, which may hold anything.
func parseStat(line string) (stat, bool) {
	const state, parent, times, threads = 0, 1, 11, 17 // of proc_pid_stat(5), from the third on
	_, rest, found := cutLast(line, ") ")
	f := strings.Fields(rest)
	if !found || len(f) <= threads {
		return stat{}, false
	}
	st := stat{state: f[state][0]}
	st.parent, _ = strconv.Atoi(f[parent])
	st.threads, _ = strconv.Atoi(f[threads])
	for _, ticks := range f[times : times+4] {
		n, _ := strconv.Atoi(ticks)
		st.ticks += n
	}
	return st, true
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// live tells whether a process still runs; one that waits to be reaped does not.
func (t table) live(pid int) bool {
	e, ok := t.entries[pid]
	return ok && e.state != 'Z' && e.state != 'X'
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
		pid = e.parent
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

// path is a file of a process.
func (t table) path(pid int, name string) string {
	return filepath.Join(t.proc, strconv.Itoa(pid), name)
}
