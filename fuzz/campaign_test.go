package fuzz_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
	"netproctor/internal/mutant/mailbox"
	"netproctor/reference"
	reference_mailbox "netproctor/reference/mailbox"
	"netproctor/scenarios"
)

// campaign fuzzes a server in memory, in virtual time.
func campaign(t *testing.T, main func(context.Context, reference.Env) int, cases int) (c *fuzz.Campaign, err error) {
	p, err := conformance.Load(scenarios.Files, "mailbox", conformance.LoadOptions{})
	require.NoError(t, err)
	target := &conformance.Func{Name: "test server", Main: func(ctx context.Context, e conformance.FuncEnv) int {
		return main(ctx, reference.Env{Args: e.Args, In: e.In, Out: e.Out, Listen: e.Listen, Dial: e.Dial})
	}}
	model, _, _ := protocols.Model("mailbox", nil)
	synctest.Test(t, func(t *testing.T) {
		c, err = fuzz.Run(t.Context(), fuzz.Options{Protocol: p, Target: target, Model: model, Seed: 1, Cases: cases})
	})
	return c, err
}

// TestRightServersHaveNoFindings runs the fuzzer against servers that are right,
// some of them in unusual ways.
func TestRightServersHaveNoFindings(t *testing.T) {
	servers := map[string]func(context.Context, reference.Env) int{"reference": func(ctx context.Context, e reference.Env) int {
		return reference_mailbox.ServerMain(ctx, e.Args, e.Out, e.Listen)
	}}
	for _, v := range mailbox.ServerVariants {
		servers[v.Name] = v.Main
	}
	for name, main := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := campaign(t, main, 150)
			require.NoError(t, err)
			for _, f := range c.Findings {
				t.Errorf("%s: %s %v", f.Signature, f.Evidence, f.Sends)
			}
			require.GreaterOrEqual(t, c.Visits, 150)
		})
	}
}

// TestWrongServersAreFound runs the fuzzer against servers that are wrong, each
// in another way.
func TestWrongServersAreFound(t *testing.T) {
	wrong := map[string]fuzz.Kind{
		"server-magic-unchecked": fuzz.Answer, "server-takes-the-newest-first": fuzz.Answer, "server-takes-254": fuzz.Answer,
		"server-removes-nothing": fuzz.Answer, "server-error-keeps-open": fuzz.Hang, "server-cut-uncaught": fuzz.Exception,
		"server-error-ends": fuzz.Crash, "server-name-at-most-254": fuzz.Answer,
	}
	for _, m := range mailbox.Servers {
		kind, chosen := wrong[m.Name]
		if !chosen {
			continue
		}
		delete(wrong, m.Name)
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			c, err := campaign(t, m.Main, 400)
			require.NoError(t, err)
			require.NotEmpty(t, c.Findings, m.Why)
			require.Equal(t, kind, c.Findings[0].Kind)
			require.Equal(t, 3, c.Findings[0].Verified)
			require.NotEmpty(t, c.Findings[0].Requirements)
			t.Logf("%s: %s in %d visits", m.Name, c.Findings[0].Signature, len(c.Findings[0].Sends))
		})
	}
	require.Empty(t, wrong, "these are not in the table")
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, fuzz.Write(dir, nil))
	b, err := os.ReadFile(filepath.Join(dir, "findings.json"))
	require.NoError(t, err)
	require.JSONEq(t, "[]", string(b))
	var list []fuzz.Finding
	require.NoError(t, json.Unmarshal(b, &list))
}
