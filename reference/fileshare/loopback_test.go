package fileshare_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

const loopbackBroadcast = "127.255.255.255"

// TestLoopback plays the lab's demonstration on the loopback device: discovery
// by a real broadcast, then a list, a put and a get over TCP.
func TestLoopback(t *testing.T) {
	for _, d := range fileshare.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			playLoopback(t, d)
		})
	}
}

func playLoopback(t *testing.T, d fileshare.Dialect) {
	work := t.TempDir()
	serverDir, clientDir := filepath.Join(work, fileshare.ServerFolder), filepath.Join(work, fileshare.ClientFolder)
	require.NoError(t, os.Mkdir(serverDir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(serverDir, "hello.txt"), []byte("hello\r\n"), 0o644))
	require.NoError(t, os.Mkdir(clientDir, 0o755))
	mine := strings.Repeat("\x00my own\n", 100000)
	if d == fileshare.Text {
		mine = mine[:8000] // one piece: a busy machine may put a lull between two
	}
	size := fmt.Sprintf(": %d bytes\n", len(mine))
	require.NoError(t, os.WriteFile(filepath.Join(clientDir, "mine"), []byte(mine), 0o644))

	sdp, fsp, stop := startLoopbackServer(t, d, work)
	c := startLoopbackClient(t, work, "-dialect", d.Name, "-sdp", sdp, "-fsp", fsp, "-broadcast", loopbackBroadcast)
	require.Equal(t, fileshare.ServiceName+" found at 127.0.0.1 "+fsp+"\n", c.types("scan"))
	require.Equal(t, "connected to 127.0.0.1:"+fsp+"\n", c.types("connect 127.0.0.1 "+fsp))
	require.Equal(t, "files on the server: 1\n  hello.txt\n", c.types("rlist"))
	require.Equal(t, "sent mine"+size, c.types("put mine"))
	require.Contains(t, c.types("rlist"), "  "+d.StoredPrefix+"mine\n")
	require.Contains(t, c.types("get "+d.StoredPrefix+"mine"), size)
	require.Contains(t, c.types("get hello.txt"), ": 7 bytes\n")
	require.Contains(t, c.types("get missing"), "error: getting missing: ")
	require.Zero(t, c.bye())
	require.Zero(t, stop())

	for path, want := range map[string]string{
		filepath.Join(serverDir, d.StoredPrefix+"mine"):                mine,
		filepath.Join(clientDir, d.StoredPrefix+d.StoredPrefix+"mine"): mine,
		filepath.Join(clientDir, d.StoredPrefix+"hello.txt"):           "hello\r\n",
	} {
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, want == string(got), "%s differs", path)
	}
	require.NotContains(t, fileNames(t, clientDir), d.StoredPrefix+"missing")
}

// startLoopbackServer runs the server program on ports that are free, and
// returns them, and what stops it and gives its exit status.
func startLoopbackServer(t *testing.T, d fileshare.Dialect, work string) (sdp, fsp string, stop func() int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	pc, err := net.ListenPacket("udp4", net.JoinHostPort(loopbackBroadcast, "0"))
	if err != nil {
		t.Skipf("this system takes no broadcast on its loopback device: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	status := make(chan int, 1)
	go func() {
		status <- fileshare.ServerMain(ctx, []string{"-dialect", d.Name}, work, io.Discard,
			func(string, string) (net.Listener, error) { return l, nil },
			func(string, string) (net.PacketConn, error) { return pc, nil })
	}()
	port := func(at net.Addr) string {
		_, port, err := net.SplitHostPort(at.String())
		require.NoError(t, err)
		return port
	}
	return port(pc.LocalAddr()), port(l.Addr()), func() int { cancel(); return <-status }
}

// A loopbackClient is a client program that runs in real time.
type loopbackClient struct {
	t      *testing.T
	typed  io.Writer
	shown  *bufio.Reader
	status chan int
}

func startLoopbackClient(t *testing.T, work string, args ...string) *loopbackClient {
	in, typed := io.Pipe()
	shown, out := io.Pipe()
	t.Cleanup(func() { typed.Close(); shown.Close() }) // if the test fails
	c := &loopbackClient{t: t, typed: typed, shown: bufio.NewReader(shown), status: make(chan int, 1)}
	listenPacket := func(network, address string) (net.PacketConn, error) {
		return net.ListenPacket(network, "127.0.0.1"+address)
	}
	go func() {
		c.status <- fileshare.ClientMain(t.Context(), args, work, in, out, new(net.Dialer).DialContext, listenPacket)
		out.Close()
	}()
	c.prompted()
	return c
}

// types types a line and returns what the client shows for it.
func (c *loopbackClient) types(line string) string {
	c.t.Helper()
	_, err := io.WriteString(c.typed, line+"\n")
	require.NoError(c.t, err)
	return c.prompted()
}

// prompted returns what the client shows until it prompts.
func (c *loopbackClient) prompted() string {
	c.t.Helper()
	var shown strings.Builder
	for !strings.HasSuffix("\n"+shown.String(), "\n"+fileshare.Prompt) {
		b, err := c.shown.ReadByte()
		require.NoError(c.t, err, "after %s", strconv.Quote(shown.String()))
		shown.WriteByte(b)
	}
	return strings.TrimSuffix(shown.String(), fileshare.Prompt)
}

// bye types the last command and returns the exit status.
func (c *loopbackClient) bye() int {
	_, err := io.WriteString(c.typed, "bye\n")
	require.NoError(c.t, err)
	io.Copy(io.Discard, c.shown)
	return <-c.status
}
