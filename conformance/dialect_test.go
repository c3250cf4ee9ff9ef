package conformance_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/reference"
	"netproctor/scenarios"
)

// TestFileshareDialects holds the reference against the suites in each of its
// dialects, and without one. What a dialect cannot carry is skipped.
func TestFileshareDialects(t *testing.T) {
	ref, known := reference.ByName("fileshare")
	require.True(t, known)
	l := lab{disk: true}
	for _, c := range []struct {
		dialect, spoken string
		most            int // scenarios that may be skipped, in a role
	}{{"handout", "handout", 30}, {"text", "text", 40}, {"none", "sized", 140}} {
		p, err := conformance.Load(scenarios.Files, "fileshare", conformance.LoadOptions{Set: map[string]string{"DIALECT": c.dialect}})
		require.NoError(t, err)
		speaking := func(main mainFunc) mainFunc {
			return func(ctx context.Context, e reference.Env) int {
				e.Args = append([]string{"-dialect", c.spoken}, e.Args...)
				return main(ctx, e)
			}
		}
		for role, target := range l.targets(p, speaking(ref.Server), speaking(ref.Client)) {
			t.Run(c.dialect+"/"+role, func(t *testing.T) {
				s := l.grade(t, p, role, target)
				skipped := 0
				for _, r := range s.Results {
					if r.Outcome == conformance.Skip {
						skipped++
						continue
					}
					l.requirePass(t, r)
				}
				require.LessOrEqual(t, skipped, c.most)
				require.Less(t, skipped, len(s.Results)-5)
				t.Logf("%d of %d scenarios skipped", skipped, len(s.Results))
			})
		}
	}
}
