package fuzz

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// sleepers are servers beside the campaign's, each visited by a client that
// stops in the middle of a message. They and their clients sleep nearly all the
// time, so that many take no longer than one and cost next to nothing.
type sleepers struct {
	o      *Options
	stop   context.CancelFunc
	ending atomic.Bool
	gaps   atomic.Int64
	all    sync.WaitGroup
	found  chan gapFinding

	mu        sync.Mutex
	generator *generator
	known     map[string]bool // signatures
}

// A gapFinding is one of a sleeper's.
type gapFinding struct {
	finding *Finding
	after   time.Time // when it was seen first
}

// mostSleepers is how many servers sleep, if there is memory for them.
const mostSleepers = 8

func newSleepers(o *Options) *sleepers {
	return &sleepers{o: o, generator: newGenerator(o), found: make(chan gapFinding, 1024), known: map[string]bool{}}
}

// begin starts the servers, one after the other.
func (s *sleepers) begin(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	count := mostSleepers
	if t, limited := s.o.Target.(interface{ Capacity() int }); limited {
		count = min(count, t.Capacity()-2) // the campaign's own, and a fresh one
	}
	if s.o.Gap == 0 || len(s.o.layouts()) == 0 {
		return
	}
	for i := range count {
		s.all.Go(func() { s.run(ctx, i) })
	}
}

// end waits until each server has been visited once, and verified what it showed.
func (s *sleepers) end() {
	s.ending.Store(true)
	s.all.Wait()
	s.stop()
}

func (s *sleepers) count() int {
	if s == nil {
		return 0
	}
	return int(s.gaps.Load())
}

// A gap is a message that is not sent in one piece.
type gap struct {
	message Visit
	cut     int           // what is sent at first
	resumes bool          // the rest follows, before the server may give up
	paused  time.Duration // well below the rule
	patient time.Duration // by when it must have been dropped; how late is for scenarios to say
	next    Visit
}

// draw draws the n-th gap of a sleeper.
func (s *sleepers) draw(sleeper, n int) gap {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.generator
	r := rand.New(rand.NewPCG(s.o.Seed, uint64(1+sleeper)<<32+uint64(n)))
	m := g.legal(r)
	m.look()
	x := gap{message: slices.Clone(m.bytes), resumes: r.IntN(2) == 0, paused: s.o.Gap * 2 / 5, patient: s.o.Gap * 5 / 2, next: slices.Clone(g.legal(r).bytes)}
	if len(m.cuts) > 0 {
		x.cut = m.cuts[r.IntN(len(m.cuts))]
	}
	return x
}

// run is a sleeper: it plays gaps on a server until the campaign ends.
func (s *sleepers) run(ctx context.Context, sleeper int) {
	var p *program
	defer func() {
		if p != nil {
			_ = p.close() // what it left is a temporary directory
		}
	}()
	for n := 0; ctx.Err() == nil && (n == 0 || !s.ending.Load()); n++ {
		if p == nil {
			var err error
			if p, err = s.o.startBeside(ctx); err != nil {
				return // the campaign's own program tells what that means
			}
		}
		x := s.draw(sleeper, n)
		f := p.stop(ctx, s.o, x)
		s.gaps.Add(1)
		if len(p.belief) > mostStates {
			f = nil
		} else if f == nil {
			continue
		}
		_ = p.close()
		p = nil
		if f != nil && ctx.Err() == nil {
			s.follow(ctx, f, x)
		}
	}
}

// startBeside starts a server that may run anywhere.
func (o *Options) startBeside(ctx context.Context) (*program, error) {
	free := *o
	free.processors = nil
	return free.start(ctx)
}

// follow verifies a fault. What takes time is the machine's doing as easily as
// the program's, so it must come each time.
func (s *sleepers) follow(ctx context.Context, f *fault, x gap) {
	at := time.Now()
	s.mu.Lock()
	known := s.known[f.signature]
	s.known[f.signature] = true
	s.mu.Unlock()
	if known {
		time.Sleep(s.o.Gap) // a program that fails each time costs a start each time
		return
	}
	verified := 0
	for range verifications {
		if again := s.probe(ctx, x); again != nil && again.kind == f.kind && again.signature == f.signature {
			verified++
		}
	}
	if verified < verifications {
		return
	}
	finding := s.o.finding(f, []Visit{x.message})
	finding.Verified, finding.gap = verified, &x
	finding.Requirements = s.o.gapRequirements(x)
	if s.o.Model != nil {
		finding.allowed = belief{{Model: s.o.Model}}.allowed(x.sent())
	}
	s.found <- gapFinding{finding, at}
}

func (s *sleepers) probe(ctx context.Context, x gap) *fault {
	p, err := s.o.startBeside(ctx)
	if err != nil {
		return nil
	}
	defer p.close()
	return p.stop(ctx, s.o, x)
}

// sent is all that is sent of it.
func (x *gap) sent() Visit {
	if x.resumes {
		return x.message
	}
	return x.message[:x.cut]
}

// stop plays a gap, and the visit of another client behind it.
func (p *program) stop(ctx context.Context, o *Options, x gap) *fault {
	a, early, late := p.stopping(ctx, o, x)
	if late {
		p.belief = nil // it may have dropped the client, or not
	}
	if a.fault != "" || early != "" || p.suspicious.Load() || p.ended() {
		p.settle()
		if f := p.died(); f != nil {
			return f
		}
	}
	about := o.about(x.message[:x.cut])
	switch {
	case early != "":
		return &fault{Silence, "gives up early in " + about, early}
	case a.fault != "":
		return &fault{Hang, "waits without end in " + about, fmt.Sprintf("%s, after %d of %d bytes of a message", a.fault, x.cut, len(x.message))}
	}
	if p.belief != nil {
		next, right := p.belief.after(x.sent(), a, p.reasons)
		if !right {
			f := wrongAnswer(o, p.belief, x.sent(), a)
			f.signature += " in pieces"
			return f
		}
		p.belief = next
	}
	if f := p.play(ctx, o, x.next, answerLimit); f != nil {
		f.signature += " after a gap in " + about
		return f
	}
	return nil
}

// stopping sends a message that stops, and gives the answer; early says how the
// server gave up in a pause that it must bear, late that the pause became longer
// than that.
func (p *program) stopping(ctx context.Context, o *Options, x gap) (a answer, early string, late bool) {
	limit := x.patient
	dial, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := p.box.Dial(dial, "tcp", p.address.String())
	if err != nil {
		return answer{fault: "no connection: " + err.Error()}, "", false
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	began := time.Now()
	c.SetDeadline(began.Add(limit))
	if _, err := c.Write(x.message[:x.cut]); err != nil {
		return answer{fault: err.Error()}, "", false
	}
	if !x.resumes {
		return drain(c, limit), "", false
	}
	c.SetReadDeadline(began.Add(x.paused))
	n, err := c.Read(make([]byte, 1))
	took := time.Since(began)
	if took > o.Gap*9/10 {
		return answer{}, "", true
	}
	if !os.IsTimeout(err) {
		what := map[bool]string{true: "it answered", false: "the connection was closed"}[n > 0]
		return answer{}, fmt.Sprintf("%s %d ms after %d of %d bytes of a message", what, took.Milliseconds(), x.cut, len(x.message)), false
	}
	c.SetDeadline(time.Now().Add(answerLimit))
	_, err = c.Write(x.message[x.cut:])
	late = time.Since(began) > o.Gap*9/10
	if half, can := c.(interface{ CloseWrite() error }); can && err == nil {
		half.CloseWrite()
	}
	return drain(c, answerLimit), "", late
}

// gapRequirements are those that a gap may break: the rule for messages in pieces, or
// one about gaps in this part of a message.
func (o *Options) gapRequirements(x gap) []string {
	server := o.Protocol.Programs[conformance.Server]
	if _, known := o.Protocol.Requirement(server.Fragments); x.resumes && known {
		return []string{server.Fragments}
	}
	var gaps []string // that of the header, and those of what comes after it
	for _, r := range o.Protocol.Requirements {
		if r.ID == conformance.Server+".idle-connection" && x.cut == 0 {
			return []string{r.ID}
		}
		if strings.HasPrefix(r.ID, conformance.Server) && strings.HasSuffix(r.ID, "-gap") && r.Level == conformance.Must {
			gaps = append(gaps, r.ID)
		}
	}
	switch {
	case len(gaps) == 0:
		return []string{}
	case o.inHeader(x):
		return gaps[:1]
	}
	return gaps[len(gaps)-1:]
}

// inHeader tells whether a message stops before its first text.
func (o *Options) inHeader(x gap) bool {
	for _, l := range o.layouts() {
		d, err := l.Decode(x.message, true)
		if err != nil || d.Size != len(x.message) {
			continue
		}
		for _, e := range leaves(&d, nil) {
			if e.Field.Kind == record.Text {
				return x.cut < e.Offset
			}
		}
	}
	return true
}
