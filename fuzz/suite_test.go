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

// TestSuiteOfRightPrograms has no finding for any reference: neither by the
// scenarios nor by cases that are drawn.
func TestSuiteOfRightPrograms(t *testing.T) {
	for _, p := range reference.All {
		for role, main := range map[string]mainFunc{"server": p.Server, "client": p.Client} {
			t.Run(p.Name+"/"+role, func(t *testing.T) {
				t.Parallel()
				const cases = 40
				o := suiteOf(t, p.Name, main, cases)
				for _, o := range []fuzz.Options{o, fuzz.Drawn(o)} {
					c := runSuite(t, role, o)
					require.Equal(t, cases, c.Cases)
					for _, f := range slices.Concat(c.Findings, c.Advice) {
						t.Errorf("%s: %s %v", f.Signature, f.Evidence, f.Sends)
					}
				}
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
			m := named(t, w.table, w.name)
			c := runSuite(t, m.Role, fuzz.Drawn(suiteOf(t, w.protocol, m.Main, 120)))
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
	o := suiteOf(t, "chat", func(context.Context, reference.Env) int { return 1 }, 10)
	synctest.Test(t, func(t *testing.T) {
		_, err := fuzz.RunSuite(t.Context(), conformance.Client, o)
		require.ErrorIs(t, err, fuzz.ErrNeverWorked)
	})
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
