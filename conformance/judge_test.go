package conformance_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// serve makes a target of a function that answers one connection.
func serve(answer func(net.Conn)) *conformance.Func {
	return &conformance.Func{Name: "test server", Main: func(ctx context.Context, e conformance.FuncEnv) int {
		l, err := e.Listen("tcp", ":"+e.Args[0])
		if err != nil {
			return 1
		}
		var answering sync.WaitGroup
		defer answering.Wait()
		for {
			c, err := l.Accept()
			if err != nil {
				return 0
			}
			answering.Go(func() {
				defer c.Close()
				answer(c)
			})
		}
	}}
}

// grade runs a suite of one scenario for tiny against a server, in virtual
// time.
func grade(t *testing.T, scenario string, target conformance.Target) conformance.Result {
	t.Helper()
	p, err := load(tiny, `load("protocol.star", "Ping")`+"\n"+`scenario(id = "server/ping/one", covers = ["server.ping"], why = "w", `+scenario+")", conformance.LoadOptions{})
	require.NoError(t, err)
	var got conformance.Result
	synctest.Test(t, func(t *testing.T) {
		r, err := conformance.Run(t.Context(), p, []conformance.Graded{{Role: "server", Target: target}}, conformance.RunOptions{Seed: 1})
		require.NoError(t, err)
		got = r.Suites[0].Results[0]
	})
	again(t, p, got)
	return got
}

// again judges a result's transcript from its JSON form, and wants the same.
func again(t *testing.T, p *conformance.Protocol, r conformance.Result) {
	t.Helper()
	if r.Played == nil {
		return
	}
	b, err := json.Marshal(r.Played)
	require.NoError(t, err)
	var tr conformance.Transcript
	require.NoError(t, json.Unmarshal(b, &tr))
	s, _ := p.Scenario(r.Scenario)
	require.Equal(t, r.Verdict.Outcome, conformance.Judge(s, &tr, p.Observes(s)).Outcome)
}

const pong = `steps = [start(), connect(), send(Ping(name = "x")), half_close(), expect(Ping(name = "pong")), expect_close()]`

func answer(b string) func(net.Conn) {
	return func(c net.Conn) {
		io.ReadAll(c)
		io.WriteString(c, b)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name, scenario string
		answer         func(net.Conn)
		outcome        conformance.Outcome
		got            string
	}{
		{"the right answer", pong, answer("\x01\x02\x04pong"), conformance.Pass, ""},
		{"an answer that differs", pong, answer("\x01\x02\x04pang"), conformance.Fail, `Ping.name: wanted "pong", got "pang"`},
		{"a wrong constant", pong, answer("\x02\x01\x04pong"), conformance.Fail, `Ping.magic: wanted 0x0102, got 0x0201`},
		{"cut short", pong, answer("\x01\x02\x04po"), conformance.Fail, `5 bytes, then the connection was closed (FIN)`},
		{"one byte too many", pong, answer("\x01\x02\x04pong!"), conformance.Fail, `it, and 1 more byte`},
		{"no answer", pong, answer(""), conformance.Fail, `nothing, then the connection was closed (FIN)`},
		{"never closes", pong, func(c net.Conn) { io.WriteString(c, "\x01\x02\x04pong"); time.Sleep(time.Hour) }, conformance.Fail, `still open after 3.00 s`},
		{"a close that is too early", `steps = [start(), connect(), send(Ping(name = "x")), expect_close(not_before = "1s")]`,
			func(c net.Conn) { time.Sleep(900 * time.Millisecond) }, conformance.Fail, `reset (RST) after 0.90 s, too early`},
		{"a close before all is sent", `steps = [start(), connect(), send("x"), pause("600ms"), send("y"), expect(Ping(name = "pong"))]`,
			func(c net.Conn) { io.ReadFull(c, make([]byte, 1)) }, conformance.Fail, `closed (FIN) 0.60 s before the harness had sent all`},
		{"a close in time", `steps = [start(), connect(), send(Ping(name = "x")), half_close(), expect_close(not_before = "1s")]`,
			func(c net.Conn) { io.ReadAll(c); time.Sleep(time.Second) }, conformance.Pass, ``},
		{"a close that is too late", `steps = [start(), connect(), send(Ping(name = "x")), expect_close(within = "2s")]`,
			func(c net.Conn) { time.Sleep(3 * time.Second) }, conformance.Fail, `still open after 2.00 s`},
		{"the needs do not hold", `needs = [start(), connect(), expect(Ping())], steps = [expect_close()]`, answer(""), conformance.Blocked, ``},
		{"what nobody asked for", `steps = [start(), connect(), half_close(), pause("10ms")]`, answer("hello"), conformance.Fail, `5 more bytes on connection c`},
		{"either way", `steps = [start(), connect(), half_close(), either({"answers": expect(Ping()), "closes": expect_close()})]`, answer(""), conformance.Pass, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := grade(t, c.scenario, serve(c.answer))
			require.Equal(t, c.outcome, r.Outcome, "%s; wanted %s, got %s", r.Step, r.Want, r.Got)
			require.Contains(t, r.Got, c.got)
		})
	}
}

// TestLateOnceIsNotAFailure holds a program to blame only when it is late
// again.
func TestLateOnceIsNotAFailure(t *testing.T) {
	var n atomic.Int32
	r := grade(t, pong, serve(func(c net.Conn) {
		if n.Add(1) == 1 {
			time.Sleep(10 * time.Second)
		}
		answer("\x01\x02\x04pong")(c)
	}))
	require.Equal(t, conformance.Pass, r.Outcome)
	require.Equal(t, 2, r.Attempts)
}

// TestWrongOnceIsPlayedThreeTimes does not trust one wrong answer, nor the
// right one that follows it.
func TestWrongOnceIsPlayedThreeTimes(t *testing.T) {
	var n atomic.Int32
	r := grade(t, pong, serve(func(c net.Conn) {
		if n.Add(1) == 1 {
			return
		}
		answer("\x01\x02\x04pong")(c)
	}))
	require.Equal(t, conformance.Pass, r.Outcome)
	require.Equal(t, 3, r.Attempts)
}

// TestNeverListens does not wait for a dead program once for every scenario.
func TestNeverListens(t *testing.T) {
	for name, main := range map[string]func(context.Context, conformance.FuncEnv) int{
		"it runs but does not listen": func(ctx context.Context, _ conformance.FuncEnv) int { <-ctx.Done(); return 0 },
		"it ended before it listened": func(context.Context, conformance.FuncEnv) int { return 1 },
		"exit status 2":               func(context.Context, conformance.FuncEnv) int { panic("no") },
	} {
		r := grade(t, pong, &conformance.Func{Name: "dead", Main: main})
		require.Equal(t, conformance.Fail, r.Outcome)
		require.Contains(t, r.Got, name)
		require.Equal(t, 2, r.Attempts)
	}
}

// TestSlowCutIsInconclusive blames nobody for an answer that was cut while the
// machine took it slowly.
func TestSlowCutIsInconclusive(t *testing.T) {
	for wait, outcome := range map[time.Duration]conformance.Outcome{
		700 * time.Millisecond: conformance.Fail, 900 * time.Millisecond: conformance.Inconclusive,
	} {
		r := grade(t, `steps = [start(), connect(), half_close(), expect(Ping(name = "pong"), at_most = "800ms")]`, serve(func(c net.Conn) {
			io.WriteString(c, "\x01\x02\x04po")
			time.Sleep(wait)
		}))
		require.Equal(t, outcome, r.Outcome, "cut after %s", wait)
	}
}

// TestPauseThatIsTooLong makes an attempt invalid, never the program wrong.
func TestPauseThatIsTooLong(t *testing.T) {
	r := grade(t, `steps = [start(), connect(), pause("2s", at_most = "1s")]`, serve(answer("")))
	require.Equal(t, conformance.Inconclusive, r.Outcome)
}

func TestSampleDependsOnSeedAndScenario(t *testing.T) {
	p, err := load(tiny, covered+`
scenario(id = "server/ping/two", covers = ["server.ping"], why = "w", steps = [start(), connect(), send(Ping(name = sample("who", 9)))])
scenario(id = "server/ping/three", covers = ["server.ping"], why = "w", steps = [start(), connect(), send(Ping(name = sample("who", 9)))])
`, conformance.LoadOptions{})
	require.NoError(t, err)
	sent := func(id string, seed uint64) string {
		s, _ := p.Scenario(id)
		return string(conformance.Preview(s, seed)[2].Bytes)
	}
	require.Equal(t, sent("server/ping/two", 1), sent("server/ping/two", 1))
	require.NotEqual(t, sent("server/ping/two", 1), sent("server/ping/two", 2))
	require.NotEqual(t, sent("server/ping/two", 1), sent("server/ping/three", 1))
	require.Len(t, sent("server/ping/two", 1), 12)
}

func TestHints(t *testing.T) {
	const list = `
protocol(title = "tiny", source = "a test", server = program(files = ["server.py"], args = ["{port}"]))
Item = record("Item", u16("len", size_of = "name"), text("name"))
Ping = record("Ping", u16("magic", const = 0x0102), u16("n", count_of = "items"), repeat("items", of = Item))
requirement("server.ping", "must", "§1", "answers")
`
	const suite = `load("protocol.star", "Item", "Ping")
scenario(id = "server/ping/one", covers = ["server.ping"], why = "w",
    steps = [start(), connect(), half_close(), expect(Ping(items = [Item(name = "é")]))])`
	p, err := load(list, suite, conformance.LoadOptions{})
	require.NoError(t, err)
	for _, c := range []struct{ got, hint string }{
		{"\x02\x01\x01\x00\x02\x00é", "these are the right numbers in the other byte order"},
		{"\x01\x02\x01\x00\x02\x00é", "these are the right lengths and counts in the other byte order"},
		{"\x02\x01\x00\x01\x00\x02é", "this is the right magic number in the other byte order"},
		{"\x01\x02\x00\x01\x00\x01é", "the lengths are those in characters"},
		{"\x01\x02\x00\x01\x00\x03é", ""},
		{"\x02\x01\x00\x01\x00\x02e\x00", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, err := conformance.Run(t.Context(), p, []conformance.Graded{{Role: "server", Target: serve(answer(c.got))}}, conformance.RunOptions{})
			require.NoError(t, err)
			got := r.Suites[0].Results[0]
			require.Equal(t, conformance.Fail, got.Outcome)
			require.Contains(t, got.Hint, c.hint)
			require.Equal(t, c.hint == "", got.Hint == "", got.Hint)
		})
	}
}
