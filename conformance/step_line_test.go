package conformance_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// says is a program that prints something and ends.
func says(text string) func(context.Context, conformance.FuncEnv) int {
	return func(_ context.Context, e conformance.FuncEnv) int {
		fmt.Fprint(e.Out, text)
		return 0
	}
}

func TestLine(t *testing.T) {
	const once = `steps = [launch(), expect_line("server waits")]`
	const twice = `steps = [launch(), expect_line("server waits", times = 2)]`
	for _, c := range []wordCase{
		{"alone", once, says("server waits\n"), conformance.Pass, ""},
		{"among others", once, says("\nhello\nserver waits\nbye"), conformance.Pass, ""},
		{"the last without an end", once, says("hello\nserver waits"), conformance.Pass, ""},
		{"blanks behind it", once, says("server waits \t\r\n"), conformance.Pass, ""},
		{"blanks before it", once, says(" server waits\n"), conformance.Fail, "then it ended"},
		{"a capital letter", once, says("Server waits\n"), conformance.Fail, `"Server waits`},
		{"more on the line", once, says("server waits here\n"), conformance.Fail, "server waits here"},
		{"nothing", once, says(""), conformance.Fail, "no output"},
		{"twice", twice, says("server waits\nserver waits\n"), conformance.Pass, ""},
		{"not twice", twice, says("server waits\nServer waits\n"), conformance.Fail, "it once only"},
		{"not said", `steps = [launch(), expect_exit(), expect_no_line("Complete")]`, says("not Complete\nComplete?\n"), conformance.Pass, ""},
		{"said all the same", `steps = [launch(), expect_exit(), expect_no_line("Complete")]`, says("error\nComplete"), conformance.Fail, "Complete"},
		{"none at all", `steps = [launch(), expect_exit(), expect_no_output()]`, says(""), conformance.Pass, ""},
		{"not even a newline", `steps = [launch(), expect_exit(), expect_no_output()]`, says("\n"), conformance.Fail, `"\n"`},
	} {
		c.run(t)
	}
}

func TestLineHints(t *testing.T) {
	for text, hint := range map[string]string{
		"Server waits\n":     "differs in capital letters only",
		"now: server waits.": "a line of its own",
		"something else":     "",
	} {
		r := grade(t, `steps = [launch(), expect_line("server waits")]`, &conformance.Func{Name: "test program", Main: says(text)})
		require.Equal(t, conformance.Fail, r.Outcome)
		if hint == "" {
			require.Empty(t, r.Hint)
			continue
		}
		require.Contains(t, r.Hint, hint)
	}
}

// TestNoCapture skips a scenario, with the reason, where there are no packets.
func TestNoCapture(t *testing.T) {
	r := grade(t, `steps = [start(), capture(), connect(), expect("x"), expect_segments(at_most = 1)]`, serve(func(c net.Conn) { c.Write([]byte("x")) }))
	require.Equal(t, conformance.Skip, r.Outcome)
}
