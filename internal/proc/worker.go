package proc

import (
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	workerName   = "netproctor-worker"  // argv[0] of a worker
	nothingName  = "netproctor-nothing" // argv[0] of the probe's program, which ends at once
	workerSocket = 3
)

// Main turns this process into a sandbox's worker if it was started as one, and
// then never returns; otherwise it does nothing. It must be the first statement of
// main and of TestMain in every program that uses this package.
func Main() {
	if len(os.Args) == 0 {
		return
	}
	switch os.Args[0] {
	case workerName:
		os.Exit(newWorker(workerSocket).run())
	case nothingName:
		os.Exit(0)
	}
}

// A worker is the only process of ours inside a sandbox.
type worker struct {
	sock       int
	namespaces bool
	ownProc    bool // /proc shows this process namespace and nothing else
	ownShm     bool // /dev/shm is mounted for this sandbox alone
	processes  int

	mu       sync.Mutex
	programs map[int]*program
	started  int           // programs since the sandbox was new
	kick     chan struct{} // there is something to wait for
	watch    chan struct{} // there is something to watch
}

// A program is one that the worker has started and not yet seen end.
type program struct {
	token  string
	reason string // why the worker killed it
}

func newWorker(sock int) *worker {
	return &worker{
		sock: sock, programs: map[int]*program{}, kick: make(chan struct{}, 1), watch: make(chan struct{}, 1),
	}
}

// run obeys until the parent closes the socket. It stays on one thread: Landlock
// and the parent-death signal belong to the thread that starts the programs.
func (w *worker) run() int {
	runtime.LockOSThread()
	unix.CloseOnExec(w.sock)
	signal.Notify(make(chan os.Signal, 1), unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT)
	buf, oob := make([]byte, packetSize+1), make([]byte, unix.CmsgSpace(16))
	for {
		n, fds, err := w.receive(buf, oob)
		if err != nil || n == 0 {
			w.end()
			return 0
		}
		var o order
		if err := json.Unmarshal(buf[:n], &o); err != nil {
			return 1
		}
		w.obey(&o, fds)
		closeAll(fds)
	}
}

func (w *worker) receive(buf, oob []byte) (n int, fds []int, err error) {
	var oobn int
	err = retry(func() (err error) {
		n, oobn, _, _, err = unix.Recvmsg(w.sock, buf, oob, unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	return n, parseRights(oob[:oobn]), nil
}

func (w *worker) obey(o *order, fds []int) {
	switch o.Op {
	case orderSetup:
		w.answer(o, w.setup(o.Setup))
	case orderSocket:
		w.socket(o)
	case orderStart:
		w.start(o, fds)
	case orderSignal:
		w.answer(o, failed(unix.Kill(-o.Pid, unix.Signal(o.Signal))))
	case orderKill:
		w.excuse(o.Pid, o.Reason)
		w.kill(o.Pid, o.Token)
		w.answer(o, report{})
	case orderRenew:
		w.answer(o, failed(w.renew()))
	case orderTidy:
		w.answer(o, failed(w.tidy(o.Pid)))
	}
}

func (w *worker) answer(o *order, r report, fds ...int) {
	r.ID = o.ID
	_ = sendPacket(w.sock, r, fds...)
}

// failed is the report of an error.
func failed(err error) report {
	if err == nil {
		return report{}
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return report{Errno: errno}
	}
	return report{Err: err.Error()}
}

// socket makes bare sockets in this network namespace and hands them over: as
// many as were asked for, or as there can be.
func (w *worker) socket(o *order) {
	var fds []int
	defer func() { closeAll(fds) }()
	for range o.Count {
		fd, err := unix.Socket(o.Socket[0], o.Socket[1]|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, o.Socket[2])
		if err != nil && len(fds) == 0 {
			w.answer(o, failed(err))
			return
		}
		if err != nil {
			break
		}
		fds = append(fds, fd)
	}
	w.answer(o, report{}, fds...)
}

// start executes a program in a session of its own and sets its limits. The lock is
// held until the answer is out, so that an exit is never reported before its start.
func (w *worker) start(o *order, fds []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(fds) != 3 {
		w.answer(o, report{Err: "wanted three descriptors"})
		return
	}
	defer bindTo(o.Start.Processors)()
	pidfd := -1
	pid, err := syscall.ForkExec(o.Start.Path, o.Start.Args, &syscall.ProcAttr{
		Dir: o.Start.Dir, Env: o.Start.Env,
		Files: []uintptr{uintptr(fds[0]), uintptr(fds[1]), uintptr(fds[2])},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, PidFD: &pidfd},
	})
	if err != nil {
		w.answer(o, failed(err))
		return
	}
	limit(pid, o.Start.Limits)
	if o.Start.First {
		w.started = len(w.programs)
	}
	w.programs[pid] = &program{token: o.Start.Token}
	w.started++
	nudge(w.kick)
	nudge(w.watch)
	if pidfd < 0 {
		w.answer(o, report{Pid: pid})
		return
	}
	w.answer(o, report{Pid: pid}, pidfd)
	_ = unix.Close(pidfd)
}

// bindTo lets this thread, and so what it starts, run on these processors alone until
// undo is called. Where that is refused a program runs anywhere.
func bindTo(processors []int) (undo func()) {
	var before, set unix.CPUSet
	for _, n := range processors {
		set.Set(n)
	}
	if len(processors) == 0 || unix.SchedGetaffinity(0, &before) != nil || unix.SchedSetaffinity(0, &set) != nil {
		return func() {}
	}
	return func() { _ = unix.SchedSetaffinity(0, &before) }
}

// limit sets the resource limits of a process from outside: setting them in a Go
// process before it executes another would bind, and sometimes break, its own runtime.
func limit(pid int, l Limits) {
	seconds := uint64((l.CPU + time.Second - 1) / time.Second)
	set := func(resource int, soft, hard uint64) {
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: soft, Max: hard}, nil)
	}
	set(unix.RLIMIT_DATA, l.Memory, l.Memory)
	set(unix.RLIMIT_NOFILE, l.Files, l.Files)
	set(unix.RLIMIT_FSIZE, l.FileSize, l.FileSize)
	set(unix.RLIMIT_CPU, seconds, seconds+1)
	set(unix.RLIMIT_CORE, 0, 0)
}

// reap waits for every child, ours or orphaned to us, and reports the ends of programs.
func (w *worker) reap() {
	for {
		var status syscall.WaitStatus
		var usage syscall.Rusage
		pid, err := syscall.Wait4(-1, &status, 0, &usage)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			<-w.kick
		default:
			w.ended(pid, status, &usage)
		}
	}
}

func (w *worker) ended(pid int, status syscall.WaitStatus, usage *syscall.Rusage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.programs[pid]
	if p == nil {
		return
	}
	delete(w.programs, pid)
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	_ = sendPacket(w.sock, report{Pid: pid, Exit: &exit{
		Wait: status, CPU: cpu, PeakRSS: uint64(usage.Maxrss) << 10, Reason: p.reason,
	}})
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
