package proc

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A Sandbox is a place for the programs of one run: a fresh copy of the submission
// and, where the isolation is private, a network and a process table of its own.
type Sandbox struct {
	*room
	iso    *Isolation
	stop   func() bool
	closed sync.Once
	calls  sync.RWMutex // held for reading by those who talk to the worker
	over   atomic.Bool  // its end has begun
	err    error
	diag   diagSocket
	spare  spare

	mu       sync.Mutex
	programs []*Process
	leases   []*lease
	touched  bool      // by a program, since it was opened or tidied
	files    inventory // what was in it when it was opened; nil if that was not noted
}

// Open makes a sandbox. The context bounds the sandbox's life, not only its
// opening: when it is done, everything in it is killed. Close is needed all the same.
func (i *Isolation) Open(ctx context.Context) (*Sandbox, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("open a sandbox: %w", err)
	}
	r, err := i.room(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a sandbox: %w", err)
	}
	s := &Sandbox{room: r, iso: i, stop: func() bool { return true }}
	if err := r.furnish(i.cfg.Dir); err != nil {
		s.Close()
		return nil, fmt.Errorf("open a sandbox: %w", err)
	}
	s.stop = context.AfterFunc(ctx, s.kill)
	return s, nil
}

// call sends an order to the worker, unless the sandbox's end has begun.
func (s *Sandbox) call(ctx context.Context, o order, take func(*report, []int), fds ...int) (*report, []int, error) {
	s.calls.RLock()
	defer s.calls.RUnlock()
	if s.over.Load() {
		return nil, nil, ErrClosed
	}
	return s.link.call(ctx, o, take, fds...)
}

// proc is a /proc that shows the sandbox's processes by the numbers that the
// worker knows them by; without one of its own these are the machine's.
func (s *Sandbox) proc() string {
	if s.found.OwnProc {
		return fmt.Sprintf("/proc/%d/root/proc", s.link.process.Pid)
	}
	return "/proc"
}

// workerPid is the worker's number in proc.
func (s *Sandbox) workerPid() int {
	if s.found.OwnProc {
		return 1
	}
	return s.link.process.Pid
}

func (s *Sandbox) ending() bool { return s.over.Load() }

// Close kills everything in the sandbox, waits a bounded time for it to be gone
// and removes what was in it. Closing again gives the same result.
func (s *Sandbox) Close() error {
	s.closed.Do(func() {
		alive := s.stop()
		s.over.Store(true)
		s.spare.close()
		renewed := alive && s.iso.rung.namespaces && s.quiet() && s.renew()
		if !renewed {
			s.end(s.iso.rung)
		}
		s.vacate()
		if renewed && s.iso.rooms.put(s.room) {
			return
		}
		if err := s.demolish(s.iso.rung); err != nil {
			s.err = fmt.Errorf("close a sandbox: %w", err)
		}
	})
	return s.err
}

// vacate waits until the programs are known to have ended, and gives back the ports.
func (s *Sandbox) vacate() {
	s.mu.Lock()
	programs, leases := s.programs, s.leases
	s.mu.Unlock()
	for _, p := range programs {
		p.hush()
	}
	for _, l := range leases {
		l.release()
	}
	s.diag.close()
}

// quiet waits until nobody talks to the worker any more.
func (s *Sandbox) quiet() bool {
	quiet := make(chan struct{})
	go func() {
		s.calls.Lock()
		defer s.calls.Unlock()
		close(quiet)
	}()
	return waitAtMost(quiet, time.Second)
}

// kill ends the worker, and with it all that it has started.
func (s *Sandbox) kill() {
	s.over.Store(true)
	s.end(s.iso.rung)
}

// waitAtMost waits for c to be closed and tells whether it was.
func waitAtMost(c <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C:
		return false
	}
}

// tokens numbers programs for tokenName.
var tokens atomic.Uint64
