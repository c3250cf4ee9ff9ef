package fuzz_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/scenarios"
)

// TestWrongServersAreFoundAndShortened has the machines find wrong servers, each
// wrong in another way: within so many cases, and by a history of so many lines.
func TestWrongServersAreFoundAndShortened(t *testing.T) {
	for _, tt := range []struct {
		protocol, name string
		lines          int    // of the history, at most
		has            string // that is in it
	}{
		{"mailbox", "server-takes-254", 2, "255 × client 0 visits"},
		{"mailbox", "server-more-at-255", 2, "255 × client 0 visits"},
		{"mailbox", "server-takes-all", 2, "256 × client 0 visits"},
		{"mailbox", "server-takes-the-newest-first", 3, ""},
		{"mailbox", "server-removes-nothing", 3, ""},
		{"download", "server-opens-once", 3, ""},
		{"download", "server-opens-stripped-name", 1, ""},
		{"download", "server-serves-ten", 1, "10 × client 0 visits"},
		{"transfer", "server-put-does-not-truncate", 12, ""},
		{"transfer", "server-put-keeps-existing", 12, ""},
		{"transfer", "server-del-empties", 12, ""},
		{"transfer", "server-ends-when-left-before-size", 4, "closes"},
		{"chat", "server-counts-down-twice", 5, ""},
		{"chat", "server-takes-ten", 12, ""},
		{"chat", "server-overwrites-in-place", 9, "somebody looks"},
		{"chat", "server-upload-told-early", 4, "#upload"},
		{"chat", "server-echoes", 3, ""},
		{"fileshare", "server-put-appends", 8, ""},
		{"fileshare", "server-uploads-listed-privately", 6, ""},
		{"fileshare", "server-strips-space", 4, ""},
		{"fileshare", "server-one-client-at-a-time", 4, ""},
	} {
		t.Run(tt.protocol+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			wrong := named(t, mutants[tt.protocol].wrong, tt.name)
			var c *fuzz.Campaign
			for seed := uint64(1); c == nil || len(c.Findings) == 0; seed++ {
				require.LessOrEqual(t, seed, uint64(60), "not found: %s", wrong.Why)
				c = runMachine(t, tt.protocol, wrong.Main, seed, 1)
			}
			f := c.Findings[0]
			history := strings.Join(f.Actions, "\n")
			require.LessOrEqual(t, len(f.Actions), tt.lines, "%s", history)
			require.Contains(t, history, tt.has)
			require.Contains(t, f.Requirements[0], "server.")
			require.Equal(t, 3, f.Verified)
			s := foundScenario(t, tt.protocol, f)
			require.NotEqual(t, conformance.Pass, played(t, tt.protocol, s, wrong.Main), "the scenario does not show it:\n%s", history)
			require.Equal(t, conformance.Pass, played(t, tt.protocol, s, referenceMain(t, tt.protocol, nil)), "a right server fails the scenario:\n%s", history)
		})
	}
}

// foundScenario is a finding's file, as Load reads it.
func foundScenario(t *testing.T, protocol string, f *fuzz.Finding) *conformance.Scenario {
	dir := t.TempDir()
	require.NoError(t, fuzz.Write(dir, []*fuzz.Finding{f}))
	found, err := os.ReadFile(filepath.Join(dir, f.Scenario))
	require.NoError(t, err)
	declares, err := fs.ReadFile(scenarios.Files, protocol+"/protocol.star")
	require.NoError(t, err)
	p, err := conformance.Load(fstest.MapFS{protocol + "/protocol.star": {Data: declares}, protocol + "/" + f.Scenario: {Data: found}},
		protocol, conformance.LoadOptions{Partial: true})
	require.NoError(t, err, "%s", found)
	require.Len(t, p.Scenarios, 1)
	return p.Scenarios[0]
}

// played plays a scenario on a server in memory.
func played(t *testing.T, protocol string, s *conformance.Scenario, main mainFunc) (o conformance.Outcome) {
	m := machineOn(t, protocol, nil, main)
	synctest.Test(t, func(t *testing.T) {
		tr := conformance.Play(t.Context(), s, m.Protocol.Programs[conformance.Server], m.Target, conformance.PlayOptions{})
		o = conformance.Judge(s, tr, false).Outcome
	})
	return o
}

// TestMachineTellsAtOnce hands a finding over when it is verified, and ends when
// it cannot be kept.
func TestMachineTellsAtOnce(t *testing.T) {
	wrong := named(t, mutants["chat"].wrong, "server-echoes")
	o := machineOn(t, "chat", nil, wrong.Main)
	o.Seed, o.Cases = 1, 60
	full := errors.New("disk full")
	var told []*fuzz.Finding
	o.Found = func(x *fuzz.Finding) error {
		told = append(told, x)
		return full
	}
	synctest.Test(t, func(t *testing.T) {
		_, err := fuzz.RunMachine(t.Context(), o)
		require.ErrorIs(t, err, full)
	})
	require.Len(t, told, 1)
	require.Equal(t, 3, told[0].Verified)
}
