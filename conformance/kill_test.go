package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/reference"
)

// TestReferences holds every reference against every scenario, as subtests
// named by id.
func TestReferences(t *testing.T) {
	for _, l := range labs {
		ref, known := reference.ByName(l.protocol)
		require.True(t, known)
		for role, target := range l.targets(l.load(t), ref.Server, ref.Client) {
			t.Run(l.protocol+"/"+role, func(t *testing.T) {
				s := l.grade(t, l.load(t), role, target)
				require.Equal(t, s.Score.Possible, s.Score.Earned)
				for _, r := range s.Results {
					t.Run(r.ID(), func(t *testing.T) { l.requirePass(t, r) })
				}
			})
		}
	}
}

// TestKillVariants demands that programs which are right and unusual fail
// nothing.
func TestKillVariants(t *testing.T) {
	for _, l := range labs {
		for _, v := range l.variants {
			t.Run(l.protocol+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				p := l.load(t)
				if !v.Bulk {
					p = l.light(p, "")
				}
				s := l.grade(t, p, v.Role, l.target(v.Name, v.Main, v.Client))
				for _, r := range s.Results {
					if v.Lacks == "" || !slices.Contains(r.Covers, v.Lacks) {
						l.requirePass(t, r)
					}
				}
				require.Equal(t, s.Score.Possible, s.Score.Earned)
				t.Logf("variant %s: %d of %d requirements: %s", v.Name, s.Score.Earned, s.Score.Possible, v.Why)
			})
		}
	}
}

// requirePass demands that a scenario has passed, if it can be judged in memory.
func (l lab) requirePass(t *testing.T, r conformance.Result) {
	t.Helper()
	if r.Outcome == conformance.Skip && l.inProcesses(r.Covers) {
		return
	}
	if r.Outcome != conformance.Pass && r.Outcome != conformance.Observed {
		t.Errorf("%s: %s at %s: wanted %s, got %s", r.ID(), r.Outcome, r.Step, r.Want, r.Got)
	}
	if strings.HasPrefix(r.Observed, "neither") {
		t.Errorf("%s: %s", r.ID(), r.Observed)
	}
}

// inProcesses tells whether a scenario covers what only a process shows.
func (l lab) inProcesses(covers []string) bool {
	return slices.ContainsFunc(covers, func(id string) bool { return slices.Contains(l.processes, id) })
}

// TestKillNulls demands that programs which do nothing earn nothing.
func TestKillNulls(t *testing.T) {
	for _, l := range labs {
		require.GreaterOrEqual(t, len(l.nulls), 16)
		for _, v := range l.nulls {
			t.Run(l.protocol+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				s := l.grade(t, l.load(t), v.Role, l.target(v.Name, v.Main, v.Client))
				for _, q := range s.Requirements {
					require.False(t, q.Outcome == conformance.Pass, "%s: %v", q.ID, q.Scenarios)
				}
				require.Zero(t, s.Score.Earned)
				require.NotZero(t, s.Score.Possible)
				t.Logf("null %s: %d of %d requirements", v.Name, s.Score.Earned, s.Score.Possible)
			})
		}
	}
}

// TestKillMutants demands that every wrong program is caught, by a scenario of
// the requirement that it breaks, and that every scenario catches some.
func TestKillMutants(t *testing.T) {
	for _, l := range labs {
		t.Run(l.protocol, func(t *testing.T) {
			p := l.load(t)
			var useful idSet
			t.Run("mutants", func(t *testing.T) {
				for _, m := range l.mutants {
					t.Run(m.Name, func(t *testing.T) {
						t.Parallel()
						s := l.grade(t, l.focused(p, m.Role, m.Breaks), m.Role, l.target(m.Name, m.Main, m.Client))
						by, all := failures(t, s, m.Breaks)
						t.Logf("kill %-36s %-24s %3d scenarios fail, such as %s", m.Name, m.Breaks, len(all), strings.Join(by[:min(2, len(by))], ", "))
						require.NotEmpty(t, by, "%s: %s is not caught by a scenario of %s, but by %v", m.Name, m.Why, m.Breaks, all)
						useful.add(all)
					})
				}
			})
			t.Run("others", func(t *testing.T) { l.tryOthers(t, p, &useful) })
			for _, s := range l.useless(p, "", &useful) {
				t.Errorf("%s fails for no wrong program: %s", s.ID, s.Why)
			}
			fmt.Printf("matrix %s: %d wrong programs, %d scenarios\n", l.protocol, len(l.mutants), len(p.Scenarios))
		})
	}
}

// tryOthers plays the scenarios that have caught nothing so far to the programs
// that are wrong in other ways, until each has caught one.
func (l lab) tryOthers(t *testing.T, p *conformance.Protocol, useful *idSet) {
	for _, m := range l.mutants {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			less := *p
			unbroken(&less, m.Role)
			if less.Scenarios = l.useless(p, m.Role, useful); len(less.Scenarios) == 0 {
				return
			}
			_, all := failures(t, l.grade(t, &less, m.Role, l.target(m.Name, m.Main, m.Client)), m.Breaks)
			useful.add(all)
		})
	}
}

// useless are the scenarios of a role, or of all for "", that have caught no
// wrong program, among those that could.
func (l lab) useless(p *conformance.Protocol, role string, useful *idSet) []*conformance.Scenario {
	return slices.DeleteFunc(slices.Clone(p.Scenarios), func(s *conformance.Scenario) bool {
		return role != "" && s.Role() != role || p.Observes(s) || l.inProcesses(s.Covers) || useful.has(s.ID)
	})
}

// An idSet is a set of scenario ids that many may use.
type idSet struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (s *idSet) add(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = map[string]bool{}
	}
	for _, id := range ids {
		s.ids[id] = true
	}
}

func (s *idSet) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

// failures gives the scenarios that failed, and those of them that cover a
// requirement. A program's own fault never breaks the harness.
func failures(t *testing.T, s conformance.Suite, breaks string) (by, all []string) {
	t.Helper()
	for _, r := range s.Results {
		require.NotEqual(t, conformance.Broken, r.Outcome, "%s: %s", r.ID(), r.Got)
		if r.Outcome != conformance.Fail {
			continue
		}
		all = append(all, r.Scenario)
		if slices.Contains(r.Covers, breaks) {
			by = append(by, r.ID())
		}
	}
	return by, slices.Compact(all)
}

// TestMutantTables demands a wrong program for each must requirement at least,
// each with a name and a requirement of its own role.
func TestMutantTables(t *testing.T) {
	for _, l := range labs {
		p := l.load(t)
		names := map[string]bool{}
		count := map[string]int{}
		for _, m := range l.mutants {
			require.False(t, names[m.Name], "%s is there twice", m.Name)
			names[m.Name] = true
			count[m.Role]++
			q, known := p.Requirement(m.Breaks)
			require.True(t, known, "%s breaks %s", m.Name, m.Breaks)
			require.Equal(t, m.Role, q.Role(), m.Name)
		}
		for _, q := range p.Requirements {
			if q.Level == conformance.Must {
				count[q.Role()]--
			}
		}
		for _, role := range conformance.Roles {
			require.GreaterOrEqual(t, count[role], 0, "%s/%s: fewer wrong programs than must requirements", l.protocol, role)
		}
	}
}
