package fuzz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"netproctor/conformance"
	"netproctor/internal/probe"
)

// How long a program may take to listen.
const startLimit = 10 * time.Second

// A program is a server that runs, with what it is believed to know.
type program struct {
	box     conformance.Sandbox
	room    *warmRoom // that it was started in; nil if it has a sandbox of its own
	process conformance.Process
	address netip.AddrPort
	wire    wire

	counters *probe.Counters // nil without
	last     answer          // to the last visit; good until the next one
	took     time.Duration   // it

	visits   int  // it was played
	lookAt   int  // how many visits make it due to be looked at
	answered bool // something, and it was right
	sent     int  // bytes, in all of them
	belief   belief
	reasons  *reasons                  // nil if it is judged without habits
	first    conformance.ProcessVitals // after the start
	// overflown is the count of its network when it started.
	overflown uint64

	suspicious atomic.Bool // there may be the report of an exception in its output
	mu         sync.Mutex
	output     []byte // the end of what it printed
	complaints []byte // the end of what it printed to stderr
	total      int    // how much it printed
}

// outputKept is how much of a program's output is kept, in bytes.
const outputKept = 64 << 10

var errNeverListens = errors.New("the program does not listen")

// start starts the server under test in a sandbox of its own, with the files
// that the model knows.
func (o *Options) start(ctx context.Context) (*program, error) {
	if o.warm != nil && !o.warm.refused && !o.warm.busy {
		if p, err := o.warm.start(ctx, o); err == nil {
			return p, nil
		}
	}
	box, err := o.Target.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a sandbox: %w", err)
	}
	p := o.newProgram(box)
	if err := furnish(box, o.Files); err != nil {
		return nil, errors.Join(fmt.Errorf("lay out files: %w", err), box.Close())
	}
	err = p.launch(ctx, o, func(a conformance.Arguments) (conformance.Process, error) {
		if direct, fast := box.(conformance.Direct); fast {
			return direct.StartDirect(ctx, a, o.processors, p.print)
		}
		return box.Start(ctx, a, p.print)
	})
	if err != nil {
		return nil, errors.Join(err, box.Close())
	}
	return p, nil
}

func (o *Options) newProgram(box conformance.Sandbox) *program {
	p := &program{box: box, reasons: o.newReasons()}
	if o.Model != nil {
		p.belief = belief{{Model: o.Model}}
	}
	return p
}

// launch starts the program, and waits until it listens.
func (p *program) launch(ctx context.Context, o *Options, start func(conformance.Arguments) (conformance.Process, error)) error {
	if err := p.openCounters(o.probe); err != nil {
		return err
	}
	port, err := claimPort(ctx, p.box, o.Protocol)
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	p.address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	p.process, err = start(conformance.Arguments{
		Template: o.Protocol.Programs[conformance.Server].Args,
		Values:   map[string]string{"host": "127.0.0.1", "port": strconv.Itoa(port)},
	})
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	if err := p.awaitListening(ctx); err != nil {
		return err
	}
	p.wire = &dialled{p.box, net.JoinHostPort(p.address.Addr().String(), strconv.Itoa(int(p.address.Port())))}
	if box, fast := p.box.(conformance.Direct); fast {
		p.wire = newDirect(box, p.address)
		p.overflown, _ = box.Overflows()
	}
	return nil
}

// claimPort gives the port that a protocol's server is to listen at.
func claimPort(ctx context.Context, box conformance.Sandbox, p *conformance.Protocol) (int, error) {
	if port := p.Programs[conformance.Server].Port; port != 0 {
		return port, box.ClaimPort(ctx, port)
	}
	return box.Port(ctx)
}

// furnish lays files out in the working directory.
func furnish(box conformance.Sandbox, files map[string][]byte) error {
	if len(files) == 0 {
		return nil
	}
	root, err := box.Files()
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := lay(root, name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

// work is the programs' working directory within a sandbox's files.
const work = "work"

// lay puts a file into the working directory.
func lay(root *os.Root, name string, content []byte) error {
	name = path.Join(work, name)
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	return root.WriteFile(name, content, 0o644)
}

// lay puts the files of an action into the working directory.
func (a Action) lay(root *os.Root) error {
	for name, content := range a.Files() {
		if err := lay(root, name, content); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) awaitListening(ctx context.Context) error {
	at, err := awaitListening(ctx, p.process, p.printed)
	if err != nil {
		return err
	}
	if !at.Addr().IsUnspecified() {
		p.address = at
	}
	p.first, _ = p.process.Vitals()
	return nil
}

// awaitListening waits until a server listens, and gives where.
func awaitListening(ctx context.Context, server conformance.Process, printed func() []byte) (netip.AddrPort, error) {
	deadline := time.Now().Add(startLimit)
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 20*time.Millisecond) {
		if at, err := server.Listeners(); err == nil && len(at) > 0 {
			return at[0], nil
		}
		select {
		case <-server.Done():
			return netip.AddrPort{}, fmt.Errorf("%w: %s%s", errNeverListens, server.Status().Text, lastWords(printed()))
		case <-time.After(pause):
		case <-ctx.Done():
			return netip.AddrPort{}, context.Cause(ctx)
		}
	}
	return netip.AddrPort{}, fmt.Errorf("%w within %s", errNeverListens, startLimit)
}

// awaitDatagrams waits until a server hears datagrams at a port, if that is not
// 0. One that never does has a fault that shows.
func awaitDatagrams(ctx context.Context, server conformance.Process, port int) error {
	const most = time.Second
	for began := time.Now(); port != 0 && time.Since(began) < most; {
		at, err := server.Datagrams()
		if err != nil || slices.ContainsFunc(at, func(a netip.AddrPort) bool { return int(a.Port()) == port }) {
			return nil
		}
		select {
		case <-server.Done():
			return nil
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// print keeps the end of what the program prints, and looks for reports of
// exceptions in it.
func (p *program) print(stream string, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := bytes.LastIndexByte(p.output, '\n') + 1 // that the last piece has begun
	p.output = append(p.output, b...)
	p.total += len(b)
	if stream == "stderr" {
		p.complaints = trim(append(p.complaints, b...))
	}
	if !p.suspicious.Load() {
		if language, _ := conformance.Uncaught(p.output[line:]); language != "" {
			p.suspicious.Store(true)
		}
	}
	p.output = trim(p.output)
}

// trim forgets what was printed longer ago than outputKept, but not at each call.
func trim(output []byte) []byte {
	if extra := len(output) - outputKept; extra > outputKept {
		output = slices.Delete(output, 0, extra)
	}
	return output
}

// kept is the end of what was printed.
func kept(output []byte) []byte { return slices.Clone(output[max(0, len(output)-outputKept):]) }

// forgive forgets what the program has printed.
func (p *program) forgive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output, p.complaints = nil, nil
	p.suspicious.Store(false)
}

// printed is the end of what the program has printed.
func (p *program) printed() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return kept(p.output)
}

// complained is the end of what the program has printed to stderr.
func (p *program) complained() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return kept(p.complaints)
}

// lastWords are the end of what a program printed, for people.
func lastWords(out []byte) string {
	if len(out) == 0 {
		return ""
	}
	return fmt.Sprintf("; it printed %q", out[max(0, len(out)-400):])
}

// visit plays one visit and reads the answer to its end.
func (p *program) visit(ctx context.Context, v Visit, limit time.Duration) answer {
	p.visits++
	p.sent += len(v)
	began := time.Now()
	p.last = p.wire.visit(ctx, v, limit)
	p.took = time.Since(began)
	return p.last
}

// ended tells whether the program has ended.
func (p *program) ended() bool {
	select {
	case <-p.process.Done():
		return true
	default:
		return false
	}
}

func (p *program) close() error {
	if p.wire != nil {
		p.wire.close()
	}
	if p.counters != nil {
		p.counters.Close()
	}
	if p.room != nil {
		return p.room.leave()
	}
	return p.box.Close()
}
