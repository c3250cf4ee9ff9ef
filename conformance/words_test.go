package conformance_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// A wordCase is a scenario with a program, and what is to come of it.
type wordCase struct {
	name, scenario string
	main           func(ctx context.Context, e conformance.FuncEnv) int
	outcome        conformance.Outcome
	got            string
}

func (c wordCase) run(t *testing.T) {
	t.Run(c.name, func(t *testing.T) {
		r := grade(t, c.scenario, &conformance.Func{Name: "test program", Main: c.main, Disk: true})
		require.Equal(t, c.outcome, r.Outcome, "%s; wanted %s, got %s", r.Step, r.Want, r.Got)
		require.Contains(t, r.Got, c.got)
	})
}

// writes is a program that writes a file.
func writes(name string, content []byte) func(context.Context, conformance.FuncEnv) int {
	return func(_ context.Context, e conformance.FuncEnv) int {
		if os.WriteFile(filepath.Join(e.Dir, name), content, 0o644) != nil {
			return 1
		}
		return 0
	}
}

// copies is a program that copies a file.
func copies(_ context.Context, e conformance.FuncEnv) int {
	b, err := os.ReadFile(filepath.Join(e.Dir, "in", "a b"))
	if err != nil {
		return 1
	}
	return writes("out", b)(nil, e)
}

func TestFiles(t *testing.T) {
	const big = `times("0123456789abcdef", 16384)` // 256 KiB
	right := bytes.Repeat([]byte("0123456789abcdef"), 16384)
	wrong := bytes.Clone(right)
	wrong[200_000] ^= 1
	for _, c := range []wordCase{
		{"a copy", `steps = [file("in/a b", sample("x", 70000)), launch(), expect_file("out", sample("x", 70000))]`, copies, conformance.Pass, ""},
		{"an empty one", `steps = [file("in/a b"), launch(), expect_file("out", "")]`, copies, conformance.Pass, ""},
		{"a sparse one", `steps = [file("out", size = 5000000000), launch(), expect_file("out", size = 5000000000)]`, copies, conformance.Pass, ""},
		{"another size", `steps = [launch(), expect_file("out", size = 3)]`, writes("out", []byte("ab")), conformance.Fail, "2 bytes"},
		{"other bytes", `steps = [launch(), expect_file("out", "abcdef")]`, writes("out", []byte("abCdef")), conformance.Fail, `"abCdef", which differs from byte 2 on`},
		{"more bytes", `steps = [launch(), expect_file("out", "ab")]`, writes("out", []byte("abc")), conformance.Fail, `"abc", which differs from byte 2 on`},
		{"much of it", `steps = [launch(), expect_file("out", ` + big + `)]`, writes("out", right), conformance.Pass, ""},
		{"much of it, one byte wrong", `steps = [launch(), expect_file("out", ` + big + `)]`, writes("out", wrong), conformance.Fail, "from byte 196608 on"},
		{"no file", `steps = [launch(), expect_file("out", "ab")]`, writes("other", nil), conformance.Fail, "none: it is not there"},
		{"a folder", `steps = [folder("out"), launch(), expect_file("out", "ab")]`, writes("out", nil), conformance.Fail, "none: it is a folder"},
		{"not to be there", `steps = [launch(), expect_no_file("out")]`, writes("other", nil), conformance.Pass, ""},
		{"there all the same", `steps = [launch(), expect_exit(), expect_no_file("../work/out")]`, writes("out", nil), conformance.Fail, "one of 0 bytes"},
		{"either, there", `steps = [launch(), expect_exit(), either({"no": expect_no_file("out"), "yes": expect_file("out", "a")}), expect_no_file("other")]`, writes("out", []byte("a")), conformance.Pass, ""},
		{"either, neither", `steps = [launch(), expect_exit(), either({"no": expect_no_file("out"), "yes": expect_file("out", "b")})]`, writes("out", []byte("a")), conformance.Fail, "one of 1 byte"},
		{"outside of the room", `steps = [expect_file("../../x", "")]`, copies, conformance.Broken, "within the run's room"},
	} {
		c.run(t)
	}
}

func TestFolders(t *testing.T) {
	makes := func(_ context.Context, e conformance.FuncEnv) int {
		time.Sleep(time.Second)
		if os.Mkdir(filepath.Join(e.Dir, "out"), 0o755) != nil {
			return 1
		}
		return 0
	}
	for _, c := range []wordCase{
		{"made", `steps = [launch(), expect_folder("out")]`, makes, conformance.Pass, ""},
		{"made too late", `steps = [launch(), expect_folder("out", within = "500ms")]`, makes, conformance.Fail, "none: it is not there"},
		{"a file", `steps = [launch(), expect_folder("out")]`, writes("out", nil), conformance.Fail, "none: it is a file"},
		{"nothing", `steps = [launch(), expect_folder("out")]`, writes("other", nil), conformance.Fail, "none: it is not there"},
	} {
		c.run(t)
	}
}

// TestTracebackBehindAPrompt finds the report of an exception although it begins
// in the middle of a line.
func TestTracebackBehindAPrompt(t *testing.T) {
	dies := func(_ context.Context, e conformance.FuncEnv) int { fmt.Fprint(e.Out, "[You] "); panic("no") }
	wordCase{"a panic", `steps = [launch(), expect_exit(), expect_no_traceback()]`, dies, conformance.Fail, "one of Go"}.run(t)
	says := func(_ context.Context, e conformance.FuncEnv) int { fmt.Fprint(e.Out, "[You] panic: no\n"); return 0 }
	wordCase{"what is printed", `steps = [launch(), expect_exit(), expect_no_traceback(), expect_output(contains = ["[You] panic"])]`, says, conformance.Pass, ""}.run(t)
}

// TestLinksAreNotFollowed keeps a program from showing the harness's own files.
func TestLinksAreNotFollowed(t *testing.T) {
	wordCase{"a link", `steps = [launch(), expect_exit(), expect_file("out", "x")]`, func(_ context.Context, e conformance.FuncEnv) int {
		os.Symlink("/etc/hostname", filepath.Join(e.Dir, "out"))
		return 0
	}, conformance.Fail, "none: it"}.run(t)
}

// serves is a server that answers one connection after the other.
func serves(answer func(net.Conn)) func(context.Context, conformance.FuncEnv) int {
	return serve(answer).Main
}

func TestBulk(t *testing.T) {
	const three = `times("0123456789abcdef", 196608)` // 3 MiB
	right := bytes.Repeat([]byte("0123456789abcdef"), 196608)
	wrong := bytes.Clone(right)
	wrong[2<<20] ^= 1
	sends := func(b []byte) func(context.Context, conformance.FuncEnv) int {
		return serves(func(c net.Conn) { c.Write(b) })
	}
	const scenario = `steps = [start(), connect(bulk = True), expect("0123", more = True), expect_bulk(cut("0123456789abcdef", 4) + times("0123456789abcdef", 196607)), expect_close()]`
	for _, c := range []wordCase{
		{"all of it", scenario, sends(right), conformance.Pass, ""},
		{"one byte wrong", scenario, sends(wrong), conformance.Fail, "from byte 2031616 on"},
		{"cut short", scenario, sends(right[:2<<20]), conformance.Fail, "2097148 bytes, then the connection was closed (FIN)"},
		{"one byte more", `steps = [start(), connect(bulk = True), pause("200ms"), expect_bulk("xyz")]`, sends([]byte("xyz+")), conformance.Fail, "and 1 more byte"},
		{"one byte later", scenario, serves(func(c net.Conn) {
			c.Write(right)
			time.Sleep(100 * time.Millisecond)
			c.Write([]byte("x"))
		}), conformance.Fail, "1 byte"},
		{"one byte later, and nothing asked for", `steps = [start(), connect(bulk = True), expect_bulk("xyz"), connect("d", bulk = True), expect_bulk("xyz", "d"), pause("300ms")]`, serves(func(c net.Conn) {
			c.Write([]byte("xyz"))
			time.Sleep(100 * time.Millisecond)
			c.Write([]byte("x"))
		}), conformance.Fail, "1 more byte on connection c"},
		{"nothing", `steps = [start(), connect(bulk = True), expect_bulk("x")]`, sends(nil), conformance.Fail, "0 bytes, then"},
		{"stuck", `steps = [start(), connect(bulk = True), expect_bulk("xyz")]`, serves(func(c net.Conn) { c.Write([]byte("x")); time.Sleep(time.Hour) }), conformance.Fail, "1 byte within 30.00 s"},
		{"sent to it", `steps = [start(), connect(), send(` + three + `), half_close(), expect(sample("sum") + "` + fmt.Sprintf("%x", sha256.Sum256(right)) + `")]`,
			serves(func(c net.Conn) {
				b, _ := io.ReadAll(c)
				fmt.Fprintf(c, "%x", sha256.Sum256(b))
			}), conformance.Fail, fmt.Sprintf("%x", sha256.Sum256(right))[:32]},
	} {
		c.run(t)
	}
}

func TestBlank(t *testing.T) {
	says := func(s string) func(context.Context, conformance.FuncEnv) int {
		return serves(func(c net.Conn) { io.WriteString(c, s); io.ReadAll(c) })
	}
	const scenario = `steps = [start(), connect(), expect("> a", blank = "\r\n", more = True), expect("> b", blank = "\r\n"), half_close(), expect_close()]`
	for _, c := range []wordCase{
		{"no newlines", scenario, says("> a> b"), conformance.Pass, ""},
		{"newlines", scenario, says("> a\n> b\n"), conformance.Pass, ""},
		{"newlines before", scenario, says("\r\n> a\r\n> b"), conformance.Pass, ""},
		{"something else", scenario, says("> a\n> c"), conformance.Fail, `"> c", which differs from byte 2 on`},
		{"something more", scenario, says("> a> b c"), conformance.Fail, `it, and 2 more bytes`},
		{"blanks where none may be", `steps = [start(), connect(), expect("> a"), half_close()]`, says("> a\n"), conformance.Fail, "1 more byte"},
	} {
		c.run(t)
	}
}

func TestNothing(t *testing.T) {
	// Everybody but the sender is told; "all" tells the sender too.
	relay := func(all bool) func(context.Context, conformance.FuncEnv) int {
		return func(ctx context.Context, e conformance.FuncEnv) int {
			first := make(chan net.Conn, 2)
			return serves(func(c net.Conn) {
				first <- c
				b := make([]byte, 1)
				if _, err := c.Read(b); err != nil {
					return
				}
				if all {
					c.Write(b)
				}
				(<-first).Write(b)
				io.ReadAll(c)
			})(ctx, e)
		}
	}
	const scenario = `steps = [start(), connect("a"), pause("10ms"), connect("b"), send("x", "b"), expect("x", "a"), expect_nothing("b")]`
	wordCase{"only the other", scenario, relay(false), conformance.Pass, ""}.run(t)
	wordCase{"both", scenario, relay(true), conformance.Fail, `"x"`}.run(t)
}

func TestSignal(t *testing.T) {
	tells := func(ctx context.Context, e conformance.FuncEnv) int {
		<-ctx.Done()
		fmt.Fprintln(e.Out, "exit")
		return 0
	}
	deaf := func(ctx context.Context, e conformance.FuncEnv) int { io.ReadAll(e.In); return 0 }
	const scenario = `steps = [launch(), signal("SIGINT"), expect_exit(), expect_output(contains = ["exit"])]`
	wordCase{"it ends", scenario, tells, conformance.Pass, ""}.run(t)
	wordCase{"it does not", scenario, deaf, conformance.Fail, "still running"}.run(t)
}

// TestMemoryThatCannotBeMeasured skips a scenario with its reason.
func TestMemoryThatCannotBeMeasured(t *testing.T) {
	r := grade(t, `steps = [start(), measure_memory("before"), expect_memory("before", growth = 1000)]`, serve(answer("")))
	require.Equal(t, conformance.Skip, r.Outcome)
	require.Equal(t, "the memory of this program cannot be measured", r.Reason)
}

// TestUncaughtBehindAPrompt finds a traceback that stands behind a prompt.
func TestUncaughtBehindAPrompt(t *testing.T) {
	target := serve(func(c net.Conn) { c.Close() })
	main := target.Main
	target.Main = func(ctx context.Context, e conformance.FuncEnv) int {
		io.WriteString(e.Out, "> Traceback (most recent call last):\n  File \"client.py\", line 1\nAttributeError: None\n")
		return main(ctx, e)
	}
	got := grade(t, `steps = [start(), expect_no_traceback()]`, target)
	require.Equal(t, conformance.Fail, got.Outcome)
	require.Contains(t, got.Got, "one of Python")
}
