package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// TestParts says how many campaigns there are for a server: a model or a state machine
// leads where it is right for the params, and beside it, or alone, there is the suite.
func TestParts(t *testing.T) {
	for _, tt := range []struct {
		protocol string
		set      map[string]string
		want     int
	}{
		{"mailbox", nil, 2},
		{"mailbox", map[string]string{"PORT_MIN": "2000"}, 2},
		{"mailbox", map[string]string{"MAGIC": "44659"}, 2}, // as it is
		{"mailbox", map[string]string{"MAGIC": "1"}, 1},
		{"download", map[string]string{"MAX_NAME": "10"}, 1},
		{"transfer", map[string]string{"LARGE_MIB": "1"}, 2},
		{"chat", nil, 2},
		{"fileshare", nil, 2},
		{"fileshare", map[string]string{"ACK": ""}, 2},
		{"fileshare", map[string]string{"ACK": "OK"}, 1},
		{"fileshare", map[string]string{"CMD_BYE": ""}, 1},
		{"fileshare", map[string]string{"SIZE": "u32"}, 1},
		{"fileshare", map[string]string{"SIZE": "u64"}, 2}, // as it is
		{"fileshare", map[string]string{"SIZE": "u64", "DIALECT": "text"}, 1},
		{"fileshare", map[string]string{"DIALECT": "handout"}, 2},
		{"fileshare", map[string]string{"DIALECT": "text", "CMD_GET": "get "}, 2},
		{"fileshare", map[string]string{"DIALECT": "none"}, 1},
		{"fileshare", map[string]string{"DIALECT": "text", "STORED_PREFIX": "", "SERVER_DIR": "files", "SDP": "31000", "FSP": "31001"}, 2},
	} {
		v := &fuzzVerb{Protocol: tt.protocol, NoGuidance: true, Workers: 1, source: source{Set: tt.set}}
		p, err := v.load(tt.protocol)
		require.NoError(t, err)
		parts, done, err := v.parts(&app{ctx: t.Context(), out: io.Discard, err: io.Discard}, p, conformance.Graded{Role: conformance.Server, Target: &conformance.Func{Name: "test server"}})
		require.NoError(t, err)
		done()
		require.Len(t, parts, tt.want, "%s %v", tt.protocol, tt.set)
	}
}
