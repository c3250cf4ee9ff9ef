package fuzz

import (
	"cmp"
	"slices"

	"netproctor/conformance"
)

// inBreadth orders trials so that much is found early: one of each requirement
// before the second of any, in the order of the suite, which has the basic ones
// first; sleeping ones later, and last what moves much data.
func inBreadth(p *conformance.Protocol, trials []conformance.Trial) []conformance.Trial {
	trials = slices.DeleteFunc(slices.Clone(trials), func(t conformance.Trial) bool { return t.Observes })
	slices.SortStableFunc(trials, func(a, b conformance.Trial) int { return cmp.Compare(a.Takes/sleepsFor, b.Takes/sleepsFor) })
	type placed struct {
		conformance.Trial
		rank int
	}
	var list []placed
	seen := map[string]int{}
	for _, t := range trials {
		rank := lastRank
		for _, id := range t.Covers {
			rank = min(rank, seen[id])
			seen[id]++
		}
		switch {
		case heavy(t.Scenario):
			rank += lastRank
		case p.Strictest(t.Covers) != conformance.Must:
			rank++ // what is not required can wait a little
		}
		list = append(list, placed{t, rank})
	}
	slices.SortStableFunc(list, func(a, b placed) int { return cmp.Compare(a.rank, b.rank) })
	trials = trials[:0]
	for _, t := range list {
		trials = append(trials, t.Trial)
	}
	return trials
}

// lastRank is behind all that are not heavy.
const lastRank = 1 << 20

// heavy tells whether a scenario moves so much that playing it disturbs others.
func heavy(s *conformance.Scenario) bool {
	return slices.ContainsFunc(slices.Concat(s.Needs, s.Steps, s.Then), func(step conformance.Step) bool {
		switch step.(type) {
		case *conformance.ExpectBulk, *conformance.ExpectMemory:
			return true
		}
		return false
	})
}
