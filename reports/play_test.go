package reports_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// greet is a small protocol: a name goes to the server, a greeting comes back.
const greet = `
protocol(title = "greetings", source = "an example",
    server = program(files = ["server.py"], args = ["{port}"], fragments = "server.fragments"))

Ask = record("Ask", u16("magic", const = 0x6772), u8("name_len", size_of = "name", min = 1), text("name"))
Answer = record("Answer", u16("magic", const = 0x6772), u16("text_len", size_of = "text", min = 1), text("text"))

requirement("server.greets", "must", "§2.1", "Answers a name with a greeting: hello, a space and the name.")
requirement("server.magic", "must", "§2.2", "A request with another magic number is erroneous: no answer, the connection is closed.")
requirement("server.empty", "must", "§2.2", "A request with an empty name is erroneous: no answer, the connection is closed.")
requirement("server.fragments", "must", "§3", "A request may arrive in pieces.")
requirement("server.log", "should", "§2.3", "Prints each name.")
requirement("server.goodbye", "may", "§2.4", "Says goodbye, or just closes. Record which.")
requirement("server.no-traceback", "must", "§4", "No uncaught exception reaches the terminal, whatever arrives.")
requirement("server.secret", "must", "§5", "Uses the secret of this year.")

SECRET = param("SECRET", doc = "differs every year")
`

const greetServer = `
load("protocol.star", "Ask", "Answer")

def good(conn, name):
    return [
        connect(conn), send(Ask(name = name), conn),
        expect(Answer(text = join("hello ", name)), conn),
        half_close(conn), expect_close(conn),
    ]

def bad(ask):
    return [connect(), send(ask), expect_close(within = "1s"), expect_no_traceback()]

scenario(id = "server/greet/hello", covers = ["server.greets"], pieces = True,
    why = "This is what the server is for.",
    steps = [start()] + good("a", "wörld"))

scenario(id = "server/magic/other", covers = ["server.magic"],
    why = "A request that is not one of ours must be dropped, not answered.",
    needs = [start()] + good("before", "ada"), then = good("after", "bob"),
    steps = bad(Ask(magic = 0x7267, name = "eve")))

scenario(id = "server/magic/zero", covers = ["server.magic"],
    why = "A request that is not one of ours must be dropped, not answered.",
    needs = [start()] + good("before", "ada"), then = good("after", "bob"),
    steps = bad(Ask(magic = 0, name = "eve")))

scenario(id = "server/empty/name", covers = ["server.empty", "server.no-traceback"],
    why = "Nobody can be greeted without a name.",
    needs = [start()] + good("before", "ada"), then = good("after", "bob"),
    steps = bad(Ask(name_len = 0, name = "")))

scenario(id = "server/log/name", covers = ["server.log"],
    why = "Whoever runs the server wants to see who came.",
    needs = [start()] + good("before", "ada"),
    steps = good("c", "grace") + [expect_output(contains = ["grace"], within = "1s")])

scenario(id = "server/goodbye/which", covers = ["server.goodbye"],
    why = "The assignment leaves this open.",
    needs = [start()] + good("before", "ada"),
    steps = [connect(), send(Ask(name = "goodbye")), either({
        "says goodbye": expect(Answer(text = "goodbye")),
        "greets as ever": expect(Answer(text = "hello goodbye")),
    })])

scenario(id = "server/secret/this-year", covers = ["server.secret"], params = ["SECRET"],
    why = "The secret is part of the exercise.",
    steps = [start()] + good("a", "ada"))
`

// A greeter is a server under test. Its fields are what is wrong with it.
type greeter struct {
	deaf      bool // never listens
	quits     bool // ends at once
	little    bool // writes lengths little-endian
	ignores   bool // keeps the connection open after a bad request
	crashes   bool // dies of a bad request, and prints terrible things
	oneRead   bool // takes what one read gives for the whole request
	silent    bool // does not print names
	talkative bool // says more than was asked for
	answers   bool // answers bad requests
}

// tick is how long the server takes for everything that it does, so that events
// have an order. It is no whole number of milliseconds, so that it never ends
// together with a wait of the harness.
const tick = 730 * time.Microsecond

func (g greeter) main(ctx context.Context, e conformance.FuncEnv) int {
	time.Sleep(tick)
	switch {
	case g.quits:
		fmt.Fprintln(e.Out, "SyntaxError: invalid syntax")
		return 1
	case g.deaf:
		<-ctx.Done()
		return 0
	}
	l, err := e.Listen("tcp", ":"+e.Args[0])
	if err != nil {
		return 1
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return 0
		}
		if !g.serve(ctx, c, e.Out) {
			return 1
		}
	}
}

// serve serves one connection, and tells whether the server lives on.
func (g greeter) serve(ctx context.Context, c net.Conn, out io.Writer) bool {
	defer time.Sleep(tick)
	name, err := g.ask(c)
	time.Sleep(tick)
	switch {
	case err == nil:
	case g.ignores:
		<-ctx.Done()
	case g.crashes:
		fmt.Fprintf(out, "\x1b[2J\x07evil\r\n\tbytes \xff\xfe ]]> \u202egnp.exe\nTraceback (most recent call last):\n"+
			"  File \"server.py\", line 12, in main\n    raise ValueError(name)\nValueError: name\n")
		time.Sleep(tick)
		c.Close()
		return false
	}
	if err != nil {
		fmt.Fprintln(out, "bad request:", err)
		if g.answers {
			c.Write([]byte("ERROR: bad request\n"))
		}
		time.Sleep(tick)
		c.Close()
		return true
	}
	if !g.silent {
		fmt.Fprintf(out, "greeting %s\n", name)
	}
	time.Sleep(tick)
	c.Write(g.answer("hello " + name))
	io.Copy(io.Discard, c)
	time.Sleep(tick)
	c.Close()
	return true
}

func (g greeter) ask(c net.Conn) (string, error) {
	b := make([]byte, 258)
	read := io.ReadAtLeast
	if g.oneRead {
		read = func(r io.Reader, b []byte, least int) (int, error) {
			n, err := r.Read(b)
			if err == nil && n < least {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	n, err := read(c, b, 3)
	switch {
	case err != nil:
		return "", err
	case binary.BigEndian.Uint16(b) != 0x6772:
		return "", fmt.Errorf("magic number %#x", b[:2])
	case b[2] == 0:
		return "", fmt.Errorf("empty name")
	}
	if missing := 3 + int(b[2]) - n; missing > 0 {
		if _, err := read(c, b[n:], missing); err != nil {
			return "", err
		}
	}
	return string(b[3 : 3+b[2]]), nil
}

func (g greeter) answer(text string) []byte {
	b := binary.BigEndian.AppendUint16(nil, 0x6772)
	if g.little {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	} else {
		b = binary.BigEndian.AppendUint16(b, uint16(len(text)))
	}
	b = append(b, text...)
	if g.talkative {
		b = append(b, "\r\nhave a nice day"...)
	}
	return b
}

// played grades a greeter in virtual time, one scenario at a time: how many
// programs start at once would depend on the machine.
func played(t *testing.T, g greeter) *conformance.Report {
	t.Helper()
	files := fstest.MapFS{
		"greet/protocol.star": {Data: []byte(greet)},
		"greet/server.star":   {Data: []byte(greetServer)},
	}
	p, err := conformance.Load(files, "greet", conformance.LoadOptions{})
	require.NoError(t, err)
	var r *conformance.Report
	synctest.Test(t, func(t *testing.T) {
		target := &conformance.Func{Name: "python3 server.py", Main: g.main}
		r, err = conformance.Run(t.Context(), p, []conformance.Graded{{Role: conformance.Server, Target: target}}, conformance.RunOptions{Seed: 7, Jobs: 1})
		require.NoError(t, err)
	})
	return r
}

// greeters are the servers that are graded for the golden files.
var greeters = map[string]greeter{
	"good":      {},
	"deaf":      {deaf: true},
	"quits":     {quits: true},
	"little":    {little: true},
	"ignores":   {ignores: true},
	"crashes":   {crashes: true},
	"one-read":  {oneRead: true},
	"silent":    {silent: true},
	"talkative": {talkative: true},
	"answers":   {answers: true},
}
