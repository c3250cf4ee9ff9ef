package fuzz

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"netproctor/conformance"
)

// MachineOptions say which state machine is played on which server, and for how
// long.
type MachineOptions struct {
	Protocol *conformance.Protocol
	Target   conformance.Target
	Machine  *Machine
	Seed     uint64
	// Share is which of the histories RunTurns plays.
	Share
	// Cases is how many histories all workers play; 0 leaves it to For alone.
	Cases int
	For   time.Duration
	// Cold starts each program by its command, and none by a warm interpreter.
	Cold bool
	// Progress is called now and then.
	Progress func(Progress)
	// Found, if not nil, is called with each finding when it is verified.
	Found func(*Finding) error

	patience time.Duration // 0: stagePatience
	shorten  time.Duration // for how long a history is made short; 0: historyFor
}

// mostMoves is how many moves a history has at most.
const mostMoves = 16

// History draws a history: 1 to mostMoves moves.
func (m *Machine) History(r Source) (history []Action) {
	for range 1 + r.IntN(mostMoves) {
		history = append(history, m.Draw(r)...)
	}
	return history
}

// Check plays a history on a server that has just been started, and says what is
// wrong with what it does; empty if nothing is. An error is the harness's own.
func (o *MachineOptions) Check(ctx context.Context, history []Action) (wrong string, err error) {
	f, _, err := o.probe(ctx, history)
	if f == nil {
		return "", err
	}
	return f.signature + "\n" + f.evidence, nil
}

// probe plays a history on a server of its own. With a fault it gives what was
// played.
func (o *MachineOptions) probe(ctx context.Context, history []Action) (*fault, *stage, error) {
	s, err := o.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	f, err := s.play(ctx, history)
	if err != nil {
		s.close()
		return nil, s, err
	}
	_ = s.close() // what it left is a temporary directory
	return f, s, nil
}

// mostFailed is how often the program or its sandbox may fail to start, one time
// after the other: a busy machine is no reason to end.
const mostFailed = 3

// RunMachine plays histories of a state machine, each on a server that has just
// been started. The i-th one follows from the seed and i. Those that show a
// mistake are made short.
func RunMachine(ctx context.Context, o MachineOptions) (*Campaign, error) {
	failed := 0 // starts that failed one after the other
	c := &stateful{o: &o, began: time.Now(), known: map[string]bool{}, tries: map[string]int{}}
	for i := 0; goesOn(ctx, i, o.Cases, c.began, o.For); i++ {
		history := o.Machine.History(rand.New(rand.NewPCG(o.Seed, uint64(i))))
		f, s, err := o.probe(ctx, history)
		switch {
		case ctx.Err() != nil:
			continue
		case err != nil && c.Starts == 0:
			return nil, fmt.Errorf("%w: %w", ErrNeverWorked, err)
		case err != nil:
			if failed++; failed == mostFailed {
				return nil, err
			}
			continue
		}
		failed = 0
		c.Cases++
		c.Starts++
		c.Visits += len(s.played)
		if f != nil {
			if err := c.found(ctx, f, history, time.Since(c.began)); err != nil {
				return nil, err
			}
		}
		c.tell()
	}
	c.Elapsed = time.Since(c.began)
	c.Stopped = stopped(ctx, nil)
	return &c.Campaign, nil
}

// A stateful campaign is the state of one RunMachine.
type stateful struct {
	Campaign
	o           *MachineOptions
	began, told time.Time
	known       map[string]bool // signatures
	tries       map[string]int  // by the signature of the long history
}

func (c *stateful) tell() {
	if c.o.Progress != nil && time.Since(c.told) > tellEvery {
		c.told = time.Now()
		c.Progress.Elapsed, c.Progress.Findings = time.Since(c.began), len(c.Findings)
		c.o.Progress(c.Progress)
	}
}

// mostTries is how often a signature is followed up that came to another one when
// its history was made short.
const mostTries = 3

// found makes a history short that has shown a fault when the campaign had run for
// so long, verifies it, and keeps it unless the same is known.
func (c *stateful) found(ctx context.Context, f *fault, history []Action, seen time.Duration) error {
	if c.tries[f.signature]++; c.known[f.signature] || c.tries[f.signature] > mostTries {
		return nil
	}
	quick := *c.o
	quick.patience = shortPatience
	m := &shortener{o: &quick, want: f.kind, until: shortUntil(cmp.Or(c.o.shorten, historyFor), c.o.Cases, c.began, c.o.For), left: minimiseAttempts}
	long := history
	if f.kind != Leak { // which takes many
		history = m.shorten(ctx, long)
	}
	again, last, verified := c.verify(ctx, f.kind, history)
	if !enough(f.kind, verified) { // some attempt was hasty
		history = long
		again, last, verified = c.verify(ctx, f.kind, history)
	}
	if again != nil {
		f = again
	}
	if !enough(f.kind, verified) || c.known[f.signature] {
		return nil // the machine's doing, for all that is known; or nothing new
	}
	c.known[f.signature] = true
	x := c.o.finding(f, last, history)
	x.Seed, x.Verified, x.FoundAfter = c.o.Seed, verified, seen.Seconds()
	x.sortInto(&c.Findings, &c.Advice, "model-")
	if c.o.Found == nil {
		return nil
	}
	return c.o.Found(x)
}

// verify plays a history again on fresh programs.
func (c *stateful) verify(ctx context.Context, want Kind, history []Action) (f *fault, last *stage, verified int) {
	for range verifications {
		if again, s, err := c.o.probe(ctx, history); err == nil && again != nil && again.kind == want {
			verified++
			f, last = again, s
		}
	}
	return f, last, verified
}

// historyFor bounds how long a history is made short. In the meantime silence is
// taken for a fault after shortPatience: what comes of it is verified.
const (
	historyFor    = 30 * time.Second
	shortPatience = time.Second
)

// enough tells whether a fault was seen so often that a right program cannot
// have it: what came too late must come too late every time.
func enough(k Kind, verified int) bool {
	switch k {
	case Crash, Exception:
		return verified > 0
	case Answer:
		return verified >= 2
	}
	return verified == verifications
}

// ReplayMachine plays the histories of findings on three fresh programs each, as
// Replay does with those of visits.
func ReplayMachine(ctx context.Context, o MachineOptions, findings []*Finding) ([]Replayed, error) {
	c := &stateful{o: &o}
	var list []Replayed
	for _, x := range findings {
		if len(x.History) == 0 {
			continue
		}
		f, _, seen := c.verify(ctx, x.Kind, x.History)
		if ctx.Err() != nil {
			return list, context.Cause(ctx)
		}
		r := Replayed{Finding: x, Seen: seen}
		if f != nil {
			r.Evidence = f.evidence
		}
		list = append(list, r)
	}
	return list, nil
}
