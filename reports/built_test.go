package reports_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/reports"
)

// nasty is what a program may print or send: control bytes, bytes that are no
// UTF-8, the end of a CDATA section, a character that turns the direction.
const nasty = "\x00\x1b[31mred\x07 \xff\xfe ]]> & <b> \u202eexe.gnp \uFFFE"

const ms = time.Millisecond

// built is a report with everything in it that a short play does not reach.
func built() *conformance.Report {
	r := &conformance.Report{
		Schema: conformance.ReportSchema, Protocol: "mailbox", Seed: 12, Isolation: "namespaces: user, net, pid, mount",
		Elapsed: 4.25, Stopped: "interrupted", Suites: []conformance.Suite{{
			Role: conformance.Client, Target: "python3 client.py", Elapsed: 4.2, Score: conformance.Score{Earned: 1, Possible: 4},
			Flags: []string{"--client", "python3 client.py", "--dir", "it's here"},
			Requirements: []conformance.RequirementResult{
				{ID: "client.prompt", Level: conformance.Must, Source: "§3.2.1", Text: "Asks again until the receiver is valid.", Outcome: conformance.Fail, Scenarios: []string{"client/prompt/empty"}},
				{ID: "client.big", Level: conformance.Must, Source: "§3.3.2", Text: "Reads 255 messages of 65,535 bytes.", Outcome: conformance.Inconclusive, Scenarios: []string{"client/big/all"}},
				{ID: "client.info", Level: conformance.Should, Source: "§3.2", Text: "Prints a message.", Outcome: conformance.Broken, Scenarios: []string{"client/info/any"}},
				{ID: "client.order", Level: conformance.May, Source: "§3.2.1", Text: "Asks for the receiver or the message first.", Outcome: conformance.Observed, Observed: "the receiver first", Scenarios: []string{"client/order/which"}},
				{ID: "client.crash", Level: conformance.Must, Source: "§5", Text: "No uncaught exception.", Outcome: conformance.Blocked},
				{ID: "client.closes", Level: conformance.Must, Source: "§3.2", Text: "Ends in every case.", Outcome: conformance.Pass, Scenarios: []string{"client/closes/read"}},
			},
		}},
	}
	r.Suites[0].Results = []conformance.Result{
		result("client/closes/read", "client.closes", conformance.Pass, "", ""),
		prompt(), big(), broken(),
		{Scenario: "client/order/which", Covers: []string{"client.order"}, Outcome: conformance.Observed, Observed: "the receiver first", Why: "Open."},
		blocked(),
		twoRuns("anna"), twoRuns("bartholomew"),
		{Scenario: "client/late/never", Covers: []string{"client.closes"}, Outcome: conformance.Skip, Reason: "not run: stopped before it", Why: "Ends."},
	}
	return r
}

func result(id, covers string, o conformance.Outcome, want, got string) conformance.Result {
	return conformance.Result{
		Scenario: id, Covers: []string{covers}, Outcome: o, Elapsed: 0.125, Why: "It matters to whoever uses the program.",
		Want: want, Got: got, Pos: "mailbox/client.star:7", Attempts: 1,
		Verdict: conformance.Verdict{Outcome: o, Phase: conformance.PhaseSteps},
		Played:  &conformance.Transcript{Scenario: id, Seed: 12},
	}
}

// prompt is a dialog that goes wrong, with a program that prints nasty things.
func prompt() conformance.Result {
	r := result("client/prompt/empty", "client.prompt", conformance.Fail, "another prompt", "output \"\\x1b[31m\"; then it ended: killed by SIGSEGV")
	r.Step, r.Hint = `expect_prompt(within = "1s")`, "an empty line is no receiver"
	r.Transcript = []conformance.Event{
		{At: 1, Kind: conformance.Place, Text: "127.0.0.1 12345"},
		{At: 2, Kind: conformance.StepBegin, Text: string(conformance.PhaseNeeds)},
		{At: 3, Kind: conformance.Listening, Text: "127.0.0.1:12345"},
		{At: 1 * ms, Kind: conformance.StepBegin, Text: string(conformance.PhaseSteps)},
		{At: 2 * ms, Kind: conformance.Started, Run: "main"},
		{At: 30 * ms, Kind: conformance.Printed, Run: "main", Text: "stdout", Data: []byte("Receiver: ")},
		{At: 31 * ms, Kind: conformance.AwaitsInput, Run: "main"},
		{At: 32 * ms, Kind: conformance.Typed, Run: "main", Data: []byte("\n")},
		{At: 33 * ms, Kind: conformance.Printed, Run: "main", Text: "stdout", Data: []byte(nasty + "\r\n")},
		{At: 34 * ms, Kind: conformance.Printed, Run: "main", Text: "stderr", Data: bytes.Repeat([]byte("flood "), 1000)},
		{At: 35 * ms, Kind: conformance.Descriptors, Run: "main", Text: "before", N: 4},
		{At: 40 * ms, Kind: conformance.Exited, Run: "main", N: -1, Text: "killed by SIGSEGV"},
		{At: 40 * ms, Kind: conformance.StepEnd, Step: 3},
	}
	return r
}

// big is a response of 16 MiB that does not arrive in time, in many writes.
func big() conformance.Result {
	r := result("client/big/all", "client.big", conformance.Inconclusive, "the program ends", "still running after 3.00 s")
	r.Played.Lateness = 412 * ms
	r.Verdict.Unsure = true
	r.Transcript = []conformance.Event{{Kind: conformance.StepBegin, Text: string(conformance.PhaseSteps)}}
	for i := range 2048 {
		at := time.Duration(i) * ms
		r.Transcript = append(r.Transcript, conformance.Event{At: at, Kind: conformance.Sent, Conn: "c", Data: bytes.Repeat([]byte{byte(i), 0x80}, 4096), Took: ms})
	}
	for i := range 40 {
		at := 2100*ms + time.Duration(i)*ms
		r.Transcript = append(r.Transcript, conformance.Event{At: at, Kind: conformance.Received, Conn: "c", Data: []byte("x\x00")},
			conformance.Event{At: at, Kind: conformance.Paused, Took: ms})
	}
	r.Transcript = append(r.Transcript, conformance.Event{At: 5 * time.Second, Kind: conformance.StepEnd, Text: "expired"},
		conformance.Event{At: 5 * time.Second, Kind: conformance.Vitals, Run: "main", Text: "sleeping, 900 ms of CPU used, 4 open descriptors, blocked in recvfrom(3)"})
	return r
}

// twoRuns is a client that is started twice and connects to the harness, which
// learns only later which connection is whose.
func twoRuns(name string) conformance.Result {
	r := result("client/gap/"+name, "client.gap", conformance.Fail, "a message that a good run does not print",
		fmt.Sprintf("output %q (%d bytes); then it ended: exit status 0", "read request sent for "+name+"\nfrom somebody: a long line of text that says nothing at all\n", 90+len(name)))
	r.Transcript = []conformance.Event{
		{At: 1, Kind: conformance.StepBegin, Text: string(conformance.PhaseNeeds)},
		{At: 2, Kind: conformance.Started, Run: "good"},
		{At: 3, Kind: conformance.Printed, Run: "good", Text: "stdout", Data: []byte("read request sent\n")},
		{At: 4, Kind: conformance.Exited, Run: "good", Text: "exit status 0"},
		{At: 1 * ms, Kind: conformance.StepBegin, Text: string(conformance.PhaseSteps)},
		{At: 1 * ms, Kind: conformance.Started, Run: "late"},
		{At: 2 * ms, Kind: conformance.Incoming, Conn: "#2", Text: "127.0.0.1:12345 127.0.0.1:40001"},
		{At: 2 * ms, Kind: conformance.Received, Conn: "#2", Data: []byte{0xAE, 0x73, 1}},
		{At: 3 * ms, Kind: conformance.Accepted, Conn: "c", Text: "#2"},
		{At: 4 * ms, Kind: conformance.Sent, Conn: "c", Data: []byte("no\n")},
		{At: 5 * ms, Kind: conformance.PeerReset, Conn: "#2", Text: "connection reset by peer"},
		{At: 6 * ms, Kind: conformance.Printed, Run: "late", Text: "stdout", Data: []byte("read request sent\n")},
		{At: 7 * ms, Kind: conformance.Exited, Run: "late", Text: "exit status 0"},
	}
	return r
}

func broken() conformance.Result {
	return result("client/info/any", "client.info", conformance.Broken, "a harness that works", "find a free port: too many open files\nand nothing else")
}

// blocked comes from nothing that failed, and has bytes of no known layout.
func blocked() conformance.Result {
	r := result("client/crash/any", "client.crash", conformance.Blocked, "no bytes", "200 bytes")
	r.Verdict.Phase = conformance.PhaseNeeds
	r.Verdict.Finding = conformance.Finding{Conn: "c", Bytes: []byte(strings.Repeat(nasty, 6))}
	return r
}

func TestTextBuilt(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, reports.Text(&out, built()))
	requireHarmless(t, out.String())
	requireNarrow(t, out.String())
	golden(t, "built.txt", out.Bytes())
}

func TestSummary(t *testing.T) {
	require.Equal(t, "mailbox: client 1/4 (3 fail, 1 broken, 1 blocked, 1 inconclusive), in 4.2 s; stopped: interrupted", reports.Summary(built()))
	require.Equal(t, "mailbox: nothing was graded, in 0.0 s", reports.Summary(&conformance.Report{Protocol: "mailbox"}))
}

func TestAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		suite conformance.Suite
		want  string
	}{
		"flags":   {conformance.Suite{Flags: []string{"--dir", "it's here", "--set", `A="$x"`}}, `--dir "it's here" --set 'A="$x"'`},
		"command": {conformance.Suite{Role: "server", Target: "python3 server.py"}, `--server "python3 server.py"`},
		"quotes":  {conformance.Suite{Role: "client", Target: `it's "so" $5`}, `--client 'it'\''s "so" $5'`},
		"address": {conformance.Suite{Role: "server", Target: "localhost:4000"}, "--address localhost:4000"},
		"empty":   {conformance.Suite{Role: "server"}, `--server ""`},
	} {
		t.Run(name, func(t *testing.T) {
			res := result("server/a/b", "server.a", conformance.Fail, "", "")
			res.Delivery = conformance.Bytewise
			res.Played.Seed = 9
			require.Equal(t, "netproctor grade mailbox "+tt.want+" --only server/a/b@bytewise --seed 9",
				reports.Again(&conformance.Report{Protocol: "mailbox"}, &tt.suite, &res))
		})
	}
}

func TestByName(t *testing.T) {
	for _, f := range reports.Formats {
		got, known := reports.ByName(f.Name)
		require.True(t, known)
		require.Equal(t, f.Doc, got.Doc)
		require.NoError(t, got.Write(io.Discard, built()))
		require.NoError(t, got.Write(io.Discard, &conformance.Report{}))
		require.ErrorIs(t, got.Write(full{}, built()), errFull)
	}
	_, known := reports.ByName("html")
	require.False(t, known)
}

var errFull = errors.New("no space left")

// full is a writer on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestBlockedByItself does not blame a failure that came after a scenario's own
// steps for what others were blocked by: they happen to end alike.
func TestBlockedByItself(t *testing.T) {
	for phase, explained := range map[conformance.Phase]bool{conformance.PhaseSteps: true, conformance.PhaseThen: false} {
		r := built()
		failed := result("client/prompt/later", "client.prompt", conformance.Fail, "no bytes", "200 bytes")
		failed.Verdict.Phase = phase
		r.Suites[0].Results = append(r.Suites[0].Results, failed)
		var out bytes.Buffer
		require.NoError(t, reports.Text(&out, r))
		require.Equal(t, explained, strings.Contains(out.String(), "needs what fails in client/prompt/later"), out.String())
	}
}
