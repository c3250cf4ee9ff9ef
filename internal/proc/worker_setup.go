package proc

import (
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// setup builds the sandbox around the worker. Only the loopback interface is
// indispensable; what else is refused is noted, and named in Isolation.String.
func (w *worker) setup(s *setup) report {
	var r report
	w.processes = s.Processes
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	unix.Umask(0o022)
	if s.Namespaces {
		w.namespaces = true
		_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
		if err := raiseLoopback(); err != nil {
			return report{Err: fmt.Sprintf("bring the loopback interface up: %v", err)}
		}
		r.Notes = w.mounts(s.Dir)
		if err := routeBroadcast(); err != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("no broadcast: %v", err))
		}
		r.OwnProc, r.OwnMounts = w.ownProc, !slices.Contains(r.Notes, noteMounts)
	}
	if s.Landlock {
		abi, err := restrictWrites(s.Writable)
		r.Landlock = abi
		if err != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("no landlock: %v", err))
		}
	}
	go w.reap()
	if w.ownProc {
		go w.watchdog()
	}
	return r
}

func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

const noteMounts = "no private mounts"

// mounts makes the few mounts that a sandbox has of its own and says which were refused.
func (w *worker) mounts(dir string) (notes []string) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return []string{noteMounts}
	}
	const quiet = unix.MS_NOSUID | unix.MS_NODEV
	try := func(what string, err error) bool {
		if err != nil {
			notes = append(notes, fmt.Sprintf("no own %s: %v", what, err))
		}
		return err == nil
	}
	w.ownProc = try("/proc", unix.Mount("proc", "/proc", "proc", quiet|unix.MS_NOEXEC, ""))
	w.ownShm = try("/dev/shm", unix.Mount("tmpfs", "/dev/shm", "tmpfs", quiet, "size=64m,mode=1777"))
	for _, name := range []string{"hosts", "resolv.conf"} {
		try(name, unix.Mount(filepath.Join(dir, name), filepath.Join("/etc", name), "", unix.MS_BIND, ""))
	}
	return notes
}
