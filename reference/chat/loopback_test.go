package chat_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// waitFor waits until an output holds a text.
func waitFor(t *testing.T, out *logbook, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), want) }, patience, time.Millisecond,
		"wanted %q", want)
}

// freePort returns a port that is free, or was a moment ago.
func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// A program runs over the loopback device.
type program struct {
	out    *logbook
	typed  *io.PipeWriter // nil for a server
	stop   context.CancelFunc
	status chan int
}

// ends stops the program.
func (p *program) ends(t *testing.T) {
	p.stop()
	require.Zero(t, <-p.status)
	waitFor(t, p.out, "\nexit\n")
	if p.typed != nil {
		p.typed.Close()
	}
}

func startServer(t *testing.T, dir, port string) *program {
	ctx, stop := context.WithCancel(t.Context())
	p := &program{out: &logbook{}, stop: stop, status: make(chan int, 1)}
	go func() { p.status <- chat.ServerMain(ctx, []string{"127.0.0.1", port}, dir, p.out, net.Listen) }()
	waitFor(t, p.out, "Chat server started on port "+port+".\n")
	return p
}

// startTypist starts a client program and waits for its greeting.
func startTypist(t *testing.T, dir, port string) *program {
	ctx, stop := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	var d net.Dialer
	p := &program{out: &logbook{}, typed: typed, stop: stop, status: make(chan int, 1)}
	go func() { p.status <- chat.ClientMain(ctx, []string{"127.0.0.1", port}, dir, in, p.out, d.DialContext) }()
	waitFor(t, p.out, "> Connected to the chat server (")
	return p
}

// TestLoopback lets the programs chat and upload over real connections, stops the
// server, and starts it again on its port.
func TestLoopback(t *testing.T) {
	serverDir, clientDir, port := t.TempDir(), t.TempDir(), freePort(t)
	content := noise(1 << 20)
	write(t, clientDir, "noise.bin", content)
	write(t, clientDir, "digits", "123")
	server := startServer(t, serverDir, port)
	a := startTypist(t, clientDir, port)
	b := startTypist(t, clientDir, port)
	waitFor(t, a.out, "entered (2 users online)")

	// All at once: the client keeps the messages apart.
	io.WriteString(a.typed, "안녕\nI will upload a file\n#upload 'noise.bin'\n"+
		"I will upload a file\n#upload 'digits'\nthat is all\n")
	waitFor(t, b.out, "] that is all\n[You] ")
	require.Regexp(t, `\r\[([^ ]*)\] 안녕\n\[You\] `+
		`\r\[([^ ]*)\] I will upload a file\n\[You\] \r> User ([^ ]*) has uploaded a file\n\[You\] `+
		`\r\[([^ ]*)\] I will upload a file\n\[You\] \r> User ([^ ]*) has uploaded a file\n\[You\] `+
		`\r\[([^ ]*)\] that is all\n\[You\] $`, b.out.String())
	waitFor(t, a.out, "> File 'digits' has uploaded!\n[You] [You] ")
	for name, want := range map[string]string{"noise.bin": content, "digits": "123"} {
		got, err := os.ReadFile(filepath.Join(serverDir, chat.Folder, name))
		require.NoError(t, err)
		require.True(t, want == string(got), name)
	}

	b.ends(t)
	waitFor(t, a.out, "left (1 user online)")
	server.ends(t)
	require.Zero(t, <-a.status)
	a.typed.Close()
	require.True(t, strings.HasSuffix(a.out.String(), "[You] \nserver closed\n"))

	again := startServer(t, serverDir, port)
	c := startTypist(t, clientDir, port)
	c.ends(t)
	waitFor(t, again.out, "left (0 user online)")
	again.ends(t)
}

// TestLoopbackMany has 50 clients that talk at once, one more that never reads, and
// one that resets its connection.
func TestLoopbackMany(t *testing.T) {
	port := freePort(t)
	server := startServer(t, t.TempDir(), port)
	dial := func() *net.TCPConn {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		require.NoError(t, err)
		return c.(*net.TCPConn)
	}
	stalled := dial()
	defer stalled.Close()
	var conns []*net.TCPConn
	var heard []*logbook
	for range 50 {
		c, out := dial(), &logbook{}
		defer c.Close()
		go io.Copy(out, c)
		conns, heard = append(conns, c), append(heard, out)
	}
	waitFor(t, server.out, "(51 users online)")
	for i, c := range conns {
		go fmt.Fprintf(c, "<%d>", i)
	}
	for i, out := range heard {
		for j, c := range conns {
			if i != j {
				waitFor(t, out, fmt.Sprintf("[%s] <%d>", c.LocalAddr(), j))
			}
		}
	}
	require.NoError(t, conns[0].SetLinger(0))
	conns[0].Close()
	waitFor(t, heard[1], fmt.Sprintf("< The user %s left (50 users online)", conns[0].LocalAddr()))
	server.ends(t)
}
