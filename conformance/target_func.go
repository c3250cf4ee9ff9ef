package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"

	"netproctor/internal/memnet"
)

// A Func is a program under test that is a Go function, on a network in
// memory. Played inside a testing/synctest bubble, all of its time is virtual:
// a scenario of several seconds takes microseconds and always goes the same
// way.
type Func struct {
	Name string
	// Main is the program. It returns its exit status, and must return soon
	// once ctx is done and its connections and input are closed. A panic is
	// an uncaught exception, as in a program of its own.
	Main func(ctx context.Context, e FuncEnv) int
	// Disk gives it a working directory: see FuncEnv.Dir.
	Disk bool
	// Folder is where its working directories are made; empty for the system's
	// folder of temporary files.
	Folder string
}

// A FuncEnv is what a Func has in place of an operating system.
type FuncEnv struct {
	Args   []string
	Dir    string // the working directory, a fresh one on disk; empty without Func.Disk
	In     io.Reader
	Out    io.Writer
	Listen func(network, address string) (net.Listener, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	// ListenPacket opens a datagram socket that may broadcast.
	ListenPacket func(network, address string) (net.PacketConn, error)
}

// String implements Target.
func (f *Func) String() string { return f.Name }

// Isolation implements Target.
func (f *Func) Isolation() string { return "in memory" }

// Open implements Target.
func (f *Func) Open(context.Context) (Sandbox, error) {
	n := memnet.New()
	return &funcBox{f: f, network: n, harness: n.Host("harness")}, nil
}

// A funcBox is a Sandbox in memory.
type funcBox struct {
	f         *Func
	network   *memnet.Network
	harness   *memnet.Host
	processes []*funcProcess
	dir       string // holds the working directory; empty until it is needed
	refused   atomic.Uint64
}

func (b *funcBox) Port(context.Context) (int, error) { return 12345, nil }

func (b *funcBox) ClaimPort(context.Context, int) error { return nil }

func (b *funcBox) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if network == narrow {
		network = "tcp" // it holds little anyway
	}
	return b.harness.Dial(ctx, network, address)
}

func (b *funcBox) Listen(_ context.Context, network, address string) (net.Listener, error) {
	return b.harness.Listen(network, address)
}

func (b *funcBox) ListenPacket(_ context.Context, network, address string) (net.PacketConn, error) {
	return b.harness.ListenPacket(network, address)
}

func (b *funcBox) Start(ctx context.Context, a Arguments, output Output) (Process, error) {
	return b.start(ctx, b.f, a, output)
}

// StartOther implements hosting.
func (b *funcBox) StartOther(ctx context.Context, t Target, a Arguments, output Output) (Process, error) {
	f, is := t.(*Func)
	if !is {
		return nil, fmt.Errorf("start %s: wanted a Go function", t)
	}
	return b.start(ctx, f, a, output)
}

func (b *funcBox) start(ctx context.Context, f *Func, a Arguments, output Output) (Process, error) {
	args, err := a.Append(nil)
	if err != nil {
		return nil, err
	}
	dir := ""
	if f.Disk {
		if dir, err = b.work(); err != nil {
			return nil, err
		}
	}
	ctx, kill := context.WithCancelCause(ctx)
	p := &funcProcess{
		host:  b.network.Host(fmt.Sprintf("program %d", len(b.processes)+1)),
		dir:   dir,
		stdin: newFuncStdin(),
		kill:  kill,
		done:  make(chan struct{}),
	}
	b.processes = append(b.processes, p)
	go p.run(ctx, f, FuncEnv{Args: args, Dir: dir, In: p.stdin, Listen: p.host.Listen, Dial: b.counted(p.host), ListenPacket: p.host.ListenPacket}, output)
	return p, nil
}

// work is the working directory of the programs.
func (b *funcBox) work() (string, error) {
	if b.dir == "" {
		dir, err := os.MkdirTemp(b.f.Folder, "netproctor-")
		if err != nil {
			return "", err
		}
		b.dir = dir
		if err := os.Mkdir(filepath.Join(dir, workFolder), 0o755); err != nil {
			return "", err
		}
	}
	return filepath.Join(b.dir, workFolder), nil
}

// RefusedDials implements dialled.
func (b *funcBox) RefusedDials() (uint64, error) { return b.refused.Load(), nil }

// counted is a dial of the program, which counts those that are refused.
func (b *funcBox) counted(h *memnet.Host) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := h.Dial(ctx, network, address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			b.refused.Add(1)
		}
		return c, err
	}
}

// Unread implements taking.
func (b *funcBox) Unread(_ context.Context, c net.Conn) (int, error) {
	m, is := c.(*memnet.Conn)
	if !is {
		return 0, fmt.Errorf("wanted a connection in memory, got %T", c)
	}
	return m.Unread(), nil
}

func (b *funcBox) Files() (*os.Root, error) {
	if _, err := b.work(); err != nil {
		return nil, err
	}
	return os.OpenRoot(b.dir)
}

func (b *funcBox) Close() error {
	for _, p := range b.processes {
		p.stop(errKilled)
	}
	for _, p := range b.processes {
		<-p.done
	}
	b.harness.Close()
	return os.RemoveAll(b.dir)
}

// A funcProcess is a Func that was started.
type funcProcess struct {
	host   *memnet.Host
	dir    string
	stdin  *funcStdin
	kill   context.CancelCauseFunc
	done   chan struct{}
	status ProcessStatus
}

var errKilled = fmt.Errorf("killed: %w", context.Canceled)

// run is the life of the program. As a kernel does, it closes what the program
// left open.
func (p *funcProcess) run(ctx context.Context, f *Func, e FuncEnv, output Output) {
	defer close(p.done)
	e.Out = funcOutput(output)
	defer func() {
		if r := recover(); r != nil {
			output("stderr", fmt.Appendf(nil, "panic: %v\n\n%s", r, debug.Stack()))
			p.status = ProcessStatus{Code: 2, Text: "exit status 2"}
		}
		p.host.Close()
	}()
	code := f.Main(ctx, e)
	p.status = ProcessStatus{Code: code, Text: fmt.Sprintf("exit status %d", code)}
}

// stop ends the program from outside.
func (p *funcProcess) stop(cause error) {
	p.kill(cause)
	p.stdin.Close()
	p.host.Close()
}

func (p *funcProcess) Stdin() io.WriteCloser { return p.stdin }

func (p *funcProcess) Listeners() ([]netip.AddrPort, error) { return p.host.Listeners(), nil }

func (p *funcProcess) Datagrams() ([]netip.AddrPort, error) { return p.host.Datagrams(), nil }

func (p *funcProcess) AwaitsInput() bool { return p.stdin.awaited() }

func (p *funcProcess) Vitals() (ProcessVitals, error) {
	select {
	case <-p.done:
		return ProcessVitals{}, os.ErrProcessDone
	default:
	}
	return ProcessVitals{State: "running in memory", Descriptors: p.host.Open()}, nil
}

// Signal kills, or asks the program to end: its ctx is done.
func (p *funcProcess) Signal(sig os.Signal) error {
	if sig == syscall.SIGKILL {
		p.stop(errKilled)
		return nil
	}
	p.kill(fmt.Errorf("signal %s: %w", sig, context.Canceled))
	return nil
}

func (p *funcProcess) Done() <-chan struct{} { return p.done }

func (p *funcProcess) Status() ProcessStatus { return p.status }

// funcOutput gives what a Func prints to the harness.
type funcOutput Output

func (o funcOutput) Write(b []byte) (int, error) {
	o("stdout", b)
	return len(b), nil
}

// A funcStdin is a Func's standard input: a pipe without a bound, that knows
// whether a reader waits.
type funcStdin struct {
	mu      sync.Mutex
	changed *sync.Cond
	data    []byte
	closed  bool
	waiting int
}

func newFuncStdin() *funcStdin {
	s := &funcStdin{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *funcStdin) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting++
	defer func() { s.waiting-- }()
	for len(s.data) == 0 {
		if s.closed {
			return 0, io.EOF
		}
		s.changed.Wait()
	}
	n := copy(b, s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *funcStdin) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	s.data = append(s.data, b...)
	s.changed.Broadcast()
	return len(b), nil
}

func (s *funcStdin) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Broadcast()
	return nil
}

// awaited tells whether a reader is blocked.
func (s *funcStdin) awaited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting > 0 && len(s.data) == 0
}
