package conformance

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"netproctor/internal/proc"
)

// warmSource is the program that starts programs.
//
//go:embed warm.py
var warmSource string

// A Warm is a Python interpreter in a sandbox that has loaded what programs
// import. It starts the program under test by forking, one after the other, in a
// fraction of the time. The program finds what it would find else, but for its
// parent, and what was printed by the one before it may still be on its way.
type Warm struct {
	box  *processBox
	p    *proc.Process
	conn net.Conn

	mu     sync.Mutex
	output Output
	child  *warmProcess
	pids   chan int
}

// ErrNotWarm says that a program cannot be started by forking.
var ErrNotWarm = errors.New("the command is not a Python script")

// warmLimit bounds the start of an interpreter, and of a program by it.
const warmLimit = 10 * time.Second

// Warm starts an interpreter for the command, bound to the processors.
func (b *processBox) Warm(ctx context.Context, processors []int) (*Warm, error) {
	words := b.command.words
	if len(words) < 2 || !strings.HasPrefix(filepath.Base(words[0]), "python3") || strings.HasPrefix(words[1], "-") {
		return nil, ErrNotWarm
	}
	l, err := b.box.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	w := &Warm{box: b, pids: make(chan int, 1)}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	w.p, err = b.box.Start(ctx, proc.Spec{
		Args: []string{words[0], "-c", warmSource, port}, Processors: processors, Piped: true,
		Output: func(stream string, _ time.Time, data []byte) { w.print(stream, data) },
	})
	if err != nil {
		return nil, err
	}
	if d, can := l.(interface{ SetDeadline(time.Time) error }); can {
		_ = d.SetDeadline(time.Now().Add(warmLimit))
	}
	if w.conn, err = l.Accept(); err != nil {
		w.p.Stop()
		return nil, fmt.Errorf("wait for the interpreter: %w", err)
	}
	go w.listen()
	return w, nil
}

func (w *Warm) print(stream string, data []byte) {
	w.mu.Lock()
	output := w.output
	w.mu.Unlock()
	if output != nil {
		output(stream, data)
	}
}

// Start starts the program. The one before it has ended.
func (w *Warm) Start(ctx context.Context, a Arguments, output Output) (Process, error) {
	args, err := a.Append(w.box.command.words)
	if err != nil {
		return nil, err
	}
	c := &warmProcess{w: w, done: make(chan struct{})}
	w.mu.Lock()
	w.output, w.child = output, c
	w.mu.Unlock()
	if err := w.order(map[string]any{"argv": args[1:], "dir": w.box.box.Dir()}); err != nil {
		return nil, err
	}
	select {
	case c.pid = <-w.pids:
		return c, nil
	case <-w.p.Done():
		return nil, errors.New("the interpreter has ended")
	case <-time.After(warmLimit):
		return nil, errors.New("the interpreter does not fork")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (w *Warm) order(o map[string]any) error {
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	_, err = w.conn.Write(append(b, '\n'))
	return err
}

// listen takes the interpreter's reports until it ends.
func (w *Warm) listen() {
	for lines := bufio.NewScanner(w.conn); lines.Scan(); {
		var r struct {
			Pid  int
			Exit *int
		}
		switch err := json.Unmarshal(lines.Bytes(), &r); {
		case err != nil:
		case r.Exit != nil:
			w.ended(syscall.WaitStatus(*r.Exit))
		default:
			w.pids <- r.Pid
		}
	}
	w.ended(syscall.WaitStatus(syscall.SIGKILL))
}

// flush is how long the last words of a program may take to be read.
const flush = 3 * time.Millisecond

func (w *Warm) ended(status syscall.WaitStatus) {
	w.mu.Lock()
	c := w.child
	w.child = nil
	w.mu.Unlock()
	if c == nil {
		return
	}
	time.Sleep(flush)
	st := proc.Status{Code: status.ExitStatus()}
	if status.Signaled() {
		st.Signal = status.Signal()
	}
	c.status = statusOf(st)
	close(c.done)
}

// Clean kills the program, and tells whether nothing of it is left.
func (w *Warm) Clean() bool {
	w.mu.Lock()
	c := w.child
	w.mu.Unlock()
	if c != nil {
		_ = c.Signal(syscall.SIGKILL)
		select {
		case <-c.done:
		case <-time.After(time.Second):
			return false
		}
	}
	v, err := w.p.Vitals()
	return err == nil && v.Processes == 1
}

// Close ends the interpreter with its connection.
func (w *Warm) Close() error { return w.conn.Close() }

// A warmProcess is a program that was forked.
type warmProcess struct {
	w      *Warm
	pid    int
	done   chan struct{}
	status ProcessStatus
	watch  *proc.Watch // nil until Runnable is called
}

// Runnable implements Resting.
func (c *warmProcess) Runnable() (int, error) {
	if c.watch == nil {
		c.watch = c.w.p.Watch()
	}
	return c.watch.Runnable()
}

func (c *warmProcess) Stdin() io.WriteCloser { return noInput{} }

func (c *warmProcess) Listeners() ([]netip.AddrPort, error) { return c.w.p.Listeners() }

func (c *warmProcess) Datagrams() ([]netip.AddrPort, error) { return c.w.p.Datagrams() }

func (c *warmProcess) AwaitsInput() bool { return false }

func (c *warmProcess) Vitals() (ProcessVitals, error) {
	select {
	case <-c.done:
		return ProcessVitals{}, os.ErrProcessDone
	default:
	}
	v, err := c.w.p.VitalsOf(c.pid)
	if err != nil {
		return ProcessVitals{}, fmt.Errorf("look at the program: %w", err)
	}
	return vitalsOf(v), nil
}

func (c *warmProcess) Signal(sig os.Signal) error {
	n, is := sig.(syscall.Signal)
	if !is {
		return fmt.Errorf("wanted a system signal, got %v", sig)
	}
	return c.w.order(map[string]any{"signal": int(n)})
}

func (c *warmProcess) Done() <-chan struct{} { return c.done }

func (c *warmProcess) Status() ProcessStatus { return c.status }

// noInput takes what nobody reads.
type noInput struct{}

func (noInput) Write(b []byte) (int, error) { return len(b), nil }

func (noInput) Close() error { return nil }
