package fuzz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// Options say what is fuzzed, and for how long.
type Options struct {
	Protocol *conformance.Protocol
	Target   conformance.Target
	// Model is what the server is when it has just been started; nil for a
	// protocol without one, whose answers are not judged.
	Model Model
	// Files are laid out in the server's working directory at every start.
	Files map[string][]byte
	Seed  uint64
	// Cases is how many cases are played; 0 leaves it to For alone.
	Cases int
	For   time.Duration
	// Progress is called now and then.
	Progress func(Progress)

	requests []*record.Layout // see layouts
}

// Progress is how far a campaign has come.
type Progress struct {
	Cases, Visits, Starts, Findings int
	Elapsed                         time.Duration
}

// A Campaign is what came of it.
type Campaign struct {
	Progress
	Findings []*Finding
	// Stopped says why it ended before its time; empty if it did not.
	Stopped string
}

// ErrNeverWorked says that there is nothing to fuzz: the program fails a good
// exchange as soon as it has been started.
var ErrNeverWorked = errors.New("the program never worked")

// A program is started afresh after so many visits, so that a model of it stays
// small and a history can be made short.
const freshAfter = 3000

// Run fuzzes a server until its time is over, its cases are played, or ctx is
// done. It plays one visit at a time, so that a fault has one cause.
func Run(ctx context.Context, o Options) (*Campaign, error) {
	c := &campaign{o: &o, generator: newGenerator(&o), began: time.Now(), known: map[string]bool{}}
	if err := c.warm(ctx); err != nil {
		return nil, err
	}
	defer c.drop()
	for i := 0; c.goesOn(ctx, i); i++ {
		if err := c.play(ctx, c.generator.at(i)); err != nil {
			if ctx.Err() != nil {
				break
			}
			return nil, err
		}
		c.cases++
		c.tell()
	}
	end := &Campaign{Progress: c.progress(), Findings: c.findings}
	if ctx.Err() != nil {
		end.Stopped = context.Cause(ctx).Error()
	}
	return end, nil
}

// A campaign is the state of one Run.
type campaign struct {
	o         *Options
	generator *generator
	began     time.Time
	told      time.Time
	program   *program

	cases, visits, starts int
	known                 map[string]bool // signatures
	findings              []*Finding
}

func (c *campaign) goesOn(ctx context.Context, i int) bool {
	switch {
	case ctx.Err() != nil:
		return false
	case c.o.Cases > 0:
		return i < c.o.Cases
	}
	return time.Since(c.began) < c.o.For
}

// warm plays the first history that is answered: what fails that needs no
// fuzzing.
func (c *campaign) warm(ctx context.Context) error {
	if err := c.fresh(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNeverWorked, err)
	}
	for _, h := range c.generator.histories[:min(1, len(c.generator.histories))] {
		for _, v := range h {
			if f := c.program.play(ctx, c.o, v); f != nil {
				c.drop()
				return fmt.Errorf("%w: it was sent %s, and %s", ErrNeverWorked, quote(v), f.evidence)
			}
		}
	}
	return nil
}

// fresh starts the program anew.
func (c *campaign) fresh(ctx context.Context) (err error) {
	c.drop()
	c.starts++
	c.program, err = c.o.start(ctx)
	return err
}

// drop ends the program.
func (c *campaign) drop() {
	if c.program != nil {
		_ = c.program.close() // what it left is a temporary directory
		c.program = nil
	}
}

// play plays a history on the program that runs. A fault is followed up, and the
// program started afresh.
func (c *campaign) play(ctx context.Context, history []Visit) error {
	if len(c.program.history) > freshAfter || len(c.program.belief) > mostStates {
		if f := c.program.leaks(); f != nil {
			c.found(ctx, f, c.program.history)
		}
		if err := c.fresh(ctx); err != nil {
			return err
		}
	}
	for _, v := range history {
		f := c.program.play(ctx, c.o, v)
		c.visits++
		if f == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		so := slices.Clone(c.program.history)
		c.drop()
		c.found(ctx, f, so)
		return c.fresh(ctx)
	}
	return nil
}

// leakSlack is by how many descriptors a program may grow.
const leakSlack = 20

// leaks tells whether descriptors have risen and stayed.
func (p *program) leaks() *fault {
	time.Sleep(50 * time.Millisecond) // the last close may be under way
	now, err := p.process.Vitals()
	if err != nil || now.Descriptors <= p.first.Descriptors+leakSlack {
		return nil
	}
	return &fault{Leak, "leak", fmt.Sprintf("%d descriptors are open after %d connections, %d at the start", now.Descriptors, len(p.history), p.first.Descriptors)}
}

// found follows a fault up, unless the same is known.
func (c *campaign) found(ctx context.Context, f *fault, history []Visit) {
	if c.known[f.signature] {
		return
	}
	c.known[f.signature] = true
	m := &minimiser{o: c.o, want: f.kind, until: time.Now().Add(minimiseFor), left: minimiseAttempts}
	finding := m.finding(ctx, f, history)
	if finding.Verified == 0 && (f.kind == Hang || f.kind == Silence || f.kind == Leak) {
		return // the machine's doing, for all that is known
	}
	if f := finding.Signature; c.known[f] && f != finding.first {
		return // it came to the same in the end
	}
	c.known[finding.Signature] = true
	finding.ID = fmt.Sprintf("%s-%d", finding.Kind, len(c.findings)+1)
	finding.FoundAfter = time.Since(c.began).Seconds()
	finding.Seed = c.o.Seed
	c.findings = append(c.findings, finding)
}

func (c *campaign) progress() Progress {
	return Progress{Cases: c.cases, Visits: c.visits, Starts: c.starts, Findings: len(c.findings), Elapsed: time.Since(c.began)}
}

// tellEvery is how often progress is told.
const tellEvery = time.Second

func (c *campaign) tell() {
	if c.o.Progress != nil && time.Since(c.told) > tellEvery {
		c.told = time.Now()
		c.o.Progress(c.progress())
	}
}

// layouts gives the records that scenarios send to a server.
func (o *Options) layouts() []*record.Layout {
	if o.requests != nil {
		return o.requests
	}
	for _, s := range o.Protocol.Scenarios {
		if s.Role() != conformance.Server {
			continue
		}
		for _, step := range conformance.Preview(s, o.Seed) {
			if step.Layout != nil && !step.Datagram && !slices.Contains(o.requests, step.Layout) {
				o.requests = append(o.requests, step.Layout)
			}
		}
	}
	return o.requests
}
