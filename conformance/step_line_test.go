package conformance_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// prints is a program that prints something and ends.
func prints(text string) func(context.Context, conformance.FuncEnv) int {
	return func(_ context.Context, e conformance.FuncEnv) int {
		fmt.Fprint(e.Out, text)
		return 0
	}
}

func TestLine(t *testing.T) {
	const once = `steps = [launch(), expect_line("server waits")]`
	const twice = `steps = [launch(), expect_line("server waits", times = 2)]`
	for _, c := range []wordCase{
		{"alone", once, prints("server waits\n"), conformance.Pass, ""},
		{"among others", once, prints("\nhello\nserver waits\nbye"), conformance.Pass, ""},
		{"the last without an end", once, prints("hello\nserver waits"), conformance.Pass, ""},
		{"blanks behind it", once, prints("server waits \t\r\n"), conformance.Pass, ""},
		{"blanks before it", once, prints(" server waits\n"), conformance.Fail, "then it ended"},
		{"a capital letter", once, prints("Server waits\n"), conformance.Fail, `"Server waits`},
		{"more on the line", once, prints("server waits here\n"), conformance.Fail, "server waits here"},
		{"nothing", once, prints(""), conformance.Fail, "no output"},
		{"twice", twice, prints("server waits\nserver waits\n"), conformance.Pass, ""},
		{"not twice", twice, prints("server waits\nServer waits\n"), conformance.Fail, "it once only"},
		{"none at all", `steps = [launch(), expect_exit(), expect_no_output()]`, prints(""), conformance.Pass, ""},
		{"not even a newline", `steps = [launch(), expect_exit(), expect_no_output()]`, prints("\n"), conformance.Fail, `"\n"`},
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
		r := grade(t, `steps = [launch(), expect_line("server waits")]`, &conformance.Func{Name: "test program", Main: prints(text)})
		require.Equal(t, conformance.Fail, r.Outcome)
		if hint == "" {
			require.Empty(t, r.Hint)
			continue
		}
		require.Contains(t, r.Hint, hint)
	}
}

// TestAcceptOptional is about programs that may find out before they connect
// that there is nothing to connect for.
func TestAcceptOptional(t *testing.T) {
	connects := func(ctx context.Context, e conformance.FuncEnv) int {
		c, err := e.Dial(ctx, "tcp", "127.0.0.1:"+e.Args[0])
		if err != nil {
			return 1
		}
		defer c.Close()
		c.Write([]byte("x"))
		return 0
	}
	const either = `either({"it connects": expect("x"), "it does not": expect_refused()})`
	for _, c := range []wordCase{
		{"connects", `steps = [listen(), launch(), accept(optional = True), ` + either + `, expect_exit()]`, connects, conformance.Pass, ""},
		{"does not", `steps = [listen(), launch(), accept(optional = True), send("y"), ` + either + `, expect_exit()]`, prints(""), conformance.Pass, ""},
		{"must connect", `steps = [listen(), launch(), accept()]`, prints(""), conformance.Fail, "it ended without connecting"},
		{"hangs", `steps = [listen(), launch(), accept(optional = True)]`, func(ctx context.Context, _ conformance.FuncEnv) int { <-ctx.Done(); return 0 }, conformance.Fail, "no connection within"},
	} {
		c.run(t)
	}
}

// TestNoCapture skips a scenario, with the reason, where there are no packets.
func TestNoCapture(t *testing.T) {
	r := grade(t, `steps = [start(), capture(), connect(), expect("x"), expect_segments(at_most = 1)]`, serve(func(c net.Conn) { c.Write([]byte("x")) }))
	require.Equal(t, conformance.Skip, r.Outcome)
}
