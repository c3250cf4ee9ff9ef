package fuzz_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
	"netproctor/internal/proc"
)

// A realProgram is a server as a process: one of those that the harness is tried
// on, or the test binary as a reference.
type realProgram struct {
	protocol, dir string
	words         []string
	dialect       string
}

// target gives the program, or skips the test where its interpreter is missing.
func (p realProgram) target(t testing.TB) *conformance.Command {
	t.Helper()
	dir, words := "", append([]string(nil), p.words...)
	if p.dir == "reference" {
		self, err := os.Executable()
		require.NoError(t, err)
		words = append([]string{self, serveWord, p.protocol}, words...)
	} else {
		var err error
		dir, err = filepath.Abs(filepath.Join("../conformance/testdata/programs", p.protocol, p.dir))
		require.NoError(t, err)
		if words[0], err = proc.Executable(words[0]); err != nil {
			t.Skip(err)
		}
	}
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { iso.Close() })
	target, err := conformance.NewCommand(words, iso)
	require.NoError(t, err)
	return target.Named(p.dir)
}

// options are those of a campaign of turns on the program.
func (p realProgram) options(t testing.TB) fuzz.MachineOptions {
	t.Helper()
	var params map[string]string
	if p.dialect != "" {
		params = map[string]string{"DIALECT": p.dialect}
	}
	proto, err := loaded(p.protocol, params)
	require.NoError(t, err)
	m, err := protocols.Machine(p.protocol, params)
	require.NoError(t, err)
	return fuzz.MachineOptions{Protocol: proto, Target: p.target(t), Machine: m, Seed: 1}
}

// rightPrograms are right servers whose conversations go in turns.
var rightPrograms = []realProgram{
	{protocol: "transfer", dir: "reference"},
	{protocol: "transfer", dir: "python-good", words: []string{"python3", "server.py"}},
	{protocol: "chat", dir: "reference"},
	{protocol: "chat", dir: "python-good", words: []string{"python3", "srv.py"}},
	{protocol: "chat", dir: "node-good", words: []string{"node", "srv.js"}},
	{protocol: "fileshare", dir: "reference"},
	{protocol: "fileshare", dir: "python-good", words: []string{"python3", "server.py"}},
	{protocol: "fileshare", dir: "python-unusual", words: []string{"python3", "server.py"}},
}

// all tells whether all programs are to be played, and not a few.
var all = os.Getenv("PROGRAMS") != ""

// TestTurnsOfRightServers finds nothing in them.
func TestTurnsOfRightServers(t *testing.T) {
	for _, p := range rightPrograms {
		if p.dir != "python-good" && !all {
			continue
		}
		t.Run(strings.TrimSpace(p.protocol+"/"+p.dir+" "+p.dialect), func(t *testing.T) {
			o := p.options(t)
			o.Cases = 250
			if p.protocol == "transfer" && p.dir == "reference" { // which sleeps behind each command
				o.Cases = 130
				t.Parallel()
			}
			c, err := fuzz.RunTurns(t.Context(), o)
			require.NoError(t, err)
			for _, f := range c.Findings {
				t.Errorf("%s\n%s\n%s", f.Signature, f.Evidence, strings.Join(f.Actions, "\n"))
			}
			require.Empty(t, c.Stopped)
			require.Equal(t, o.Cases, c.Cases)
			require.Positive(t, c.Wrong)
			require.False(t, c.Blind)
			t.Logf("%d cases, %d exchanges in %s, %d starts, unexplained %d %q", c.Cases, c.Visits, c.Elapsed, c.Starts, c.Unexplained, c.Doubts)
		})
	}
}

// BenchmarkNetFuzzTurns plays histories of turns and, side by side on the same
// program, the same system calls alone.
func BenchmarkNetFuzzTurns(b *testing.B) {
	for _, p := range rightPrograms {
		b.Run(p.protocol+"/"+p.dir, func(b *testing.B) { fuzz.TurnsSideBySide(b, p.options(b)) })
	}
	for _, p := range rightPrograms {
		if p.protocol != "fileshare" {
			continue
		}
		b.Run("discovery/"+p.dir, func(b *testing.B) {
			o := p.options(b)
			o.Machine = protocols.Discovery()
			fuzz.TurnsSideBySide(b, o)
		})
	}
}

// TestTurnsFindWrongServers has wrong servers in Python found within so many
// cases, each by a history that the server alone shows again.
func TestTurnsFindWrongServers(t *testing.T) {
	protocol := ""
	for _, p := range []realProgram{
		{protocol: "transfer", dir: "python-server-appends", words: []string{"python3", "server.py"}},
		{protocol: "transfer", dir: "python-server-error-with-file", words: []string{"python3", "server.py"}},
		{protocol: "chat", dir: "python-server-echoes", words: []string{"python3", "srv.py"}},
		{protocol: "chat", dir: "python-server-counts-joins", words: []string{"python3", "srv.py"}},
		{protocol: "fileshare", dir: "python-server-appends", words: []string{"python3", "server.py"}},
	} {
		if p.protocol == protocol && !all {
			continue // the first of each
		}
		protocol = p.protocol
		t.Run(p.protocol+"/"+p.dir, func(t *testing.T) {
			t.Parallel()
			o := p.options(t)
			o.Cases = 60
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o.Found = func(*fuzz.Finding) error { cancel(); return nil } // one is enough
			c, err := fuzz.RunTurns(ctx, o)
			require.NoError(t, err)
			require.NotEmpty(t, c.Findings, "%q", c.Doubts)
			f := c.Findings[0]
			require.GreaterOrEqual(t, f.Verified, 2)
			require.NotEmpty(t, f.Requirements)
			require.NotEmpty(t, f.History)
			t.Logf("%s after %.2f s: %s", f.Signature, f.FoundAfter, strings.Join(f.Actions, "; "))
		})
	}
}

// TestTurnsOfHistoriesAreRight holds histories of campaigns, with all that is wrong
// in them, against references in memory.
func TestTurnsOfHistoriesAreRight(t *testing.T) {
	for _, m := range machines {
		if m.protocol == "mailbox" || m.protocol == "download" || m.params["DIALECT"] == "text" {
			continue
		}
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			o := machineOn(t, m.protocol, m.params, referenceMain(t, m.protocol, m.args))
			o.Seed = 7
			var numbers []int
			for i := range 100 {
				numbers = append(numbers, 200+i) // where some are wrong
			}
			histories := fuzz.TurnsHistories(&o, numbers...)
			slices.Reverse(numbers)
			again := fuzz.TurnsHistories(&o, numbers...)
			slices.Reverse(again)
			require.Equal(t, histories, again, "a history follows from its number")
			for i, history := range histories {
				var wrong string
				var err error
				synctest.Test(t, func(t *testing.T) { wrong, err = o.Check(t.Context(), history) })
				require.NoError(t, err)
				require.Empty(t, wrong, "case %d: %s", 200+i, tellHistory(history))
			}
		})
	}
}
