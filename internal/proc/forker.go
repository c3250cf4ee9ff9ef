package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A Forker is a program in a sandbox that starts other programs, by forking: an interpreter that
// has loaded what they need. It speaks the worker's language on its standard input, which is a socket: it
// obeys orders to start, each with the three standard descriptors beside it, answers them with the
// child's number and its pidfd, and reports the child's end. What it starts is in all else a program of
// the sandbox as any other.
type Forker struct {
	sandbox *Sandbox
	p       *Process
	link    *link
	piped   bool
}

// ErrNoForker says that a sandbox's process table has other numbers than its programs know.
var ErrNoForker = errors.New("this sandbox has no process table of its own")

// Forker starts a forker: its standard output is of the kind that its programs will get.
func (s *Sandbox) Forker(ctx context.Context, spec Spec) (*Forker, error) {
	if s.iso.rung.namespaces && !s.found.OwnProc {
		return nil, ErrNoForker
	}
	path, err := Executable(spec.Args[0])
	if err != nil {
		return nil, fmt.Errorf("start a forker: %w", err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket pair: %w", err)
	}
	ours := os.NewFile(uintptr(pair[0]), "forker")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		_ = unix.Close(pair[1])
		return nil, err
	}
	spec.input = pair[1]
	p, err := s.start(ctx, path, spec)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("start a forker: %w", err)
	}
	f := &Forker{sandbox: s, p: p, link: newLink(conn.(*net.UnixConn)), piped: spec.Piped}
	go f.link.listen()
	return f, nil
}

// Start starts a program: the spec's arguments are what the forker takes for the program's own. It is given
// up if that takes longer than the limit.
func (f *Forker) Start(ctx context.Context, spec Spec, limit time.Duration) (*Process, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the forker did not start it within %s", limit))
	defer cancel()
	spec.Piped = f.piped
	p, err := f.sandbox.startBy(ctx, f, spec.Args[0], spec)
	if err != nil {
		return nil, fmt.Errorf("fork %s: %w", spec.Args[0], err)
	}
	return p, nil
}

// call sends an order, unless the sandbox's end has begun.
func (f *Forker) call(ctx context.Context, o order, take func(*report, []int), fds ...int) error {
	f.sandbox.calls.RLock()
	defer f.sandbox.calls.RUnlock()
	if f.sandbox.over.Load() {
		return ErrClosed
	}
	_, _, err := f.link.call(ctx, o, take, fds...)
	return err
}

// Alone tells whether nothing is left in the sandbox that the forker, or a program of it, has started.
func (f *Forker) Alone() bool { return len(f.p.family()) == 1 }

// Close ends the forker. What it has started is ended with the sandbox, or by Tidy.
func (f *Forker) Close() { _ = f.link.conn.CloseWrite() }

// lost is called at the end of a program of which the forker did not tell: it has itself ended, and
// takes the program with it. Why it was ended is why the program was.
func (f *Forker) lost(p *Process, e *exit) {
	if e.Reason != reasonClosed {
		return
	}
	_ = p.Signal(unix.SIGKILL)
	if waitAtMost(f.p.done, time.Second) && f.p.Status().Reason != "" {
		e.Reason = f.p.Status().Reason
	}
}
