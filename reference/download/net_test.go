package download_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/download"
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

// A rig is a network with a server program.
type rig struct {
	t      *testing.T
	dir    string // where the server has its files
	server *memnet.Host
	client *memnet.Host
	log    *logbook
	stop   context.CancelFunc
	status chan int
}

// startServer runs the server program, and returns when it listens.
func startServer(t *testing.T, dir string) *rig {
	n := memnet.New()
	ctx, stop := context.WithCancel(t.Context())
	r := &rig{t: t, dir: dir, server: n.Host("server"), client: n.Host("client"),
		log: &logbook{}, stop: stop, status: make(chan int, 1)}
	listens := r.server.Changed()
	go func() { r.status <- download.ServerMain(ctx, []string{"5000"}, dir, r.log, r.server.Listen) }()
	<-listens
	return r
}

// end stops the program: it must end, and close its sockets.
func (r *rig) end() {
	r.stop()
	require.Zero(r.t, <-r.status)
	require.Zero(r.t, r.server.Open())
	r.client.Close()
}

// inBubble runs test with a server program in virtual time.
func inBubble(t *testing.T, test func(r *rig)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := startServer(t, dir)
		test(r)
		r.end()
	})
}

// file gives the server a file.
func (r *rig) file(name string, data []byte) {
	r.t.Helper()
	writeFile(r.t, r.dir, name, data)
}

func (r *rig) dial() *memnet.Conn {
	r.t.Helper()
	c, err := r.client.Dial(r.t.Context(), "tcp", serverAddress)
	require.NoError(r.t, err)
	return c.(*memnet.Conn)
}

// exchange sends bytes and returns all that comes back, and how long it took.
// The server may have closed before it is sent all of them.
func (r *rig) exchange(sent []byte) ([]byte, time.Duration) {
	r.t.Helper()
	c := r.dial()
	defer c.Close()
	start := time.Now()
	c.Write(sent)
	c.CloseWrite()
	got, _ := io.ReadAll(c)
	return got, time.Since(start)
}

// get asks for a file and returns the response.
func (r *rig) get(name string) *download.FileResponse {
	r.t.Helper()
	got, took := r.exchange(request(name))
	require.Zero(r.t, took)
	response, err := download.ParseFileResponse(got)
	require.NoError(r.t, err)
	return response
}

// logged waits until the server has nothing to do, and expects a line.
func (r *rig) logged(line string) {
	r.t.Helper()
	synctest.Wait()
	require.Contains(r.t, r.log.String(), line)
}

// servesOn expects that the server is still good.
func (r *rig) servesOn() {
	r.t.Helper()
	name := fmt.Sprint("control", time.Now().UnixNano())
	r.file(name, []byte("still there?"))
	require.Equal(r.t, []byte("still there?"), r.get(name).Data)
}

// A client is a client program that runs.
type client struct {
	dir    string // where it saves
	out    *logbook
	status chan int
	start  time.Time
}

// startClient runs the client program.
func startClient(ctx context.Context, h *memnet.Host, dir string, args ...string) *client {
	c := &client{dir: dir, out: &logbook{}, status: make(chan int, 1), start: time.Now()}
	go func() { c.status <- download.ClientMain(ctx, args, dir, c.out, h.Dial) }()
	return c
}

// wait returns the exit status, and after how long the program ended.
func (c *client) wait() (int, time.Duration) {
	status := <-c.status
	return status, time.Since(c.start)
}

// fails waits and expects an error message and no local file.
func (c *client) fails(t *testing.T, message string) time.Duration {
	t.Helper()
	status, took := c.wait()
	require.NotZero(t, status)
	require.Contains(t, c.out.String(), "error: ")
	require.Contains(t, c.out.String(), message)
	require.NotContains(t, c.out.String(), "received and saved")
	require.Empty(t, names(t, c.dir))
	return took
}

// saves waits and expects a success, and that the file holds these data.
func (c *client) saves(t *testing.T, name string, data []byte) time.Duration {
	t.Helper()
	status, took := c.wait()
	require.Equal(t, fmt.Sprintf("%d bytes received and saved as %s\n", len(data), name), c.out.String())
	require.Zero(t, status)
	got, err := os.ReadFile(filepath.Join(c.dir, name))
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got))
	return took
}

// asked runs test with a client that has asked for hello.txt, and with the
// server's end of its connection.
func asked(t *testing.T, test func(t *testing.T, c *client, conn *memnet.Conn)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		h := n.Host("client")
		c := startClient(t.Context(), h, dir, "localhost", "5000", "hello.txt")
		conn, err := l.Accept()
		require.NoError(t, err)
		got := make([]byte, len(goldenRequest))
		_, err = io.ReadFull(conn, got)
		require.NoError(t, err)
		require.Equal(t, goldenRequest, got)
		test(t, c, conn.(*memnet.Conn))
		time.Sleep(time.Minute) // whoever sends has ended
		require.Zero(t, h.Open())
	})
}

// request returns the wire form of a request for a file.
func request(name string) []byte {
	return (&download.FileRequest{Filename: name}).Append(nil)
}

// response returns the wire form of a response with a file.
func response(data []byte) []byte {
	return (&download.FileResponse{Status: download.Found, Data: data}).Append(nil)
}

// random returns so many bytes of any value, the same every time.
func random(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// writeFile makes a file, and the directories that are in its name.
func writeFile(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, data, 0o666))
}

// names returns what is in a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// pieces writes the parts of b, with a pause before each but the first.
func pieces(w io.Writer, pause time.Duration, parts ...[]byte) {
	for i, part := range parts {
		if i > 0 {
			time.Sleep(pause)
		}
		w.Write(part)
	}
}

// cut returns b in parts that end at the given places.
func cut(b []byte, at ...int) [][]byte {
	var parts [][]byte
	from := 0
	for _, to := range append(at, len(b)) {
		parts = append(parts, b[from:to])
		from = to
	}
	return parts
}

// bytewise returns every byte of b as a part of its own.
func bytewise(b []byte) [][]byte { return bytes.SplitAfter(b, nil) }

// refuse is a network where nothing works.
func refuse(network, address string) (net.Listener, error) {
	return nil, fmt.Errorf("listen %s %s: refused", network, address)
}
