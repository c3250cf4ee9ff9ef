package conformance_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/scenarios"
)

// TestFormatRoundTrip writes every scenario and reads it back.
func TestFormatRoundTrip(t *testing.T) {
	names, err := conformance.Protocols(scenarios.Files)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			p, err := conformance.Load(scenarios.Files, name, conformance.LoadOptions{})
			require.NoError(t, err)
			protocol, err := fs.ReadFile(scenarios.Files, name+"/protocol.star")
			require.NoError(t, err)

			written := conformance.Format("protocol.star", p.Scenarios...)
			again, err := conformance.Load(fstest.MapFS{
				name + "/protocol.star":  {Data: protocol},
				name + "/scenarios.star": {Data: []byte(written)},
			}, name, conformance.LoadOptions{})
			require.NoError(t, err)
			require.Len(t, again.Scenarios, len(p.Scenarios))
			require.Equal(t, written, conformance.Format("protocol.star", again.Scenarios...))
			for i, s := range again.Scenarios {
				require.Equal(t, p.Scenarios[i].Covers, s.Covers)
				require.Equal(t, conformance.Source(conformance.Preview(p.Scenarios[i], 7)[0].Step), conformance.Source(conformance.Preview(s, 7)[0].Step))
			}
		})
	}
}

// TestFormatTextsThatAreNotUTF8: a program's last words may stand in a text.
func TestFormatTextsThatAreNotUTF8(t *testing.T) {
	protocol, err := fs.ReadFile(scenarios.Files, "download/protocol.star")
	require.NoError(t, err)
	s := &conformance.Scenario{ID: "server/found/x", Covers: []string{"server.magic"}, Why: "it said \"a\xff\x00\"",
		Steps: []conformance.Step{&conformance.Start{Run: "main", Listens: true}}}
	p, err := conformance.Load(fstest.MapFS{
		"download/protocol.star": {Data: protocol}, "download/found/x.star": {Data: []byte(conformance.Format("../protocol.star", s))},
	}, "download", conformance.LoadOptions{Partial: true})
	require.NoError(t, err)
	require.Equal(t, "it said \"a\uFFFD\x00\"", p.Scenarios[0].Why)
}
