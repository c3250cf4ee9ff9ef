package fuzz_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/internal/mutant"
	"netproctor/internal/mutant/chat"
	"netproctor/internal/mutant/fileshare"
	"netproctor/reference"
	"netproctor/scenarios"
)

// suiteCampaign fuzzes a program in memory by the scenarios of its suite.
func suiteCampaign(t *testing.T, protocol, role string, main func(context.Context, reference.Env) int, cases int) (c *fuzz.Campaign, err error) {
	p, err := conformance.Load(scenarios.Files, protocol, conformance.LoadOptions{})
	require.NoError(t, err)
	target := &conformance.Func{Name: "test program", Disk: true, Main: func(ctx context.Context, e conformance.FuncEnv) int {
		return main(ctx, reference.Env{Args: e.Args, Dir: e.Dir, In: e.In, Out: e.Out, Listen: e.Listen, Dial: e.Dial, ListenPacket: e.ListenPacket})
	}}
	synctest.Test(t, func(t *testing.T) {
		c, err = fuzz.RunSuite(t.Context(), role, fuzz.Options{Protocol: p, Target: target, Seed: 1, Cases: cases})
	})
	return c, err
}

// TestSuiteOfRightPrograms has no finding for any reference.
func TestSuiteOfRightPrograms(t *testing.T) {
	for _, p := range reference.All {
		for role, main := range map[string]func(context.Context, reference.Env) int{"server": p.Server, "client": p.Client} {
			t.Run(p.Name+"/"+role, func(t *testing.T) {
				t.Parallel()
				c, err := suiteCampaign(t, p.Name, role, main, 60)
				require.NoError(t, err)
				for _, f := range c.Findings {
					t.Errorf("%s: %s %v", f.Signature, f.Evidence, f.Sends)
				}
				require.Equal(t, 60, c.Cases)
			})
		}
	}
}

// TestSuiteOfWrongPrograms finds clients, and a server whose clients hear of each
// other, and writes what grade can play.
func TestSuiteOfWrongPrograms(t *testing.T) {
	for _, w := range []struct {
		protocol, name string
		table          []mutant.Mutant
		kind           fuzz.Kind
	}{
		{"chat", "server-decode-dies", chat.Servers, fuzz.Exception},
		{"chat", "client-decodes-pieces", chat.Clients, fuzz.Exception},
		{"fileshare", "client-close-uncaught", fileshare.Clients, fuzz.Exception},
		{"fileshare", "client-list-uncaught", fileshare.Clients, fuzz.Exception},
	} {
		t.Run(w.protocol+"/"+w.name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(w.table, func(m mutant.Mutant) bool { return m.Name == w.name })
			require.GreaterOrEqual(t, i, 0)
			m := w.table[i]
			c, err := suiteCampaign(t, w.protocol, m.Role, m.Main, 120)
			require.NoError(t, err)
			require.NotEmpty(t, c.Findings, m.Why)
			require.True(t, slices.ContainsFunc(c.Findings, func(f *fuzz.Finding) bool { return f.Kind == w.kind && f.Verified == 3 }))
			dir := t.TempDir()
			require.NoError(t, fuzz.Write(dir, c.Findings))
			requirePlayable(t, w.protocol, filepath.Join(dir, c.Findings[0].Scenario))
		})
	}
}

// TestSuiteOfDeadProgram is not fuzzed.
func TestSuiteOfDeadProgram(t *testing.T) {
	_, err := suiteCampaign(t, "chat", "client", func(context.Context, reference.Env) int { return 1 }, 10)
	require.ErrorIs(t, err, fuzz.ErrNeverWorked)
}

// requirePlayable loads a scenario that was found beside those of its protocol.
func requirePlayable(t *testing.T, protocol, file string) {
	t.Helper()
	found, err := os.ReadFile(file)
	require.NoError(t, err)
	list, err := fs.ReadFile(scenarios.Files, protocol+"/protocol.star")
	require.NoError(t, err)
	p, err := conformance.Load(fstest.MapFS{
		protocol + "/protocol.star":    {Data: list},
		protocol + "/found/found.star": {Data: found},
	}, protocol, conformance.LoadOptions{Partial: true})
	require.NoError(t, err)
	require.Len(t, p.Scenarios, 1)
}
