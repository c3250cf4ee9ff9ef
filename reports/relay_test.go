package reports_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/reports"
)

// TestFailureOfAPair shows what was said between the two programs, and by whom.
func TestFailureOfAPair(t *testing.T) {
	res := result("pair/demo/in-order", "pair.demo", conformance.Fail, "a file", "none")
	res.Transcript = []conformance.Event{
		{At: 1, Kind: conformance.StepBegin, Text: string(conformance.PhaseSteps)},
		{At: 1 * ms, Kind: conformance.Started, Run: "server", Text: conformance.Server},
		{At: 2 * ms, Kind: conformance.Listening, Conn: "relay", Text: "127.0.0.1:40000"},
		{At: 3 * ms, Kind: conformance.Incoming, Conn: "#1", Text: "127.0.0.1:40000 127.0.0.1:50000"},
		{At: 4 * ms, Kind: conformance.Accepted, Conn: "alice", Text: "#1"},
		{At: 5 * ms, Kind: conformance.Relayed, Conn: "#1", Text: conformance.Client, Data: []byte("put")},
		{At: 6 * ms, Kind: conformance.Relayed, Conn: "#1", Text: conformance.Client, Data: []byte(" a.txt\n")},
		{At: 7 * ms, Kind: conformance.Relayed, Conn: "#1", Text: conformance.Server, Data: []byte{0, 1, 0xFF}},
		{At: 8 * ms, Kind: conformance.Relayed, Conn: "#1", Text: conformance.Client, N: 1 << 20},
		{At: 9 * ms, Kind: conformance.ServerReset, Conn: "#1", Text: "connection reset by peer"},
		{At: 10 * ms, Kind: conformance.PeerClosed, Conn: "#1"},
		{At: 11 * ms, Kind: conformance.Incoming, Conn: "#2", Text: "127.0.0.1:40000 127.0.0.1:50001"},
		{At: 12 * ms, Kind: conformance.NoServer, Conn: "#2", Text: "connection refused"},
	}
	s := &conformance.Suite{Role: conformance.Pair, Target: "a with b", Flags: []string{"--pair", "--dir", "team"}, Results: []conformance.Result{res}}
	r := &conformance.Report{Protocol: "fileshare", Seed: 3, Suites: []conformance.Suite{*s}}
	var out strings.Builder
	require.NoError(t, reports.Failure(&out, r, s, &res))
	for _, line := range []string{
		"server  > start the server",
		"relay   > listen on 127.0.0.1:40000",
		`alice   < client sends 10 bytes in 2 pieces until 0.006: "put a.txt\n"`,
		"alice   < server sends 3 bytes: 00 01 ff",
		"alice   < client sends 1048576 bytes\n",
		"alice   < server resets the connection (RST)",
		"alice   < closes the connection (FIN)",
		"#2      > connect to the server: connection refused",
		"netproctor grade fileshare --pair --dir team --only pair/demo/in-order",
	} {
		require.Contains(t, out.String(), line)
	}
}
