package conformance

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// ErrNothingChosen is wrapped by Run when a pattern matches no scenario.
var ErrNothingChosen = errors.New("matches nothing")

// An item is one thing to play: a scenario in one delivery.
type item struct {
	scenario *Scenario
	delivery Delivery
	covers   []string
	observes bool
	target   Target
	role     Program
	skip     string
	estimate time.Duration // about how long it takes
	base     *item         // the whole message, where this one is in pieces and that one is played too

	attempts    int
	passes      int     // attempts that held
	fails       int     // attempts that failed on a quiet machine
	wrong       bool    // one of them failed by more than being late
	verdict     Verdict // of the last attempt
	transcript  *Transcript
	final       bool        // the verdict stands
	passed      atomic.Bool // final, and all is well
	like        string      // the id of the item that it was not played for: see cause
	interrupted bool        // the user stopped the run while it was played
}

func (it *item) id() string {
	return (&Result{Scenario: it.scenario.ID, Delivery: it.delivery}).ID()
}

// plan lists what is to be played with one program: the chosen scenarios, then
// their deliveries in pieces.
func plan(p *Protocol, g Graded, only []string) []*item {
	var whole, pieces []*item
	role := p.Programs[g.Role]
	for _, s := range p.Scenarios {
		if s.Role() != g.Role {
			continue
		}
		it := &item{scenario: s, covers: s.Covers, observes: p.Observes(s), target: g.Target, role: role, skip: unplayable(s, g.Target), estimate: s.estimate()}
		if chosen(it, only) {
			whole = append(whole, it)
		}
		if !s.Pieces || role.Fragments == "" || p.Turns {
			continue
		}
		for _, d := range Deliveries {
			cut := &item{
				scenario: s, delivery: d, covers: []string{role.Fragments}, observes: it.observes,
				target: it.target, role: role, skip: it.skip, estimate: it.estimate,
			}
			if chosen(it, only) {
				cut.base = it
			}
			if chosen(cut, only) {
				pieces = append(pieces, cut)
			}
		}
	}
	return append(whole, pieces...)
}

// inOrder puts what takes longest first, so that little is waited for at the
// end, and whole messages before those in pieces.
func inOrder(items []*item) []*item {
	return slices.SortedStableFunc(slices.Values(items), func(a, b *item) int {
		if whole := (a.delivery == Whole); whole != (b.delivery == Whole) {
			if whole {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.estimate, a.estimate)
	})
}

// estimate is about how long a scenario takes: its pauses, the silences that it
// expects of the program, and a little for every step.
func (s *Scenario) estimate() time.Duration {
	var sum time.Duration
	for _, step := range s.all() {
		sum += time.Millisecond
		switch step := step.(type) {
		case *Pause:
			sum += step.For
		case *ExpectClose:
			sum += step.NotBefore
		case *ExpectExit:
			sum += step.NotBefore
		}
	}
	return sum
}

// unplayable gives the reason why a scenario cannot be played with a target;
// empty if it can.
func unplayable(s *Scenario, t Target) string {
	if s.Skip != "" {
		return s.Skip
	}
	if _, fixed := t.(addressed); fixed && !playable(s) {
		return ErrRunning.Error()
	}
	if own, can := t.(interface{ OwnArguments() bool }); can && own.OwnArguments() {
		for _, step := range s.all() {
			if start, is := step.(*Start); is && start.Given {
				return ErrOwnArguments.Error()
			}
		}
	}
	return ""
}

// chosen tells whether any of the patterns takes an item; without patterns all
// are taken.
func chosen(it *item, only []string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(pattern string) bool { return takes(pattern, it) })
}

// takes tells whether a pattern is a glob for the item's id, a folder of it,
// or for a requirement that it covers.
func takes(pattern string, it *item) bool {
	id := it.id()
	if strings.HasPrefix(id, strings.TrimSuffix(pattern, "/")+"/") || strings.HasPrefix(id, pattern+"@") {
		return true
	}
	match := func(name string) bool {
		ok, _ := path.Match(pattern, name)
		return ok
	}
	return match(id) || match(it.scenario.ID) || slices.ContainsFunc(it.covers, match)
}

// checkPatterns demands that each pattern takes something.
func checkPatterns(p *Protocol, graded []Graded, only []string) error {
	for _, pattern := range only {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
		if slices.ContainsFunc(graded, func(g Graded) bool { return len(plan(p, g, []string{pattern})) > 0 }) {
			continue
		}
		for _, role := range Roles {
			if len(plan(p, Graded{Role: role, Target: graded[0].Target}, []string{pattern})) > 0 {
				return fmt.Errorf("pattern %q %w: it is about the %s, which is not graded", pattern, ErrNothingChosen, role)
			}
		}
		return fmt.Errorf("pattern %q %w%s", pattern, ErrNothingChosen, DidYouMean(pattern, p.names()))
	}
	return nil
}

// names are the ids that a pattern can mean.
func (p *Protocol) names() []string {
	var list []string
	for _, s := range p.Scenarios {
		list = append(list, s.ID)
	}
	for _, r := range p.Requirements {
		list = append(list, r.ID)
	}
	return list
}
