package transfer_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/transfer"
)

// A logbook is an output that can be read while it is written.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const serverAddress = "127.0.0.1:5000"

// A talk is the test's end of a connection.
type talk struct {
	*memnet.Conn
	t *testing.T
}

// say sends a piece.
func (c talk) say(s string) {
	c.t.Helper()
	_, err := io.WriteString(c, s)
	require.NoError(c.t, err)
}

// hear expects that this comes, and reads no further.
func (c talk) hear(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c, got)
	require.True(c.t, want == string(got[:n]), "wanted %.80q, got %.80q and %v", want, got[:n], err)
}

// silence expects that nothing comes for a while, and the connection stays.
func (c talk) silence() {
	c.t.Helper()
	require.NoError(c.t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	got := make([]byte, 1)
	n, err := c.Read(got)
	require.ErrorIs(c.t, err, os.ErrDeadlineExceeded, "got %q", got[:n])
	require.NoError(c.t, c.SetReadDeadline(time.Time{}))
}

// ends expects that nothing more comes, and closes the connection.
func (c talk) ends() {
	c.t.Helper()
	got, _ := io.ReadAll(c)
	require.Empty(c.t, string(got))
	c.Close()
}

// reset closes the connection with an RST.
func (c talk) reset() {
	c.SetLinger(0)
	c.Close()
}

// eight returns the wire form of a size.
func eight(n int) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// A rig is a network with a server program, inside a synctest bubble.
type rig struct {
	t      *testing.T
	dir    string // the server's folder
	server *memnet.Host
	client *memnet.Host
	log    *logbook
	stop   context.CancelFunc
	status chan int
}

// inBubble runs test with a server program in virtual time, and then stops the
// program: it must end, close its sockets, and leave no draft.
func inBubble(t *testing.T, test func(r *rig), flags ...string) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		r := &rig{t: t, dir: dir, server: n.Host("server"), client: n.Host("client"),
			log: &logbook{}, stop: stop, status: make(chan int, 1)}
		args := append([]string{"5000"}, flags...)
		go func() { r.status <- transfer.ServerMain(ctx, args, dir, r.log, r.server.Listen) }()
		synctest.Wait()
		test(r)
		stop()
		require.Zero(t, <-r.status)
		require.Zero(t, r.server.Open())
		r.client.Close()
		require.NotContains(t, strings.Join(names(t, dir), " "), ".transfer-")
	})
}

// dial connects without waiting for READY.
func (r *rig) dial() talk {
	c, err := r.client.Dial(r.t.Context(), "tcp", serverAddress)
	require.NoError(r.t, err)
	return talk{c.(*memnet.Conn), r.t}
}

// begin connects, waits for READY and sends a command.
func (r *rig) begin(command string) talk {
	r.t.Helper()
	c := r.dial()
	c.hear("READY")
	c.say(command)
	return c
}

// ask sends a command and expects an answer and the end.
func (r *rig) ask(command, want string) {
	r.t.Helper()
	c := r.begin(command)
	c.hear(want)
	c.ends()
}

func (r *rig) get(name, data string) {
	r.t.Helper()
	c := r.begin("GET " + name)
	c.hear("OK")
	c.say("READY")
	c.hear(eight(len(data)))
	c.say("OK")
	c.hear(data)
	c.hear("DONE")
	c.ends()
}

func (r *rig) put(name, data string) {
	r.t.Helper()
	c := r.begin("PUT " + name)
	c.hear("OK")
	c.say(eight(len(data)))
	c.hear("OK")
	go c.Write([]byte(data))
	c.hear("DONE")
	require.True(r.t, data == read(r.t, r.dir, name), "the file is there at DONE")
	c.ends()
}

// logged waits until the server has nothing to do, and expects text.
func (r *rig) logged(text string) {
	r.t.Helper()
	synctest.Wait()
	require.Contains(r.t, r.log.String(), text)
}

// servesOn expects that the server is still good.
func (r *rig) servesOn() {
	r.t.Helper()
	name := fmt.Sprint("control", time.Now().UnixNano())
	r.put(name, "still there?")
	r.get(name, "still there?")
	r.ask("DEL "+name, "DONE")
}

// A client is a client program that runs.
type client struct {
	dir    string
	out    *logbook
	host   *memnet.Host
	status chan int
	start  time.Time
}

// startClient runs the client program in a folder.
func startClient(ctx context.Context, h *memnet.Host, dir string, args ...string) *client {
	c := &client{dir: dir, out: &logbook{}, host: h, status: make(chan int, 1), start: time.Now()}
	go func() { c.status <- transfer.ClientMain(ctx, args, dir, c.out, h.Dial) }()
	return c
}

// wait returns the exit status, and after how long the program ended.
func (c *client) wait() (int, time.Duration) {
	status := <-c.status
	return status, time.Since(c.start)
}

// completes expects that the client ends well and has printed a line and
// Complete.
func (c *client) completes(t *testing.T, line string) {
	t.Helper()
	status, _ := c.wait()
	require.Equal(t, line+"\nComplete\n", c.out.String())
	require.Zero(t, status)
	require.Zero(t, c.host.Open())
}

// fails expects that the client ends with this as its output, without Complete.
func (c *client) fails(t *testing.T, output string) {
	t.Helper()
	status, _ := c.wait()
	require.Equal(t, output, c.out.String())
	require.NotZero(t, status)
	require.Zero(t, c.host.Open())
}

// withClient runs a client program that does a command, and test as its server.
// Each test begins before READY.
func withClient(t *testing.T, dir string, verb, name string, test func(t *testing.T, c *client, s talk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		c := startClient(t.Context(), n.Host("client"), dir, "localhost", "5000", verb, name)
		conn, err := l.Accept()
		require.NoError(t, err)
		s := talk{conn.(*memnet.Conn), t}
		defer s.Close()
		test(t, c, s)
	})
}

// piecewise writes the parts with a pause before each but the first.
func piecewise(w io.Writer, pause time.Duration, parts ...string) {
	for i, part := range parts {
		if i > 0 {
			time.Sleep(pause)
		}
		io.WriteString(w, part)
	}
}

// bytewise returns every byte of s as a part of its own.
func bytewise(s string) []string {
	var parts []string
	for i := range len(s) {
		parts = append(parts, s[i:i+1])
	}
	return parts
}

// refuse is a network where nothing works.
func refuse(network, address string) (net.Listener, error) {
	return nil, fmt.Errorf("listen %s %s: refused", network, address)
}

func mkdir(t *testing.T, dir, name string) {
	t.Helper()
	require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o777))
}
