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
		{"fileshare", "server-one-client-at-a-time", 5, ""},
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
			s := foundScenario(t, tt.protocol, nil, f)
			require.NotEqual(t, conformance.Pass, played(t, machineOn(t, tt.protocol, nil, wrong.Main), s), "the scenario does not show it:\n%s", history)
			require.Equal(t, conformance.Pass, played(t, machineOn(t, tt.protocol, nil, referenceMain(t, tt.protocol, nil)), s), "a right server fails the scenario:\n%s", history)
		})
	}
}

// foundScenario is a finding's file, as Load reads it.
func foundScenario(t *testing.T, protocol string, params map[string]string, f *fuzz.Finding) *conformance.Scenario {
	dir := t.TempDir()
	require.NoError(t, fuzz.Write(dir, []*fuzz.Finding{f}))
	found, err := os.ReadFile(filepath.Join(dir, f.Scenario))
	require.NoError(t, err)
	declares, err := fs.ReadFile(scenarios.Files, protocol+"/protocol.star")
	require.NoError(t, err)
	p, err := conformance.Load(fstest.MapFS{protocol + "/protocol.star": {Data: declares}, protocol + "/" + f.Scenario: {Data: found}},
		protocol, conformance.LoadOptions{Partial: true, Set: params})
	require.NoError(t, err, "%s", found)
	require.Len(t, p.Scenarios, 1)
	return p.Scenarios[0]
}

// played plays a scenario on a server in memory.
func played(t *testing.T, m fuzz.MachineOptions, s *conformance.Scenario) (o conformance.Outcome) {
	synctest.Test(t, func(t *testing.T) {
		tr := conformance.Play(t.Context(), s, m.Protocol.Programs[conformance.Server], m.Target, conformance.PlayOptions{})
		v := conformance.Judge(s, tr, false)
		if o = v.Outcome; o != conformance.Pass {
			t.Logf("%s: wanted %s, got %s", o, v.Finding.Want, v.Finding.Got)
		}
	})
	return o
}

// TestWrittenHistoriesPass writes histories of campaigns of turns as scenarios, and
// has the reference pass them.
func TestWrittenHistoriesPass(t *testing.T) {
	for _, m := range machines {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			o := machineOn(t, m.protocol, m.params, referenceMain(t, m.protocol, m.args))
			o.Seed = 11
			var numbers []int
			for i := range 60 {
				numbers = append(numbers, 150+i) // where some are wrong
			}
			for i, history := range fuzz.TurnsHistories(&o, numbers...) {
				requireWrittenPasses(t, o, m.params, numbers[i], history)
			}
		})
	}
}

// TestWrittenPipelinesPass writes histories in which several commands come in one
// write, so that their answers may come in one, too.
func TestWrittenPipelinesPass(t *testing.T) {
	for name, sent := range map[string]string{
		"list, list":       "\x03\x03",
		"list, get":        "\x03\x01\x01b",
		"get, list":        "\x01\x01b\x03",
		"list, bye":        "\x03\x04",
		"list, get, list":  "\x03\x01\x01b\x03",
		"put, list, bye":   "\x02\x01b\x00\x00\x00\x00\x00\x00\x00\x01x\x03\x04",
		"list, get nobody": "\x03\x01\x01?",
		"list, unknown":    "\x03\x09",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := machineOn(t, "fileshare", nil, referenceMain(t, "fileshare", nil))
			requireWrittenPasses(t, o, nil, 0, []fuzz.Action{{Deed: fuzz.Connecting}, {Deed: fuzz.Sending, Turns: [][]byte{[]byte(sent)}}})
		})
	}
}

// requireWrittenPasses wants a right server to pass a history, and the scenario that is
// made of it.
func requireWrittenPasses(t *testing.T, o fuzz.MachineOptions, params map[string]string, number int, history []fuzz.Action) {
	t.Helper()
	var x *fuzz.Finding
	var wrong string
	var err error
	synctest.Test(t, func(t *testing.T) { x, wrong, err = o.WrittenDown(t.Context(), history) })
	require.NoError(t, err)
	require.Empty(t, wrong, "case %d: %s", number, tellHistory(history))
	x.ID, x.Requirements = "written", []string{o.Protocol.Requirements[0].ID}
	s := foundScenario(t, o.Protocol.Name, params, x)
	require.Equal(t, conformance.Pass, played(t, o, s), "case %d:%s\n%s", number, tellHistory(history), conformance.Format("", s))
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
