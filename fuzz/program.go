package fuzz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"netproctor/conformance"
)

// A Visit is one connection to a server: what is sent before the sending side
// is closed. All that is fuzzed is a history of visits.
type Visit []byte

// An answer is what came back on one connection, up to its end.
type answer struct {
	data  []byte
	reset bool   // it ended by RST, which may have destroyed bytes on their way
	fault string // why there was no end: no connection, or silence
}

// How long a program may take to listen, and to answer; and how much it may
// answer.
const (
	startLimit  = 10 * time.Second
	answerLimit = 3 * time.Second
	answerMost  = 64 << 20
)

// A program is a server that runs, with what it has been sent so far.
type program struct {
	box     conformance.Sandbox
	process conformance.Process
	address string

	history []Visit
	belief  belief
	first   conformance.ProcessVitals // after the start

	mu     sync.Mutex
	output []byte // the end of what it printed
	unread int    // how much of that nobody has looked at
}

// outputKept is how much of a program's output is kept, in bytes.
const outputKept = 64 << 10

var errNeverListens = errors.New("the program does not listen")

// start starts the server under test in a sandbox of its own, with the files
// that the model knows.
func (o *Options) start(ctx context.Context) (*program, error) {
	box, err := o.Target.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a sandbox: %w", err)
	}
	p := &program{box: box}
	if o.Model != nil {
		p.belief = belief{o.Model}
	}
	if err := p.launch(ctx, o); err != nil {
		return nil, errors.Join(err, box.Close())
	}
	return p, nil
}

func (p *program) launch(ctx context.Context, o *Options) error {
	if err := p.furnish(o.Files); err != nil {
		return fmt.Errorf("lay out files: %w", err)
	}
	port, err := p.box.Port(ctx)
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	p.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	p.process, err = p.box.Start(ctx, conformance.Arguments{
		Template: o.Protocol.Programs[conformance.Server].Args,
		Values:   map[string]string{"host": "127.0.0.1", "port": strconv.Itoa(port)},
	}, p.print)
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	return p.awaitListening(ctx)
}

// furnish lays files out in the working directory.
func (p *program) furnish(files map[string][]byte) error {
	if len(files) == 0 {
		return nil
	}
	root, err := p.box.Files()
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := root.WriteFile("work/"+name, files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) awaitListening(ctx context.Context) error {
	deadline := time.Now().Add(startLimit)
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 20*time.Millisecond) {
		at, err := p.process.Listeners()
		if err == nil && len(at) > 0 {
			if a := at[0]; !a.Addr().IsUnspecified() {
				p.address = a.String()
			}
			p.first, _ = p.process.Vitals()
			return nil
		}
		select {
		case <-p.process.Done():
			return fmt.Errorf("%w: %s%s", errNeverListens, p.process.Status().Text, p.lastWords())
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("%w within %s", errNeverListens, startLimit)
}

// print keeps the end of what the program prints.
func (p *program) print(_ string, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output = append(p.output, b...)
	p.unread = min(p.unread+len(b), outputKept)
	if extra := len(p.output) - outputKept; extra > 0 {
		p.output = slices.Delete(p.output, 0, extra)
	}
}

// printed is the end of what the program has printed.
func (p *program) printed() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.output)
}

// newly is what was printed since the last call, with a little of what came
// before.
func (p *program) newly() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unread == 0 {
		return nil
	}
	from := max(0, len(p.output)-p.unread-overlap)
	p.unread = 0
	return slices.Clone(p.output[from:])
}

// overlap is as long as the beginning of a report may be.
const overlap = 64

func (p *program) lastWords() string {
	out := p.printed()
	if len(out) == 0 {
		return ""
	}
	return fmt.Sprintf("; it printed %q", out[max(0, len(out)-400):])
}

// visit plays one visit and reads the answer to its end.
func (p *program) visit(ctx context.Context, v Visit) answer {
	p.history = append(p.history, v)
	dial, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	c, err := p.box.Dial(dial, "tcp", p.address)
	if err != nil {
		return answer{fault: "no connection: " + err.Error()}
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(answerLimit))
	if _, err := c.Write(v); err == nil {
		if half, can := c.(interface{ CloseWrite() error }); can {
			half.CloseWrite()
		}
	}
	return read(c)
}

// read reads to the end of a connection. That the program closes it before it
// has read everything is its own affair.
func read(c net.Conn) answer {
	data, err := io.ReadAll(io.LimitReader(c, answerMost))
	var late net.Error
	switch {
	case err == nil:
		return answer{data: data}
	case errors.As(err, &late) && late.Timeout():
		return answer{data: data, fault: fmt.Sprintf("%d bytes, and no end of the connection within %s", len(data), answerLimit)}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return answer{data: data, reset: true}
	}
	return answer{data: data, fault: err.Error()}
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

func (p *program) close() error { return p.box.Close() }
