package proc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrClosed is returned for every request to a sandbox that has ended.
var ErrClosed = errors.New("sandbox is closed")

// A link is the parent's end of a worker or a forker: the socket to it, and a worker's process.
type link struct {
	conn    *net.UnixConn
	process *os.Process   // nil for a forker's
	gone    chan struct{} // closed when the worker has been reaped

	mu      sync.Mutex
	last    int64
	waiting map[int64]func(*report, []int)
	exits   map[int]func(*exit)
	lost    bool
}

// launch starts a worker.
func launch(namespaces bool, stderr *os.File) (*link, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "worker"), os.NewFile(uintptr(pair[1]), "parent")
	defer ours.Close()
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}
	process, err := startWorker(namespaces, stderr, theirs)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	l := newLink(conn.(*net.UnixConn))
	l.process, l.gone = process, make(chan struct{})
	go l.listen()
	go func() { _, _ = process.Wait(); close(l.gone) }()
	return l, nil
}

func newLink(conn *net.UnixConn) *link {
	return &link{conn: conn, waiting: map[int64]func(*report, []int){}, exits: map[int]func(*exit){}}
}

// promptExit spares Go programs built with the race detector a second of sleep at their end.
const promptExit = "GORACE=atexit_sleep_ms=0"

func startWorker(namespaces bool, stderr, sock *os.File) (*os.Process, error) {
	attr := &os.ProcAttr{
		// One processor and no collection until there is much to collect: a worker does next to nothing.
		Env:   []string{"GOMAXPROCS=1", "GOGC=off", "GOMEMLIMIT=32MiB", promptExit, "PATH=" + os.Getenv("PATH")},
		Files: []*os.File{nil, nil, stderr, sock},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	}
	if namespaces {
		attr.Sys.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
		attr.Sys.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		attr.Sys.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	type started struct {
		process *os.Process
		err     error
	}
	result := make(chan started, 1)
	nursery() <- func() {
		p, err := os.StartProcess("/proc/self/exe", []string{workerName}, attr)
		result <- started{p, err}
	}
	r := <-result
	return r.process, r.err
}

// nursery runs functions on a thread that never ends: a worker dies with the
// thread that started it, and the Go runtime may end any other.
var nursery = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// call sends an order and waits for its answer. The descriptors that come with
// the answer belong to the caller, or to take: that, if given, sees the answer
// before any later report is read.
func (l *link) call(ctx context.Context, o order, take func(*report, []int), fds ...int) (*report, []int, error) {
	type answer struct {
		r   *report
		fds []int
	}
	answers := make(chan answer, 1)
	l.mu.Lock()
	if l.lost {
		l.mu.Unlock()
		return nil, nil, ErrClosed
	}
	l.last++
	o.ID = l.last
	l.waiting[o.ID] = func(r *report, fds []int) {
		if take != nil {
			take(r, fds)
			fds = nil
		}
		answers <- answer{r, fds}
	}
	l.mu.Unlock()
	if err := l.send(o, fds); err != nil {
		l.forget(o.ID)
		return nil, nil, err
	}
	select {
	case a := <-answers:
		if err := a.r.err(); err != nil {
			closeAll(a.fds)
			return nil, nil, err
		}
		return a.r, a.fds, nil
	case <-ctx.Done():
		go func() { closeAll((<-answers).fds) }() // the answer comes, at the latest when the link is lost
		return nil, nil, context.Cause(ctx)
	}
}

func (l *link) send(o order, fds []int) error {
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if len(b) > packetSize {
		return fmt.Errorf("wanted arguments of at most %d bytes, got %d: %w", packetSize, len(b), unix.E2BIG)
	}
	_, _, err = l.conn.WriteMsgUnix(b, rights(fds), nil)
	if errors.Is(err, unix.EPIPE) || errors.Is(err, net.ErrClosed) {
		return ErrClosed
	}
	return err
}

func rights(fds []int) []byte {
	if len(fds) == 0 {
		return nil
	}
	return unix.UnixRights(fds...)
}

func (l *link) forget(id int64) {
	l.mu.Lock()
	delete(l.waiting, id)
	l.mu.Unlock()
}

// listen hands out what the worker reports until it is gone.
func (l *link) listen() {
	buf, oob := make([]byte, 64<<10), make([]byte, unix.CmsgSpace(4*socketsAtOnce))
	for {
		n, oobn, _, _, err := l.conn.ReadMsgUnix(buf, oob)
		if err != nil || n == 0 {
			l.lose()
			return
		}
		fds := parseRights(oob[:oobn])
		var r report
		if json.Unmarshal(buf[:n], &r) != nil {
			closeAll(fds)
			continue
		}
		l.deliver(&r, fds)
	}
}

func (l *link) deliver(r *report, fds []int) {
	l.mu.Lock()
	take, ended := l.waiting[r.ID], l.exits[r.Pid]
	if r.Exit == nil {
		delete(l.waiting, r.ID)
	} else {
		delete(l.exits, r.Pid)
	}
	l.mu.Unlock()
	switch {
	case r.Exit != nil && ended != nil:
		ended(r.Exit)
	case r.Exit == nil && take != nil:
		take(r, fds)
	default:
		closeAll(fds)
	}
}

// onExit asks for the end of a program. It is called while its start is delivered,
// so before its end can be.
func (l *link) onExit(pid int, ended func(*exit)) {
	l.mu.Lock()
	l.exits[pid] = ended
	l.mu.Unlock()
}

// lose ends every wait: without a worker there are no answers, and its programs are dead.
func (l *link) lose() {
	l.mu.Lock()
	l.lost = true
	waiting, exits := l.waiting, l.exits
	l.waiting, l.exits = nil, nil
	l.mu.Unlock()
	for _, take := range waiting {
		take(&report{Err: ErrClosed.Error()}, nil)
	}
	for _, ended := range exits {
		ended(&exit{Wait: syscall.WaitStatus(syscall.SIGKILL), Reason: reasonClosed})
	}
	l.conn.Close()
}
