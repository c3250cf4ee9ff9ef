package fuzz

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Read reads the findings that Write has put into a folder.
func Read(dir string) ([]*Finding, error) { return read(filepath.Join(dir, "findings.json")) }

// ReadAdvice reads those that break nothing which must be met.
func ReadAdvice(dir string) ([]*Finding, error) { return read(filepath.Join(dir, "advice.json")) }

func read(name string) ([]*Finding, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var findings []*Finding
	if err := json.Unmarshal(b, &findings); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, x := range findings {
		if err := x.decode(); err != nil {
			return nil, fmt.Errorf("%s: finding %s: %w", name, x.ID, err)
		}
	}
	return findings, nil
}

// decode takes the history from what is sent.
func (x *Finding) decode() error {
	if x.Played != nil {
		return nil
	}
	if len(x.Sends) == 0 && len(x.History) == 0 { // who connects and waits sends nothing
		return errors.New("wanted what is sent, got nothing")
	}
	x.history = nil
	for i, s := range x.Sends {
		b, err := hex.DecodeString(s)
		if err != nil {
			return fmt.Errorf("visit %d: %w", i+1, err)
		}
		x.history = append(x.history, b)
	}
	if g := x.Gap; g != nil && (len(x.history) != 2 || g.Cut < 0 || g.Cut > len(x.history[0]) || g.Paused < 0 || g.Patient <= 0) {
		return fmt.Errorf("wanted two visits and a gap in the first, got %d visits and %+v", len(x.history), *g)
	}
	return nil
}

// A Replayed is what has become of a finding.
type Replayed struct {
	*Finding
	// Seen is on how many of three fresh programs it showed again.
	Seen int
	// Evidence is that of the last time.
	Evidence string
}

// Fixed tells whether it was not seen any more.
func (r *Replayed) Fixed() bool { return r.Seen == 0 }

// again plays a finding on a fresh program.
func (m *minimiser) again(ctx context.Context, x *Finding) *fault {
	if x.Gap == nil {
		return m.probe(ctx, x.history)
	}
	o := *m.o
	o.Gap = x.Gap.Patient * 2 / 5
	f := o.probeStop(ctx, stop{*x.Gap, x.history[0], x.history[1]})
	if f == nil || f.kind != m.want {
		return nil
	}
	return f
}

// Replay plays the history of each finding on three fresh programs. The error
// is ErrNeverWorked for a program that does not start, or why it was stopped.
func Replay(ctx context.Context, o Options, findings []*Finding) ([]Replayed, error) {
	p, err := o.start(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNeverWorked, err)
	}
	if err := p.close(); err != nil {
		return nil, err
	}
	var list []Replayed
	for _, x := range findings {
		if len(x.History) > 0 || x.Played != nil {
			continue // see ReplayMachine and ReplaySuite
		}
		r := Replayed{Finding: x}
		m := &minimiser{o: &o, want: x.Kind, until: time.Now().Add(minimiseFor)}
		for range verifications {
			if f := m.again(ctx, x); f != nil {
				r.Seen++
				r.Evidence = f.evidence
			}
		}
		if ctx.Err() != nil {
			return list, context.Cause(ctx)
		}
		list = append(list, r)
	}
	return list, nil
}
