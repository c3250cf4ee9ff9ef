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

func newSleepers(o *Options, g *generator) *sleepers {
	return &sleepers{o: o, generator: g.copy(), found: make(chan gapFinding, 1024), known: map[string]bool{}}
}

// begin starts the servers, one after the other, unless that has been done.
func (s *sleepers) begin(ctx context.Context) {
	if s == nil || s.stop != nil {
		return
	}
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
	if s == nil {
		return
	}
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

// A Gap is how a message is sent that stops in the middle.
type Gap struct {
	Cut     int  `json:"cut"`     // how many bytes are sent at first
	Resumes bool `json:"resumes"` // the rest follows, before the server may give up; else nothing does
	// Paused is until when it resumes, Patient by when the server must have
	// dropped it else. How late that is, is for scenarios to say.
	Paused  time.Duration `json:"paused_ns"`
	Patient time.Duration `json:"patient_ns"`
}

// A stop is a message with a gap, and the visit of another client behind it.
type stop struct {
	Gap
	message, next Visit
}

// draw draws the n-th gap of a sleeper.
func (s *sleepers) draw(sleeper, n int) stop {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.generator
	r := rand.New(rand.NewPCG(s.o.Seed, uint64(1+sleeper)<<32+uint64(n)))
	m := g.legal(r)
	m.look()
	x := stop{message: slices.Clone(m.bytes), next: slices.Clone(g.legal(r).bytes)}
	x.Gap = Gap{Resumes: r.IntN(2) == 0, Paused: s.o.Gap * 2 / 5, Patient: s.o.Gap * 5 / 2}
	if len(m.cuts) > 0 {
		x.Cut = m.cuts[r.IntN(len(m.cuts))]
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
	free.processors, free.warm = nil, nil
	return free.start(ctx)
}

// follow verifies a fault. What takes time is the machine's doing as easily as
// the program's, so it must come each time.
func (s *sleepers) follow(ctx context.Context, f *fault, x stop) {
	at := time.Now()
	s.mu.Lock()
	known := s.known[f.signature]
	s.known[f.signature] = true
	s.mu.Unlock()
	if known {
		time.Sleep(s.o.Gap) // a program that fails each time costs a start each time
		return
	}
	if s.o.needsNoGap(ctx, x) {
		return
	}
	verified := 0
	for range verifications {
		if again := s.o.probeStop(ctx, x); again != nil && again.kind == f.kind && again.signature == f.signature {
			verified++
		}
	}
	if verified < verifications {
		return
	}
	finding := s.o.finding(f, []Visit{x.message, x.next})
	finding.Verified, finding.Gap = verified, &x.Gap
	finding.Requirements = s.o.gapRequirements(x)
	if s.o.Model != nil {
		finding.allowed = belief{{Model: s.o.Model}}.allowed(x.sent())
	}
	s.found <- gapFinding{finding, at}
}

// probeStop plays a stop on a fresh program.
func (o *Options) probeStop(ctx context.Context, x stop) *fault {
	p, err := o.startBeside(ctx)
	if err != nil {
		return nil
	}
	defer p.close()
	return p.stop(ctx, o, x)
}

// needsNoGap tells whether a fresh program does anything wrong with the same bytes
// in one piece: that is for the campaign to find.
func (o *Options) needsNoGap(ctx context.Context, x stop) bool {
	p, err := o.startBeside(ctx)
	if err != nil {
		return false
	}
	defer p.close()
	for _, v := range []Visit{x.sent(), x.next} {
		if p.play(ctx, o, v, answerLimit) != nil {
			return true
		}
	}
	return p.dies() != nil
}

// sent is all that is sent of it.
func (x *stop) sent() Visit {
	if x.Resumes {
		return x.message
	}
	return x.message[:x.Cut]
}

// stop plays a gap, and the visit of another client behind it.
func (p *program) stop(ctx context.Context, o *Options, x stop) *fault {
	a, early, late := p.stopping(ctx, o, x)
	if a.none {
		return nil
	}
	if late {
		p.belief = nil // it may have dropped the client, or not
	}
	if a.fault != "" || early != "" || p.suspicious.Load() || p.ended() {
		p.settle()
		if f := p.died(); f != nil {
			return f
		}
	}
	about := append(o.gapRequirements(x), o.about(x.message[:x.Cut]))[0]
	switch {
	case early != "":
		return &fault{Silence, "gives up early in " + about, early}
	case a.fault != "":
		return &fault{Hang, "waits without end in " + about, fmt.Sprintf("%s, after %d of %d bytes of a message", a.fault, x.Cut, len(x.message))}
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
func (p *program) stopping(ctx context.Context, o *Options, x stop) (a answer, early string, late bool) {
	limit := x.Patient
	dial, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := p.box.Dial(dial, "tcp", p.address.String())
	if err != nil {
		return unconnected(err), "", false
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	began := time.Now()
	c.SetDeadline(began.Add(limit))
	if _, err := c.Write(x.message[:x.Cut]); err != nil {
		return answer{fault: err.Error()}, "", false
	}
	if !x.Resumes {
		return drain(c, limit), "", false
	}
	c.SetReadDeadline(began.Add(x.Paused))
	n, err := c.Read(make([]byte, 1))
	took := time.Since(began)
	if took > o.Gap*9/10 {
		return answer{}, "", true
	}
	if !os.IsTimeout(err) {
		what := map[bool]string{true: "it answered", false: "the connection was closed"}[n > 0]
		return answer{}, fmt.Sprintf("%s %d ms after %d of %d bytes of a message", what, took.Milliseconds(), x.Cut, len(x.message)), false
	}
	c.SetDeadline(time.Now().Add(answerLimit))
	_, err = c.Write(x.message[x.Cut:])
	late = time.Since(began) > o.Gap*9/10
	if err == nil {
		halfClose(c)
	}
	return drain(c, answerLimit), "", late
}

// gapRequirements are those that a gap may break: the rule for messages in pieces, or
// one about gaps in this part of a message.
func (o *Options) gapRequirements(x stop) []string {
	server := o.Protocol.Programs[conformance.Server]
	if _, known := o.Protocol.Requirement(server.Fragments); x.Resumes && known {
		return []string{server.Fragments}
	}
	var gaps []string // that of the header, and those of what comes after it
	for _, r := range o.Protocol.Requirements {
		if r.ID == conformance.Server+".idle-connection" && x.Cut == 0 {
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
func (o *Options) inHeader(x stop) bool {
	for _, l := range o.layouts() {
		d, err := l.Decode(x.message, true)
		if err != nil || d.Size != len(x.message) {
			continue
		}
		for _, e := range leaves(&d, nil) {
			if e.Field.Kind == record.Text {
				return x.Cut < e.Offset
			}
		}
	}
	return true
}
