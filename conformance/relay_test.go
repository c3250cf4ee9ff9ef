package conformance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// couple is a protocol with a server and a client, which is told where to
// connect to.
const couple = `
protocol(title = "couple", source = "a test",
    server = program(files = ["server.py"], args = ["{port}"]),
    client = program(files = ["client.py"], args = ["{host}", "{port}"]),
)
requirement("pair.talk", "must", "§1", "they talk")
`

// relayed starts a server, and a client that connects to the relay.
const relayed = `start(role = "server"), relay(), launch(role = "client", port = port_of("relay")), accept("c")`

func loadCouple(steps string) (*conformance.Protocol, error) {
	return load(couple, `scenario(id = "pair/talk/x", covers = ["pair.talk"], why = "w", steps = [`+steps+`])`, conformance.LoadOptions{})
}

// A half is one of two programs: what it does with its connection.
type half func(c net.Conn, say func(format string, a ...any))

// gradePair plays steps with a server and a client on a network in memory.
func gradePair(t *testing.T, steps string, server, client half) conformance.Result {
	t.Helper()
	p, err := loadCouple(steps)
	require.NoError(t, err)
	target := conformance.PairTarget{
		Server: &conformance.Func{Name: "server", Disk: true, Main: func(ctx context.Context, e conformance.FuncEnv) int {
			return serve(func(c net.Conn) { server(c, sayer(e.Out)) }).Main(ctx, e)
		}},
		Client: &conformance.Func{Name: "client", Disk: true, Main: func(ctx context.Context, e conformance.FuncEnv) int {
			c, err := e.Dial(ctx, "tcp", net.JoinHostPort(e.Args[0], e.Args[1]))
			if err != nil {
				return 1
			}
			defer c.Close()
			client(c, sayer(e.Out))
			return 0
		}},
	}
	var got conformance.Result
	synctest.Test(t, func(t *testing.T) {
		r, err := conformance.Run(t.Context(), p, []conformance.Graded{{Role: conformance.Pair, Target: target}}, conformance.RunOptions{Seed: 1})
		require.NoError(t, err)
		require.Equal(t, conformance.Pair, r.Suites[0].Role)
		got = r.Suites[0].Results[0]
	})
	again(t, p, got)
	return got
}

func sayer(w io.Writer) func(string, ...any) {
	return func(format string, a ...any) { fmt.Fprintf(w, format+"\n", a...) }
}

// sayParts says what each read gives, at the end.
func sayParts(c net.Conn, say func(string, ...any)) {
	b, parts := make([]byte, 100), ""
	for {
		n, err := c.Read(b)
		if err != nil {
			say("%s", parts)
			return
		}
		parts += string(b[:n]) + "|"
	}
}

// silent takes all there is.
func silent(c net.Conn, say func(string, ...any)) {
	b, err := io.ReadAll(c)
	say("got %q, %v", b, err)
}

func TestRelay(t *testing.T) {
	for _, c := range []struct {
		name, steps    string
		server, client half
	}{
		{
			name:  "both ways, and a half-close",
			steps: `expect_output(run = "client", contains = ["answer: HELLO"]), expect_end("c"), expect_exit(run = "client")`,
			server: func(c net.Conn, _ func(string, ...any)) {
				b, _ := io.ReadAll(c)
				c.Write(bytes.ToUpper(b))
			},
			client: func(c net.Conn, say func(string, ...any)) {
				io.WriteString(c, "hello")
				c.(interface{ CloseWrite() error }).CloseWrite()
				b, err := io.ReadAll(c)
				say("answer: %s %v", b, err)
			},
		},
		{
			name:   "what was apart stays apart",
			steps:  `expect_output(run = "server", contains = ["one|two|"])`,
			server: sayParts,
			client: func(c net.Conn, _ func(string, ...any)) {
				io.WriteString(c, "one")
				time.Sleep(10 * time.Millisecond)
				io.WriteString(c, "two")
			},
		},
		{
			name:  "a lull stays one to a server that is slow",
			steps: `expect_output(run = "server", contains = ["one|two|"], within = "10s")`,
			server: func(c net.Conn, say func(string, ...any)) {
				time.Sleep(2 * time.Second)
				sayParts(c, say)
			},
			client: func(c net.Conn, _ func(string, ...any)) {
				io.WriteString(c, "one")
				time.Sleep(300 * time.Millisecond)
				io.WriteString(c, "two")
			},
		},
		{
			name:   "the client's reset",
			steps:  `expect_end("c"), expect_output(run = "server", contains = ["got \"\", " + "read tcp", "reset"])`,
			server: silent,
			client: func(c net.Conn, _ func(string, ...any)) { c.(interface{ SetLinger(int) error }).SetLinger(0) },
		},
		{
			name:  "the server's reset",
			steps: `expect_output(run = "client", contains = ["true"])`,
			server: func(c net.Conn, _ func(string, ...any)) {
				c.(interface{ SetLinger(int) error }).SetLinger(0)
				c.Close()
			},
			client: func(c net.Conn, say func(string, ...any)) {
				_, err := io.ReadAll(c)
				say("%v", errors.Is(err, syscall.ECONNRESET))
			},
		},
		{
			name:   "a client that sends and leaves",
			steps:  `expect_end("c"), expect_output(run = "server", contains = ["got \"bye\", <nil>"])`,
			server: silent,
			client: func(c net.Conn, _ func(string, ...any)) { io.WriteString(c, "bye") },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := gradePair(t, relayed+", "+c.steps, c.server, c.client)
			require.Equal(t, conformance.Pass, r.Outcome, "%s; wanted %s, got %s", r.Step, r.Want, r.Got)
		})
	}
}

// TestRelayRecords notes what was said, and of much only how much it was.
func TestRelayRecords(t *testing.T) {
	const much = 3<<20 + 5
	r := gradePair(t, relayed+`, expect_end("c"), expect_output(run = "server", contains = ["`+fmt.Sprint(much)+`"])`,
		func(c net.Conn, say func(string, ...any)) {
			io.WriteString(c, "welcome")
			n, _ := io.Copy(io.Discard, c)
			say("%d", n)
		},
		func(c net.Conn, _ func(string, ...any)) {
			io.ReadFull(c, make([]byte, 7))
			c.Write(bytes.Repeat([]byte("0123456789"), much/10+1)[:much])
		})
	require.Equal(t, conformance.Pass, r.Outcome, "%s; wanted %s, got %s", r.Step, r.Want, r.Got)
	said := map[string][]byte{}
	rest := map[string]int{}
	var kinds []conformance.EventKind
	for _, e := range r.Played.Events {
		switch e.Kind {
		case conformance.Relayed:
			said[e.Text] = append(said[e.Text], e.Data...)
			rest[e.Text] += e.N
		case conformance.PeerClosed, conformance.ServerClosed:
			kinds = append(kinds, e.Kind)
		}
	}
	require.Equal(t, "welcome", string(said[conformance.Server]))
	require.Len(t, said[conformance.Client], 64<<10)
	require.True(t, bytes.HasPrefix(said[conformance.Client], []byte("0123456789")))
	require.Equal(t, much, len(said[conformance.Client])+rest[conformance.Client])
	require.Equal(t, conformance.PeerClosed, kinds[0])
	require.Less(t, len(r.Played.Events), 100)
}

// TestRelayWithoutServer resets a client whose server is gone.
func TestRelayWithoutServer(t *testing.T) {
	r := gradePair(t, `start(role = "server"), signal("SIGKILL", run = "server"), expect_exit(run = "server"), relay(), launch(role = "client", port = port_of("relay")), accept("c"), expect_output(run = "client", contains = ["reset"]), expect_output(run = "client", contains = ["never"])`,
		silent, silent)
	require.Equal(t, conformance.Fail, r.Outcome)
	require.True(t, slices.ContainsFunc(r.Transcript, func(e conformance.Event) bool {
		return e.Kind == conformance.NoServer && strings.Contains(e.Text, "refused")
	}))
}

// TestAnswersOfEach looks at what each of two programs printed since it was typed
// to, in whatever order that was.
func TestAnswersOfEach(t *testing.T) {
	p, err := load(tiny, `scenario(id = "server/ping/one", covers = ["server.ping"], why = "w", steps = [
		launch(run = "a"), launch(run = "b"), type_line("one", run = "a"), type_line("two", run = "b"),
		expect_output(run = "a", answer = True, contains = ["got one"]), expect_output(run = "b", answer = True, contains = ["got two"]),
		type_line("three", run = "b"), expect_output(run = "b", answer = True, contains = ["got three"], lacks = ["two"])])`, conformance.LoadOptions{})
	require.NoError(t, err)
	echoes := &conformance.Func{Name: "echoes", Main: func(_ context.Context, e conformance.FuncEnv) int {
		for {
			var line string
			if _, err := fmt.Fscanln(e.In, &line); err != nil {
				return 0
			}
			fmt.Fprintln(e.Out, "got", line)
		}
	}}
	synctest.Test(t, func(t *testing.T) {
		r, err := conformance.Run(t.Context(), p, []conformance.Graded{{Role: "server", Target: echoes}}, conformance.RunOptions{Seed: 1})
		require.NoError(t, err)
		got := r.Suites[0].Results[0]
		require.Equal(t, conformance.Pass, got.Outcome, "%s; wanted %s, got %s", got.Step, got.Want, got.Got)
	})
}

func TestLoadPairErrors(t *testing.T) {
	for steps, want := range map[string]string{
		`start()`:                 `scenario pair/talk/x: start() wants role = "server" or "client": a pair is two programs`,
		`launch(role = "master")`: `launch: role wants "server" or "client", got "master"`,
	} {
		_, err := loadCouple(steps)
		require.ErrorContains(t, err, want)
	}
	_, err := load(tiny, `scenario(id = "server/ping/one", covers = ["server.ping"], why = "w", steps = [start(role = "server")])`, conformance.LoadOptions{})
	require.ErrorContains(t, err, `start(role = "server") wants no role: there is one program, the server`)
}

// TestAnswerOf is what a server calls itself, as a client would show it.
func TestAnswerOf(t *testing.T) {
	main := func(_ context.Context, e conformance.FuncEnv) int {
		pc, err := e.ListenPacket("udp4", ":30000")
		if err != nil {
			return 1
		}
		defer pc.Close()
		b := make([]byte, 100)
		_, from, err := pc.ReadFrom(b)
		if err != nil {
			return 1
		}
		pc.WriteTo([]byte(" Somebody's Files\x00\r\n"), from)
		fmt.Fprintln(e.Out, "<Somebody's Files>")
		return 0
	}
	const ask = `launch(), pause("100ms"), udp("q"), send_datagram("?", "q", host = "127.0.0.1", port = "30000"), `
	for _, c := range []wordCase{
		{"trimmed", `steps = [` + ask + `expect_datagram(conn = "q"), expect_output(contains = [join("<", answer_of("q"), ">")])]`, main, conformance.Pass, ""},
		{"none yet", `steps = [` + ask + `expect_output(contains = [answer_of("q")])]`, main, conformance.Inconclusive, "wanted a datagram that was expected, got none"},
	} {
		c.run(t)
	}
}
