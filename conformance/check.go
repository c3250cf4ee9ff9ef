package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// check holds the declarations of a protocol against each other.
func (l *loader) check() error {
	p := l.proto
	for name := range l.set {
		if !slices.ContainsFunc(p.Params, func(q Param) bool { return q.Name == name }) {
			return fmt.Errorf("--set %s: %s has no such param%s", name, p.Name, DidYouMean(name, paramNames(p)))
		}
	}
	for _, s := range p.Scenarios {
		if err := p.checkCovers(s); err != nil {
			return err
		}
	}
	if bare := p.uncovered(); len(bare) > 0 && !l.partial {
		return fmt.Errorf("%s/%s: %s without a scenario: %s", p.Name, protocolFile, count(len(bare), "requirement"), strings.Join(bare, ", "))
	}
	return nil
}

func paramNames(p *Protocol) []string {
	var names []string
	for _, q := range p.Params {
		names = append(names, q.Name)
	}
	return names
}

func (p *Protocol) checkCovers(s *Scenario) error {
	var known []string
	for _, r := range p.Requirements {
		known = append(known, r.ID)
	}
	for _, id := range s.Covers {
		if !slices.Contains(known, id) {
			return fmt.Errorf("%s: scenario %s covers %q, which is no requirement%s", s.Pos, s.ID, id, DidYouMean(id, known))
		}
	}
	return nil
}

// uncovered lists the requirements that no scenario covers. Deliveries in
// pieces cover the requirement that is named for them.
func (p *Protocol) uncovered() []string {
	covered := map[string]bool{}
	for _, s := range p.Scenarios {
		for _, id := range s.Covers {
			covered[id] = true
		}
		if s.Pieces {
			covered[p.Programs[s.Role()].Fragments] = true
		}
	}
	var bare []string
	for _, r := range p.Requirements {
		if !covered[r.ID] {
			bare = append(bare, r.ID)
		}
	}
	return bare
}

// DidYouMean suggests the candidate that is nearest to a misspelt name, as
// text to be put behind an error; empty if none is near.
func DidYouMean(name string, candidates []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance is the least number of bytes to insert, delete or replace that
// turns a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
