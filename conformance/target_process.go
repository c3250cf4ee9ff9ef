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
	"strings"
	"time"

	"netproctor/internal/proc"
)

// A Command is a program under test that is started as a process: a command
// line, in a sandbox with a fresh copy of the submission.
type Command struct {
	name      string   // as the grader wrote it
	words     []string // the program, and its own arguments
	isolation *proc.Isolation
}

// NewCommand makes a target of a command line that is split into words, to be
// run in sandboxes of that isolation. The first word is an executable that
// exists: see proc.Executable.
func NewCommand(words []string, isolation *proc.Isolation) (*Command, error) {
	if len(words) == 0 {
		return nil, errors.New("a command wants at least one word, got none")
	}
	return &Command{name: strings.Join(words, " "), words: words, isolation: isolation}, nil
}

// Named gives the target another name than its command line.
func (c *Command) Named(name string) *Command {
	named := *c
	named.name = name
	return &named
}

// String implements Target.
func (c *Command) String() string { return c.name }

// Isolation implements Target.
func (c *Command) Isolation() string { return c.isolation.String() }

// OwnArguments tells that the command has placeholders: see ErrOwnArguments.
func (c *Command) OwnArguments() bool { return HasPlaceholders(c.words) }

// Capacity is how many scenarios may be played at once if every program uses
// all the memory that it may.
func (c *Command) Capacity() int { return c.isolation.Capacity() }

// Open implements Target.
func (c *Command) Open(ctx context.Context) (Sandbox, error) {
	box, err := c.isolation.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &processBox{command: c, box: box}, nil
}

// narrow is the network of connections that hold little on their way.
const narrow = proc.Narrow

// ErrNoSocket says that a connection was not made, and that this was not the
// program's doing: the machine was too busy to make a socket in time.
var ErrNoSocket = proc.ErrNoSocket

// A processBox is a Sandbox of the operating system.
type processBox struct {
	command *Command
	box     *proc.Sandbox
}

func (b *processBox) Port(ctx context.Context) (int, error) { return b.box.FreePort(ctx) }

func (b *processBox) ClaimPort(ctx context.Context, port int) error {
	return b.box.ClaimPort(ctx, port)
}

func (b *processBox) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return b.box.Dial(ctx, network, address)
}

func (b *processBox) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	return b.box.Listen(ctx, network, address)
}

func (b *processBox) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return b.box.ListenPacket(ctx, network, address)
}

func (b *processBox) Start(ctx context.Context, a Arguments, output Output) (Process, error) {
	return b.start(ctx, b.command, a, proc.Spec{}, output)
}

// StartOther implements hosting.
func (b *processBox) StartOther(ctx context.Context, t Target, a Arguments, output Output) (Process, error) {
	c, is := t.(*Command)
	if !is {
		return nil, fmt.Errorf("start %s: wanted a command", t)
	}
	return b.start(ctx, c, a, proc.Spec{}, output)
}

func (b *processBox) start(ctx context.Context, c *Command, a Arguments, spec proc.Spec, output Output) (_ Process, err error) {
	if spec.Args, err = a.Append(c.words); err != nil {
		return nil, err
	}
	spec.Output = func(stream string, _ time.Time, data []byte) { output(stream, data) }
	p, err := b.box.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	return &process{p: p}, nil
}

// RefusedDials implements dialled.
func (b *processBox) RefusedDials() (uint64, error) { return b.box.RefusedDials() }

// Capture implements capturing.
func (b *processBox) Capture(ctx context.Context, seen func(from, to netip.AddrPort, size int)) (stop func(), err error) {
	return b.box.Capture(ctx, func(s proc.Segment) { seen(s.From, s.To, s.Size) })
}

// Unread implements taking.
func (b *processBox) Unread(ctx context.Context, c net.Conn) (int, error) {
	return b.box.Unread(ctx, c)
}

func (b *processBox) Files() (*os.Root, error) { return os.OpenRoot(filepath.Dir(b.box.Dir())) }

func (b *processBox) Close() error { return b.box.Close() }

// A process is a proc.Process as Play sees it.
type process struct {
	p     *proc.Process
	watch *proc.Watch // nil until Runnable is called
}

// Runnable implements Resting.
func (p *process) Runnable() (int, error) {
	if p.watch == nil {
		p.watch = p.p.Watch()
	}
	return p.watch.Runnable()
}

func (p *process) Stdin() io.WriteCloser { return p.p.Stdin() }

func (p *process) Listeners() ([]netip.AddrPort, error) { return p.p.Listeners() }

func (p *process) Datagrams() ([]netip.AddrPort, error) { return p.p.Datagrams() }

func (p *process) AwaitsInput() bool { return p.p.AwaitsInput() }

// Resting implements resting.
func (p *process) Resting() bool { return p.p.Resting() }

func (p *process) Signal(sig os.Signal) error { return p.p.Signal(sig) }

func (p *process) Done() <-chan struct{} { return p.p.Done() }

func (p *process) Vitals() (ProcessVitals, error) {
	v, err := p.p.Vitals()
	if err != nil {
		return ProcessVitals{}, fmt.Errorf("look at the program: %w", err)
	}
	return vitalsOf(v), nil
}

func vitalsOf(v proc.Vitals) ProcessVitals {
	return ProcessVitals{CPU: v.CPU, Runnable: v.Runnable, Descriptors: v.Descriptors, RSS: v.RSS, PeakRSS: v.PeakRSS, State: v.State, Syscall: v.Syscall}
}

func (p *process) Status() ProcessStatus { return statusOf(p.p.Status()) }

func statusOf(s proc.Status) ProcessStatus {
	st := ProcessStatus{Code: s.Code, Text: s.String()}
	if s.Signal != 0 {
		st.Signal = s.Signal.String()
	}
	if len(s.Left) > 0 {
		st.Text += "; it left running: " + strings.Join(s.Left, "; ")
	}
	return st
}
