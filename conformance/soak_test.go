package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// TestSoak grades right programs of all protocols over and over while other
// processes burn CPU: make soak, or with SOAK=mailbox/server only some. No verdict may be a failure, and less than one in a hundred
// inconclusive. The count per scenario is printed.
func TestSoak(t *testing.T) {
	runs, err := strconv.Atoi(os.Getenv("SOAK_RUNS"))
	if err != nil {
		t.Skip("SOAK_RUNS is not set: run it by make soak")
	}
	burners, err := strconv.Atoi(os.Getenv("SOAK_BURNERS"))
	require.NoError(t, err)
	for range burners {
		burn(t)
	}
	for _, p := range programs {
		p = p.fill()
		if p.dir == "python-good" {
			t.Run(p.protocol+"/"+p.role, func(t *testing.T) { soak(t, p, runs) })
		}
	}
}

// burn uses up a processor until the test ends, however it ends.
func burn(t *testing.T) {
	t.Helper()
	c := exec.Command("sh", "-c", "while [ -d /proc/$PPID ]; do :; done")
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		require.NoError(t, c.Process.Kill())
		_ = c.Wait() // it was killed
	})
}

func soak(t *testing.T, p program, runs int) {
	t.Helper()
	counts := map[string]map[conformance.Outcome]int{}
	all := map[conformance.Outcome]int{}
	for run := range runs {
		suite := gradeProgram(t, p, p.sample)
		for _, r := range suite.Results {
			if counts[r.ID()] == nil {
				counts[r.ID()] = map[conformance.Outcome]int{}
			}
			counts[r.ID()][r.Outcome]++
			all[r.Outcome]++
			if slices.Contains(r.Covers, p.lacks) {
				continue // it fails on a quiet machine, too
			}
			if r.Outcome == conformance.Fail || r.Outcome == conformance.Blocked || r.Outcome == conformance.Broken {
				t.Errorf("run %d: %s: %s at %s; wanted %s, got %s (attempt %d, the harness was late by %s)",
					run+1, r.ID(), r.Outcome, r.Step, r.Want, r.Got, r.Attempts, r.Played.Lateness)
				saveTranscript(t, fmt.Sprintf("run-%d-%s", run+1, strings.ReplaceAll(r.ID(), "/", "_")), r.Played)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		fmt.Printf("soak %-9s %-60s %v\n", p.protocol, id, counts[id])
	}
	total := 0
	for _, n := range all {
		total += n
	}
	fmt.Printf("soak %-9s %s: %d runs, %d results: %v\n", p.protocol, p.role, runs, total, all)
	require.Less(t, all[conformance.Inconclusive]*100, total, "inconclusive results")
}

// saveTranscript keeps what happened, for whoever wants to know why: -artifacts.
func saveTranscript(t *testing.T, name string, tr *conformance.Transcript) {
	t.Helper()
	b, err := json.MarshalIndent(tr, "", " ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), name+".json"), b, 0o600))
}

// BenchmarkSuite grades the Python server of mailbox, whole. It reports the
// wall time of a run, and the sum of its scenarios' own times as a multiple.
func BenchmarkSuite(b *testing.B) {
	for b.Loop() {
		suite := gradeProgram(b, program{protocol: "mailbox", dir: "python-good", role: "server", command: "python3 server.py", needs: "python3"}, nil)
		b.ReportMetric(suite.Elapsed, "s-wall/op")
		b.ReportMetric(suite.ScenarioTime(), "s-scenarios/op")
		b.ReportMetric(suite.ScenarioTime()/suite.Elapsed, "scenarios/wall")
	}
}
