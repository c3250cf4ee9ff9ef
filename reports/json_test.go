package reports_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/reports"
)

// schema compiles the published schema. A strict one also refuses members that
// it does not name, so that nothing is written that is not described.
func schema(t *testing.T, strict bool) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(reports.Schema))
	require.NoError(t, err)
	if strict {
		closeObjects(doc)
	}
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("urn:netproctor:report:v1", doc))
	s, err := c.Compile("urn:netproctor:report:v1")
	require.NoError(t, err)
	return s
}

func closeObjects(node any) {
	m, isObject := node.(map[string]any)
	if !isObject {
		return
	}
	if m["properties"] != nil && m["type"] == "object" {
		m["additionalProperties"] = false
	}
	for _, child := range m {
		closeObjects(child)
	}
}

func requireValid(t *testing.T, s *jsonschema.Schema, b []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	require.NoError(t, s.Validate(doc))
}

func TestJSONIsAsTheSchemaSays(t *testing.T) {
	strict := schema(t, true)
	check := func(t *testing.T, r *conformance.Report) {
		var out bytes.Buffer
		require.NoError(t, reports.JSON(&out, r))
		requireValid(t, strict, out.Bytes())
	}
	for _, name := range slices.Sorted(maps.Keys(greeters)) {
		t.Run(name, func(t *testing.T) { check(t, played(t, greeters[name])) })
	}
	t.Run("built", func(t *testing.T) { check(t, built()) })
	t.Run("empty", func(t *testing.T) {
		check(t, &conformance.Report{Schema: conformance.ReportSchema, Suites: []conformance.Suite{{Role: "pair"}}})
	})
}

func TestSchemaTakesTheShortestReport(t *testing.T) {
	requireValid(t, schema(t, true), []byte(`{"schema": "netproctor/report/v1", "protocol": "mailbox", "seed": 1, "isolation": "none", "elapsed_s": 5.1,
		"suites": [{"role": "server", "target": "python3 server.py", "score": {"earned": 40, "possible": 41},
			"requirements": [{"id": "server.magic", "level": "must", "outcome": "fail", "scenarios": ["server/magic/byte-swapped"]}],
			"results": [{"scenario": "server/magic/byte-swapped", "covers": ["server.magic"], "outcome": "fail", "elapsed_s": 0.02,
				"why": "…", "want": "…", "got": "…", "hint": "…", "transcript": []}]}]}`))
}

func TestSchemaRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"another version": `{"schema": "netproctor/report/v2", "protocol": "p", "seed": 1, "isolation": "", "elapsed_s": 0, "suites": []}`,
		"no suites":       `{"schema": "netproctor/report/v1", "protocol": "p", "seed": 1, "isolation": "", "elapsed_s": 0}`,
		"null suites":     `{"schema": "netproctor/report/v1", "protocol": "p", "seed": 1, "isolation": "", "elapsed_s": 0, "suites": null}`,
		"negative time":   `{"schema": "netproctor/report/v1", "protocol": "p", "seed": 1, "isolation": "", "elapsed_s": -1, "suites": []}`,
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			require.NoError(t, err)
			require.Error(t, schema(t, false).Validate(doc))
		})
	}
}

func TestJSONReadsBack(t *testing.T) {
	want := played(t, greeter{little: true})
	var out bytes.Buffer
	require.NoError(t, reports.JSON(&out, want))
	var got conformance.Report
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	require.Equal(t, want.Suites[0].Score, got.Suites[0].Score)
	require.Equal(t, want.Suites[0].Requirements, got.Suites[0].Requirements)
	require.Equal(t, want.Suites[0].Results[0].Transcript, got.Suites[0].Results[0].Transcript)
}

func TestJSONOfManyMegabytesIsSmall(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, reports.JSON(&out, built()))
	require.Less(t, out.Len(), 1<<20)

	var doc struct {
		Suites []struct {
			Results []struct {
				Scenario   string
				Transcript []struct {
					Data   []byte
					Length int `json:"data_length"`
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &doc))
	events := doc.Suites[0].Results[2].Transcript
	require.Equal(t, "client/big/all", doc.Suites[0].Results[2].Scenario)
	require.Len(t, events[1].Data, 4<<10)
	require.Equal(t, 8<<10, events[1].Length)
	require.Len(t, events[2000].Data, 32, "the end of the allowance")
	require.Equal(t, 8<<10, events[2000].Length)
	require.Zero(t, events[2050].Length, "short data is whole")
}
