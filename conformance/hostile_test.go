package conformance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// TestHostilePrograms grades programs that harm the machine that they run on. Each
// ends in a clear result with evidence, in bounded time, and nothing is left
// running.
func TestHostilePrograms(t *testing.T) {
	for _, c := range []struct {
		file     string
		only     []string
		outcome  conformance.Outcome
		got      string // what is said of it, as a regular expression
		evidence string // what the program printed or how it was, likewise
	}{
		{"never_listens.py", []string{"server.loops"}, conformance.Fail, "it runs but does not listen after 1", "blocked in"},
		{"exits_at_once.py", []string{"server.loops"}, conformance.Fail, "it ended before it listened: exit status 1", "exit status 1"},
		{"spins_after_close.py", []string{"server/read-fifo/five-senders"}, conformance.Fail, "still open after 3", "running, "},
		{"floods_output.py", []string{"server/read-fifo/five-senders"}, conformance.Pass, "", ""},
		{"ignores_sigterm.py", []string{"server/read-fifo/five-senders"}, conformance.Pass, "", ""},
		{"setsid_child.py", []string{"server.loops"}, conformance.Pass, "", ""},
		{"opens_descriptors.py", []string{"server/read-fifo/five-senders"}, conformance.Fail, "the program has ended: exit status 1", "Too many open files"},
		{"allocates.py", []string{"server/read-fifo/five-senders"}, conformance.Fail, "still open after 3|the program has ended: exit status 1|connection refused", "MemoryError|MiB of memory"},
	} {
		t.Run(strings.TrimSuffix(c.file, ".py"), func(t *testing.T) {
			t.Parallel() // mostly waited for
			s := gradeSurely(t, program{protocol: "mailbox", dir: "hostile", role: conformance.Server, command: "python3 " + c.file, needs: "python3"}, c.only)
			require.NotEmpty(t, s.Results)
			for _, r := range s.Results {
				if r.Delivery != conformance.Whole && c.outcome == conformance.Fail {
					continue // blocked by the whole message
				}
				require.Equal(t, c.outcome, r.Outcome, "%s at %s: wanted %s, got %s", r.ID(), r.Step, r.Want, r.Got)
				require.Regexp(t, c.got, r.Got)
				if r.Outcome == conformance.Fail {
					require.Regexp(t, c.evidence, evidence(r.Transcript), r.ID())
				}
			}
			require.Empty(t, running(t, c.file), "still running")
		})
	}
}

// evidence is what a program printed, and how it was or how it ended.
func evidence(events []conformance.Event) string {
	var b strings.Builder
	for _, e := range events {
		switch e.Kind {
		case conformance.Printed:
			b.Write(e.Data)
		case conformance.Vitals, conformance.Exited:
			b.WriteString(e.Text)
		}
	}
	return b.String()
}

// running lists the processes of this machine whose command line has a word.
func running(t *testing.T, word string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var list []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(b), word) {
			list = append(list, fmt.Sprintf("%s: %q", f, b))
		}
	}
	return list
}
