package conformance_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
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

// TestTaken pauses from when the program has read what was sent: a program that
// is slow to accept would else find two turns in one piece.
func TestTaken(t *testing.T) {
	slow := func(ctx context.Context, env conformance.FuncEnv) int {
		l, err := env.Listen("tcp", ":"+env.Args[0])
		if err != nil {
			return 1
		}
		time.Sleep(2 * time.Second)
		c, err := l.Accept()
		if err != nil {
			return 1
		}
		buf := make([]byte, 10)
		n, _ := c.Read(buf)
		c.Write(buf[:n])
		c.Close()
		<-ctx.Done()
		return 0
	}
	for pause, outcome := range map[string]conformance.Outcome{`pause("600ms")`: conformance.Fail, `pause("600ms", taken = "c")`: conformance.Pass} {
		r := grade(t, `steps = [start(), connect(), send("ab"), `+pause+`, send("cd"), expect("ab"), expect_end()]`, &conformance.Func{Name: "slow", Main: slow})
		require.Equal(t, outcome, r.Outcome, "%s: wanted %s, got %s", pause, r.Want, r.Got)
	}
}

// TestPatience waits as long as the program's declaration says.
func TestPatience(t *testing.T) {
	for patience, outcome := range map[string]conformance.Outcome{"": conformance.Fail, `, patience = "10s"`: conformance.Pass} {
		p, err := load(strings.Replace(tiny, `args = ["{port}"]`, `args = ["{port}"]`+patience, 1), covered, conformance.LoadOptions{})
		require.NoError(t, err)
		synctest.Test(t, func(t *testing.T) {
			slow := serve(func(c net.Conn) {
				time.Sleep(8 * time.Second)
			})
			report, err := conformance.Run(t.Context(), p, []conformance.Graded{{Role: "server", Target: slow}}, conformance.RunOptions{})
			require.NoError(t, err)
			require.Equal(t, outcome, report.Suites[0].Results[0].Outcome)
		})
	}
}
