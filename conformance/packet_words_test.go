package conformance_test

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// answersAt is a program with a datagram socket, that sends an answer to every
// datagram for each text that it is given.
func answersAt(address string, texts ...string) func(context.Context, conformance.FuncEnv) int {
	return func(_ context.Context, e conformance.FuncEnv) int {
		pc, err := e.ListenPacket("udp4", address)
		if err != nil {
			return 1
		}
		l, err := e.Listen("tcp", ":12345")
		if err != nil {
			return 1
		}
		defer l.Close()
		for b := make([]byte, 100); ; {
			_, from, err := pc.ReadFrom(b)
			if err != nil {
				return 0
			}
			for _, text := range texts {
				pc.WriteTo([]byte(text), from)
			}
		}
	}
}

// asking is a program that sends a datagram for every line that is typed.
func asking(to *net.UDPAddr) func(context.Context, conformance.FuncEnv) int {
	return func(_ context.Context, e conformance.FuncEnv) int {
		pc, err := e.ListenPacket("udp4", ":0")
		if err != nil {
			return 1
		}
		for b := make([]byte, 100); ; {
			n, err := e.In.Read(b)
			if err != nil {
				return 0
			}
			pc.WriteTo(b[:n-1], to)
			pc.WriteTo(b[:n-1], to)
			io.WriteString(e.Out, "sent\n")
		}
	}
}

func TestDatagramWords(t *testing.T) {
	const ask = `start(datagrams = "30000"), udp(), send_datagram("who?", host = variable("host"), port = "30000"), `
	everybody := &net.UDPAddr{IP: net.IPv4bcast, Port: 30000}
	one := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 30000}
	const typed = `steps = [udp(port = "30000"), launch(), type_line("first"), `
	for _, c := range []wordCase{
		{"an answer", `steps = [` + ask + `expect_datagram("me"), expect_no_datagram()]`, answersAt(":30000", "me"), conformance.Pass, ""},
		{"any text", `steps = [` + ask + `expect_datagram()]`, answersAt(":30000", "mé"), conformance.Pass, ""},
		{"no text", `steps = [` + ask + `expect_datagram()]`, answersAt(":30000", "m\xe9"), conformance.Fail, `"m\xe9"`},
		{"nothing in it", `steps = [` + ask + `expect_datagram()]`, answersAt(":30000", ""), conformance.Fail, `""`},
		{"another answer", `steps = [` + ask + `expect_datagram("you")]`, answersAt(":30000", "me"), conformance.Fail, `"me"`},
		{"no answer", `steps = [` + ask + `expect_datagram("me")]`, answersAt(":30000"), conformance.Fail, "no datagram within 3.00 s"},
		{"two answers", `steps = [` + ask + `expect_datagram("me"), expect_no_datagram()]`, answersAt(":30000", "me", "again"), conformance.Fail, `"again" from 127.0.0.1:30000`},
		{"no socket", `steps = [start(datagrams = "30000", within = "1s")]`, answersAt(":30001"), conformance.Fail, "it runs but does not listen"},
		{"a broadcast heard", `steps = [start(), udp(), send_datagram("who?", host = "255.255.255.255", port = "30000"), expect_datagram("me")]`, answersAt(":30000", "me"), conformance.Pass, ""},
		{"another socket of the name", `steps = [start(), udp(), udp(), send_datagram("who?", host = variable("host"), port = "30000"), expect_datagram("me")]`, answersAt(":30000", "me"), conformance.Pass, ""},
		{"a broadcast unheard", `steps = [start(), udp(), send_datagram("who?", host = "255.255.255.255", port = "30000"), expect_datagram("me")]`, answersAt("127.0.0.1:30000", "me"), conformance.Fail, "no datagram"},
		{"nowhere to", `steps = [start(), udp(), send_datagram("who?", host = "192.0.2.1", port = "30000"), expect_datagram("me")]`, answersAt(":30000"), conformance.Skip, ""},
		{"a broadcast", typed + `expect_datagram("first", broadcast = True)]`, asking(everybody), conformance.Pass, ""},
		{"to one alone", typed + `expect_datagram("first", broadcast = True)]`, asking(one), conformance.Fail, "one to 127.0.0.1"},
		{"in answer to a line", typed + `expect_output(contains = ["sent"]), pause("10ms"), type_line("second"), expect_datagram("second", answer = True)]`, asking(everybody), conformance.Pass, ""},
		{"in the order of their coming", typed + `expect_output(contains = ["sent"]), type_line("second"), expect_datagram("second")]`, asking(everybody), conformance.Fail, `"first"`},
		{"output in answer to a line", typed + `expect_output(answer = True, contains = ["sent"]), expect_output(answer = True, lacks = ["x"])]`, asking(everybody), conformance.Pass, ""},
	} {
		c.run(t)
	}
}

func TestItems(t *testing.T) {
	const list = `steps = [start(), connect(), half_close(), expect_items("\n", size = 2, `
	for _, c := range []wordCase{
		{"in any order", list + `has = ["b", "a"])]`, serve(answer("\x00\x05a\nb\nc")).Main, conformance.Pass, ""},
		{"a separator behind them", list + `has = ["b", "a"])]`, serve(answer("\x00\x04a\nb\n")).Main, conformance.Pass, ""},
		{"one missing", list + `has = ["b", "d"])]`, serve(answer("\x00\x03a\nb")).Main, conformance.Fail, `a list of "a", "b"`},
		{"one twice", list + `has = ["a"])]`, serve(answer("\x00\x03a\na")).Main, conformance.Fail, "2 times"},
		{"one too many", list + `has = ["a"], lacks = ["b"])]`, serve(answer("\x00\x03a\nb")).Main, conformance.Fail, `a list of "a", "b"`},
		{"more behind it", list + `has = ["a"])]`, serve(answer("\x00\x01ab")).Main, conformance.Fail, "1 more byte"},
		{"more that may be", list + `has = ["a"], more = True), expect("b")]`, serve(answer("\x00\x01ab")).Main, conformance.Pass, ""},
		{"cut", list + `has = ["a"])]`, serve(answer("\x00\x03a")).Main, conformance.Fail, "3 bytes, then the connection was closed"},
		{"without a size", `steps = [start(), connect(), half_close(), expect_items(" ", has = ["b", "a"])]`, serve(answer("a b ")).Main, conformance.Pass, ""},
	} {
		c.run(t)
	}
}

func TestEnd(t *testing.T) {
	const end = `steps = [start(), connect(), half_close(), expect_end(`
	for _, c := range []wordCase{
		{"anything before it", end + `)]`, serve(answer("anything")).Main, conformance.Pass, ""},
		{"what may not come", end + `lacks = ["secret"])]`, serve(answer("a secret")).Main, conformance.Fail, `"a secret"`},
		{"any answer", `steps = [start(), connect(), send("x"), expect_end(or_bytes = True), close()]`, serve(func(c net.Conn) {
			io.ReadFull(c, make([]byte, 1))
			io.WriteString(c, "y")
			io.Copy(io.Discard, c)
		}).Main, conformance.Pass, ""},
		{"no end", `steps = [start(), connect(), send("x"), expect_end()]`, serve(func(c net.Conn) { io.Copy(io.Discard, c) }).Main, conformance.Fail, "still open"},
	} {
		c.run(t)
	}
}

func TestContents(t *testing.T) {
	const steps = `steps = [file("f/old"), note_contents("f"), launch(), expect_exit(), expect_contents("f"`
	for _, c := range []wordCase{
		{"as it was", steps + `)]`, writes("other", nil), conformance.Pass, ""},
		{"one more", steps + `)]`, writes("f/new", nil), conformance.Fail, `"new", "old"`},
		{"one more that is wanted", steps + `, plus = ["new"])]`, writes("f/new", nil), conformance.Pass, ""},
		{"one less", steps + `)]`, func(_ context.Context, e conformance.FuncEnv) int {
			return map[bool]int{true: 1}[os.Remove(filepath.Join(e.Dir, "f", "old")) != nil]
		}, conformance.Fail, "nothing"},
	} {
		c.run(t)
	}
}

func TestPromptOrExit(t *testing.T) {
	ends := func(context.Context, conformance.FuncEnv) int { return 0 }
	wordCase{"it ends", `steps = [launch(), expect_prompt(or_exit = True), expect_idle("1s")]`, ends, conformance.Pass, ""}.run(t)
	wordCase{"it must not end", `steps = [launch(), expect_prompt()]`, ends, conformance.Fail, "it ended"}.run(t)
}

// TestFixedPort gives a program the port that is written into it.
func TestFixedPort(t *testing.T) {
	p, err := load(`
protocol(title = "tiny", source = "a test", server = program(files = [], args = ["{port}"], port = 4242))
requirement("server.ping", "must", "§1", "answers")`,
		`scenario(id = "server/ping/one", covers = ["server.ping"], why = "w", steps = [start(), connect(), half_close(), expect("x"), expect_close()])`, conformance.LoadOptions{})
	require.NoError(t, err)
	require.Equal(t, 4242, p.Programs[conformance.Server].Port)
}
