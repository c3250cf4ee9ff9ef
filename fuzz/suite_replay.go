package fuzz

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"netproctor/conformance"
)

// Played says which scenario a case of RunSuite plays, and how.
type Played struct {
	Scenario string               `json:"scenario"`
	Delivery conformance.Delivery `json:"delivery,omitempty"`
	Seed     uint64               `json:"seed"` // of its values
	// Message stands in place of what the step sends, in hexadecimal; nil: the
	// scenario is played as it is.
	Message *string `json:"message,omitempty"`
	Step    int     `json:"step,omitempty"` // its place among the steps
}

// String says it for people, as grade calls a scenario.
func (p *Played) String() string {
	text := p.Scenario
	if p.Delivery != conformance.Whole {
		text += "@" + string(p.Delivery)
	}
	if p.Message != nil {
		return text + " with another message"
	}
	return fmt.Sprintf("%s, seed %d", text, p.Seed)
}

// errNoScenario says that the suite has changed since.
var errNoScenario = errors.New("there is no such scenario any more")

// find makes the case again.
func (c *suite) find(p *Played) (suiteCase, error) {
	s, known := c.o.Protocol.Scenario(p.Scenario)
	if !known || s.Skip != "" {
		return suiteCase{}, fmt.Errorf("%s: %w", p.Scenario, errNoScenario)
	}
	if p.Message == nil {
		return suiteCase{Trial: conformance.Trial{Scenario: s, Delivery: p.Delivery, Covers: s.Covers}, seed: p.Seed}, nil
	}
	message, err := hex.DecodeString(*p.Message)
	if err != nil || p.Step < 0 || p.Step >= len(s.Steps) {
		return suiteCase{}, fmt.Errorf("%s: wanted a message in hexadecimal for one of its steps, got %q for number %d", p.Scenario, *p.Message, p.Step)
	}
	x := seed{scenario: s, at: p.Step}
	for _, y := range c.seeds() {
		if y.scenario == s && y.at == p.Step {
			x = y
		}
	}
	return c.mutated(x.mutate(message)), nil
}

// ReplaySuite plays the findings of RunSuite again, as Replay does with those of
// visits.
func ReplaySuite(ctx context.Context, role string, o Options, findings []*Finding) ([]Replayed, error) {
	o.Cases = len(findings) // each as long as it takes
	c, done := newSuite(ctx, role, &o)
	defer done()
	c.fail = func(error) {} // what does not speak at all still fails
	var list []Replayed
	for _, x := range findings {
		if x.Played == nil {
			continue
		}
		k, err := c.find(x.Played)
		if err != nil {
			return list, err
		}
		r := Replayed{Finding: x}
		f := &suiteFault{fault: fault{kind: x.Kind, signature: x.Signature}}
		seen, _, last := c.verify(ctx, k, f)
		if ctx.Err() != nil {
			return list, context.Cause(ctx)
		}
		if r.Seen = seen; last != nil {
			r.Evidence = last.evidence
		}
		list = append(list, r)
	}
	if !c.alive && c.lifeless > 0 {
		return nil, fmt.Errorf("%w: %s", ErrNeverWorked, c.why)
	}
	return list, nil
}
