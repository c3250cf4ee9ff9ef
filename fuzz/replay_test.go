package fuzz_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
	"netproctor/internal/mutant/mailbox"
	"netproctor/reference"
	reference_mailbox "netproctor/reference/mailbox"
	"netproctor/scenarios"
)

// forgetful is a wrong server, right the one to hold against it.
func forgetful(t *testing.T) (main func(context.Context, reference.Env) int) {
	for _, m := range mailbox.Servers {
		if m.Name == "server-magic-unchecked" {
			main = m.Main
		}
	}
	require.NotNil(t, main)
	return main
}

func right(ctx context.Context, e reference.Env) int {
	return reference_mailbox.ServerMain(ctx, e.Args, e.Out, e.Listen)
}

// foundAndWritten fuzzes the wrong server and writes what was found.
func foundAndWritten(t *testing.T) (dir string, c *fuzz.Campaign) {
	dir = t.TempDir()
	c, err := campaign(t, forgetful(t), 150)
	require.NoError(t, err)
	require.NotEmpty(t, c.Findings)
	require.NoError(t, fuzz.Write(dir, c.Findings))
	return dir, c
}

func TestReplay(t *testing.T) {
	dir, c := foundAndWritten(t)
	findings, err := fuzz.Read(dir)
	require.NoError(t, err)
	require.Len(t, findings, len(c.Findings))
	p, err := conformance.Load(scenarios.Files, "mailbox", conformance.LoadOptions{})
	require.NoError(t, err)
	model, _, _ := protocols.Model("mailbox", nil)
	for name, s := range map[string]struct {
		main  func(context.Context, reference.Env) int
		fixed bool
	}{"still failing": {forgetful(t), false}, "fixed": {right, true}} {
		synctest.Test(t, func(t *testing.T) {
			target := &conformance.Func{Name: name, Main: func(ctx context.Context, e conformance.FuncEnv) int {
				return s.main(ctx, reference.Env{Args: e.Args, In: e.In, Out: e.Out, Listen: e.Listen, Dial: e.Dial})
			}}
			list, err := fuzz.Replay(t.Context(), fuzz.Options{Protocol: p, Target: target, Model: model}, findings)
			require.NoError(t, err)
			require.Len(t, list, len(findings))
			for _, r := range list {
				require.Equal(t, s.fixed, r.Fixed(), r.Evidence)
			}
		})
	}
}

// TestReadSilent reads a finding of a history in which nothing is sent.
func TestReadSilent(t *testing.T) {
	dir, silent := t.TempDir(), &fuzz.Finding{ID: "model-answer-1", Kind: fuzz.Answer, History: []fuzz.Action{{Deed: fuzz.Connecting}}}
	require.NoError(t, fuzz.Write(dir, []*fuzz.Finding{silent}))
	written, err := os.ReadFile(filepath.Join(dir, "findings.json"))
	require.NoError(t, err)
	require.Contains(t, string(written), `"sends": []`)
	list, err := fuzz.Read(dir)
	require.NoError(t, err)
	require.Equal(t, silent.History, list[0].History)
}

func TestReadErrors(t *testing.T) {
	_, err := fuzz.Read(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
	for content, want := range map[string]string{
		"[{":                                 "findings.json: unexpected end of JSON input",
		`[{"id": "crash-1"}]`:                "finding crash-1: wanted what is sent, got nothing",
		`[{"id": "crash-1", "sends":["x"]}]`: "finding crash-1: visit 1: encoding/hex",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "findings.json"), []byte(content), 0o600))
		_, err := fuzz.Read(dir)
		require.ErrorContains(t, err, want)
	}
}

// TestReproduction runs the program that a finding is written as against the
// wrong server and a right one, on the machine's own network.
func TestReproduction(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine")
	}
	dir, c := foundAndWritten(t)
	script := filepath.Join(dir, "found", c.Findings[0].ID+".py")
	for _, s := range []struct {
		name string
		main func(context.Context, reference.Env) int
		said string
	}{{"the wrong server", forgetful(t), "wrong: wanted one of"}, {"a right one", right, "right"}} {
		t.Run(s.name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			port := l.Addr().(*net.TCPAddr).Port
			done := make(chan struct{})
			go func() {
				defer close(done)
				s.main(ctx, reference.Env{Args: []string{fmt.Sprint(port)}, Out: io.Discard, Listen: func(string, string) (net.Listener, error) { return l, nil }})
			}()
			var out bytes.Buffer
			run := exec.CommandContext(ctx, python, script, fmt.Sprint(port))
			run.Stdout, run.Stderr = &out, &out
			require.Equal(t, s.said == "right", run.Run() == nil, out.String())
			require.Contains(t, out.String(), s.said)
			stop()
			l.Close()
			<-done
		})
	}
}
