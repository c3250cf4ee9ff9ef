package fuzz_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
	"netproctor/internal/mutant"
	mutant_chat "netproctor/internal/mutant/chat"
	mutant_download "netproctor/internal/mutant/download"
	mutant_fileshare "netproctor/internal/mutant/fileshare"
	mutant_mailbox "netproctor/internal/mutant/mailbox"
	mutant_transfer "netproctor/internal/mutant/transfer"
	"netproctor/reference"
)

// A drawn source has rapid make the choices.
type drawn struct{ t *rapid.T }

func (d drawn) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.t, "choice") }

// A dialect is a protocol with params.
type dialect struct {
	protocol string
	params   map[string]string
	args     []string // of the reference server, where the prescribed ones do not say it
}

// String names it as a subtest.
func (d dialect) String() string {
	name := d.protocol
	for _, param := range slices.Sorted(maps.Keys(d.params)) {
		name += " " + param + "=" + strings.ReplaceAll(d.params[param], "/", "-")
	}
	return name
}

// machines are all state machines.
var machines = []dialect{
	{"mailbox", nil, nil},
	{"download", nil, nil},
	{"transfer", nil, nil},
	{"chat", nil, nil},
	{"fileshare", nil, nil},
	{"fileshare", map[string]string{"DIALECT": "handout"}, []string{"-dialect", "handout"}},
	{"fileshare", map[string]string{"DIALECT": "text"}, []string{"-dialect", "text"}},
	{"fileshare", map[string]string{"SDP": "31000", "FSP": "31001", "SERVER_DIR": "a/b"}, []string{"-sdp", "31000", "-fsp", "31001", "-folder", "a/b"}},
}

// machineOn gives a state machine and a server in memory.
func machineOn(t testing.TB, protocol string, params map[string]string, main mainFunc) fuzz.MachineOptions {
	t.Helper()
	p, err := loaded(protocol, params)
	require.NoError(t, err)
	m, err := protocols.Machine(protocol, params)
	require.NoError(t, err)
	target := &conformance.Func{Name: "test server", Disk: true, Folder: "/dev/shm", Main: func(ctx context.Context, e conformance.FuncEnv) int {
		return main(ctx, reference.Env{Args: e.Args, Dir: e.Dir, In: e.In, Out: e.Out, Listen: e.Listen, Dial: e.Dial, ListenPacket: e.ListenPacket})
	}}
	return fuzz.MachineOptions{Protocol: p, Target: target, Machine: m}
}

// A mainFunc is a program.
type mainFunc func(ctx context.Context, e reference.Env) int

// referenceMain is a reference server with some arguments of its own.
func referenceMain(t testing.TB, protocol string, args []string) mainFunc {
	t.Helper()
	r, known := reference.ByName(protocol)
	require.True(t, known)
	return func(ctx context.Context, e reference.Env) int {
		e.Args = append(e.Args, args...)
		return r.Server(ctx, e)
	}
}

// TestReferencesFollowTheirModels plays histories that rapid draws and makes short.
func TestReferencesFollowTheirModels(t *testing.T) {
	for _, m := range machines {
		t.Run(m.String(), func(t *testing.T) {
			t.Parallel()
			o := machineOn(t, m.protocol, m.params, referenceMain(t, m.protocol, m.args))
			rapid.Check(t, func(rt *rapid.T) {
				moves := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []fuzz.Action { return o.Machine.Draw(drawn{t}) }), 1, 20).Draw(rt, "moves")
				var history []fuzz.Action
				for _, move := range moves {
					history = append(history, move...)
				}
				var wrong string
				var err error
				synctest.Test(t, func(t *testing.T) { wrong, err = o.Check(t.Context(), history) })
				require.NoError(rt, err)
				if wrong != "" {
					rt.Fatalf("%s\nin %s", wrong, tellHistory(history))
				}
			})
		})
	}
}

func tellHistory(history []fuzz.Action) string {
	var s strings.Builder
	for _, a := range history {
		fmt.Fprintf(&s, "\n%s", a)
	}
	return s.String()
}

// mutants are the wrong and the unusual servers of each protocol.
var mutants = map[string]struct {
	wrong    []mutant.Mutant
	variants []mutant.Variant
}{
	"mailbox":   {mutant_mailbox.Servers, mutant_mailbox.ServerVariants},
	"download":  {mutant_download.Servers, mutant_download.ServerVariants},
	"transfer":  {mutant_transfer.Servers, mutant_transfer.ServerVariants},
	"chat":      {mutant_chat.Servers, mutant_chat.ServerVariants},
	"fileshare": {mutant_fileshare.Servers, mutant_fileshare.ServerVariants},
}

// runMachine fuzzes a server in memory, in virtual time.
func runMachine(t *testing.T, protocol string, main mainFunc, seed uint64, cases int) (c *fuzz.Campaign) {
	o := machineOn(t, protocol, nil, main)
	o.Seed, o.Cases = seed, cases
	synctest.Test(t, func(t *testing.T) {
		var err error
		c, err = fuzz.RunMachine(t.Context(), o)
		require.NoError(t, err)
	})
	return c
}

// TestUnusualServersFollowTheModels: they are right.
func TestUnusualServersFollowTheModels(t *testing.T) {
	for protocol, m := range mutants {
		for _, v := range m.variants {
			t.Run(protocol+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				for _, f := range runMachine(t, protocol, v.Main, 1, 25).Findings {
					t.Errorf("%s (lacks %q): %s\n%s\n%s", v.Why, v.Lacks, f.Signature, f.Evidence, strings.Join(f.Actions, "\n"))
				}
			})
		}
	}
}

// elsewhere are requirements about what no client of a state machine can see: the
// command line, what is printed, silence, pieces, and much data.
var elsewhere = regexp.MustCompile(`args|port-range|bind|log|verbose|quiet|gap|idle|started|upload-dir|announces|lists-files|discovery|stalled|many|streams|blocks|large|leak|fragments|remnant|any-size|restart`)

// TestWrongServersOfAllKinds prints what the machines find of each wrong server.
func TestWrongServersOfAllKinds(t *testing.T) {
	if os.Getenv("MACHINES") == "" {
		t.Skip("set MACHINES=1")
	}
	for protocol, m := range mutants {
		for _, v := range m.wrong {
			if elsewhere.MatchString(v.Breaks) {
				continue
			}
			t.Run(protocol+"/"+v.Name, func(t *testing.T) {
				c := runMachine(t, protocol, v.Main, 1, 15)
				if len(c.Findings) == 0 {
					t.Logf("MISS %s/%s (%s)", protocol, v.Name, v.Breaks)
					return
				}
				f := c.Findings[0]
				t.Logf("FOUND %s/%s (%s) %s %v: %d actions: %s", protocol, v.Name, v.Breaks, f.Signature, f.Requirements, len(f.Actions), strings.Join(f.Actions, "; "))
			})
		}
	}
}
