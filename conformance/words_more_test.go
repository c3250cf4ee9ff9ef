package conformance_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// prints is a program that prints something else with every run.
func prints(lines ...string) func(context.Context, conformance.FuncEnv) int {
	return func(_ context.Context, e conformance.FuncEnv) int {
		fmt.Fprintln(e.Out, lines[0])
		lines = lines[1:]
		return 0
	}
}

// TestAsIn asks for what another run printed, and a third one did not.
func TestAsIn(t *testing.T) {
	const runs = `steps = [launch(run = "good"), expect_exit(run = "good"), launch(run = "none"), expect_exit(run = "none"),
		launch(run = "other"), expect_output(run = "other", new_than = "good", as_in = "none")]`
	for _, c := range []struct {
		name    string
		lines   []string
		outcome conformance.Outcome
	}{
		{"the same", []string{"12 bytes", "no file 1", "no file 2"}, conformance.Pass},
		{"another error", []string{"12 bytes", "no file 1", "cut short"}, conformance.Fail},
		{"success", []string{"12 bytes", "no file 1", "13 bytes"}, conformance.Fail},
	} {
		three := append(append(c.lines[:3:3], c.lines...), c.lines...) // it is played again where it fails
		wordCase{c.name, runs, prints(three...), c.outcome, ""}.run(t)
	}
	_, err := load(tiny, `scenario(id = "server/ping/one", covers = ["server.ping"], why = "w", steps = [expect_output(as_in = "main")])`, conformance.LoadOptions{})
	require.ErrorContains(t, err, "as_in wants new_than as well")
}

// calls is a program that connects and sends a byte.
func calls(ctx context.Context, e conformance.FuncEnv) int {
	c, err := e.Dial(ctx, "tcp", "127.0.0.1:12345")
	if err != nil {
		return 1
	}
	defer c.Close()
	io.WriteString(c, "x")
	io.ReadAll(c)
	return 0
}

// TestOptionalAccept goes on without a connection, if the program has ended.
func TestOptionalAccept(t *testing.T) {
	const steps = `steps = [listen(), launch(), accept(optional = True), either({"calls": expect("x"), "does not": expect_refused()}), send("y"), half_close(), expect_exit()]`
	for _, c := range []wordCase{
		{"it connects", steps, calls, conformance.Pass, ""},
		{"it ends", steps, func(context.Context, conformance.FuncEnv) int { return 0 }, conformance.Pass, ""},
		{"it hangs", steps, func(ctx context.Context, _ conformance.FuncEnv) int { <-ctx.Done(); return 0 }, conformance.Fail, "no connection within"},
		{"it must connect", `steps = [listen(), launch(), accept()]`, func(context.Context, conformance.FuncEnv) int { return 0 }, conformance.Fail, "ended without connecting"},
	} {
		c.run(t)
	}
}

// TestSlowCutOfBulkIsInconclusive blames nobody for much data that was cut while
// the machine took it slowly.
func TestSlowCutOfBulkIsInconclusive(t *testing.T) {
	for wait, outcome := range map[time.Duration]conformance.Outcome{
		700 * time.Millisecond: conformance.Fail, 900 * time.Millisecond: conformance.Inconclusive,
	} {
		r := grade(t, `steps = [start(), connect(bulk = True), half_close(), expect_bulk(times("ab", 1000), at_most = "800ms")]`, serve(func(c net.Conn) {
			io.WriteString(c, "abab")
			time.Sleep(wait)
		}))
		require.Equal(t, outcome, r.Outcome, "cut after %s", wait)
	}
}
