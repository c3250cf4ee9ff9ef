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
				require.Equal(t, conformance.Preview(p.Scenarios[i], 7)[0].Source, conformance.Preview(s, 7)[0].Source)
			}
		})
	}
}
