package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Spec says what to start.
type Spec struct {
	Args []string
	Env  []string // added to the environment that every program gets
	Dir  string   // working directory, relative to the sandbox's; empty means the sandbox's own
	// Processors are those that it may run on, by number; empty means all.
	Processors []int
	// Piped gives it a pipe as standard output in place of a terminal, which costs more for each
	// write. All that it prints is handed on then, however much, but less often.
	Piped bool
	// Output, if not nil, gets what the program prints: stream is "stdout" or "stderr", at
	// is when it was read, b is the callee's to keep. It is called from two goroutines, one a
	// stream. After Done is closed it is called only for what the program has left behind, and
	// never after the sandbox is closed.
	Output func(stream string, at time.Time, b []byte)

	input int // becomes its standard input in place of a pipe, if not 0
}

// A Process is a program that was started in a sandbox.
type Process struct {
	sandbox *Sandbox
	forker  *Forker // that has started it; nil if the worker has
	pid     int     // as the worker knows it
	token   string
	args    []string
	stdin   *os.File
	readers []*reader
	done    chan struct{}
	silent  chan struct{} // closed when all output has been read
	killed  sync.Once
	looks   atomic.Uint32 // at whether it waits for input

	mu     sync.Mutex
	pidfd  int // -1 without one, and once the program has ended
	status Status
}

// Start executes a program in the sandbox. The context bounds the start alone: the
// program lives until it ends, or Stop, or the end of its sandbox.
func (s *Sandbox) Start(ctx context.Context, spec Spec) (*Process, error) {
	if len(spec.Args) == 0 || spec.Args[0] == "" {
		return nil, errors.New("start a program: wanted a command, got none")
	}
	path, err := Executable(spec.Args[0])
	if err != nil {
		return nil, fmt.Errorf("start a program: %w", err)
	}
	name := spec.Args[0]
	spec.Args = append([]string{path}, spec.Args[1:]...)
	p, err := s.start(ctx, path, spec)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// start executes path with exactly the spec's arguments.
func (s *Sandbox) start(ctx context.Context, path string, spec Spec) (*Process, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	// The answer comes soon, or the link is lost: not to wait for it would lose a program.
	return s.startBy(context.WithoutCancel(ctx), nil, path, spec)
}

// startBy has the forker start a program, or without one the worker.
func (s *Sandbox) startBy(ctx context.Context, f *Forker, path string, spec Spec) (*Process, error) {
	w, err := openWires(spec)
	if err != nil {
		return nil, err
	}
	defer closeAll(w.theirs)
	p := &Process{
		sandbox: s, forker: f, token: fmt.Sprintf("%d.%d", os.Getpid(), tokens.Add(1)), args: spec.Args,
		stdin: w.stdin, done: make(chan struct{}), silent: make(chan struct{}), pidfd: -1,
	}
	limit, pause := s.iso.cfg.Limits.Output, time.Duration(0)
	if spec.Piped {
		limit, pause = math.MaxInt, pipePause
	}
	p.readers = []*reader{
		{stream: "stdout", from: w.stdout, limit: limit, pause: pause, emit: spec.Output},
		{stream: "stderr", from: w.stderr, limit: limit, pause: pause, emit: spec.Output},
	}
	o := order{Op: orderStart, Start: s.startOrder(p, path, spec)}
	if f != nil {
		err = f.call(ctx, o, p.started, w.theirs...)
	} else {
		_, _, err = s.call(ctx, o, p.started, w.theirs...)
	}
	if err != nil {
		w.close()
		return nil, err
	}
	s.mu.Lock()
	s.programs = append(s.programs, p)
	s.mu.Unlock()
	return p, nil
}

func (s *Sandbox) startOrder(p *Process, path string, spec Spec) *start {
	dir := spec.Dir
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.Dir(), dir)
	}
	s.mu.Lock()
	first := !s.touched
	s.touched = s.touched || spec.input == 0 // a forker has nothing of its own
	s.mu.Unlock()
	return &start{
		Path: path, Args: spec.Args, Env: s.environment(p.token, spec.Env), Dir: dir, Token: p.token,
		Limits: s.iso.cfg.Limits, Processors: spec.Processors, First: first,
	}
}

// started runs when the worker's answer is read, before any exit can be.
func (p *Process) started(r *report, fds []int) {
	if r.err() != nil {
		closeAll(fds)
		return
	}
	p.pid = r.Pid
	if len(fds) == 1 {
		p.pidfd = fds[0]
	}
	var reading sync.WaitGroup
	for _, rd := range p.readers {
		reading.Go(rd.run)
	}
	if !p.sandbox.found.OwnProc {
		crowd.add(p)
	}
	if p.forker != nil {
		p.forker.link.onExit(r.Pid, func(e *exit) { go func() { p.forker.lost(p, e); p.ended(e, &reading) }() })
		return
	}
	p.sandbox.link.onExit(r.Pid, func(e *exit) { go p.ended(e, &reading) })
}

// drainLimit is how long output is awaited after the end of a program; a child that lives on may
// hold the streams open for ever.
const drainLimit = 200 * time.Millisecond

// ended notes the end of the program. What it has left behind may go on to print.
func (p *Process) ended(e *exit, reading *sync.WaitGroup) {
	go func() { reading.Wait(); close(p.silent) }()
	waitAtMost(p.silent, drainLimit)
	st := statusOf(e)
	st.Left = p.left()
	p.mu.Lock()
	p.status = st
	if p.pidfd >= 0 {
		unix.Close(p.pidfd)
		p.pidfd = -1
	}
	p.mu.Unlock()
	p.stdin.Close()
	close(p.done)
	<-p.silent
	crowd.remove(p)
	for _, rd := range p.readers {
		rd.from.Close()
	}
}

// hush waits a bounded time until the end is noted and all output is read: for
// programs that have been killed with all that they have left behind.
func (p *Process) hush() {
	waitAtMost(p.done, time.Second)
	if waitAtMost(p.silent, time.Second) {
		return
	}
	for _, rd := range p.readers {
		_ = rd.from.SetReadDeadline(time.Unix(1, 0))
	}
}

// Stdin is the program's standard input; closing it is the end of input.
func (p *Process) Stdin() io.WriteCloser { return p.stdin }

// Done is closed when the program has ended and its output has been read, or, if
// something that it left behind keeps the output open, 200 ms after its end.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the program alone.
func (p *Process) Signal(sig os.Signal) error {
	n, ok := sig.(syscall.Signal)
	if !ok {
		return fmt.Errorf("wanted a system signal, got %v", sig)
	}
	if p.over() {
		return os.ErrProcessDone
	}
	p.mu.Lock()
	err := unix.PidfdSendSignal(p.pidfd, n, nil, 0)
	p.mu.Unlock()
	if errors.Is(err, unix.EBADF) { // an old kernel, without pidfds
		_, _, err = p.sandbox.call(context.Background(), order{Op: orderSignal, Pid: p.pid, Signal: int(n)}, nil)
	}
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

func (p *Process) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// grace is the time between the polite signal and the other one.
const grace = 100 * time.Millisecond

// Stop asks the program and its process group to end, and after a short while
// kills them and all that they have started. It returns when they are gone, in
// bounded time.
func (p *Process) Stop() {
	p.killed.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if !p.over() {
			_, _, _ = p.sandbox.call(ctx, order{Op: orderSignal, Pid: p.pid, Signal: int(unix.SIGTERM)}, nil)
			waitAtMost(p.done, grace)
		}
		_, _, _ = p.sandbox.call(ctx, order{Op: orderKill, Pid: p.pid, Token: p.token}, nil)
	})
	waitAtMost(p.done, 2*time.Second)
}
