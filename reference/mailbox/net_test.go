package mailbox_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/mailbox"
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

// A rig is a network with a server program, inside a synctest bubble.
type rig struct {
	t      *testing.T
	server *memnet.Host
	client *memnet.Host
	log    *logbook
	stop   context.CancelFunc
	status chan int
}

// inBubble runs test with a server program in virtual time, and then stops the
// program: it must end, and close its sockets.
func inBubble(t *testing.T, test func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		r := &rig{t: t, server: n.Host("server"), client: n.Host("client"),
			log: &logbook{}, stop: stop, status: make(chan int, 1)}
		go func() { r.status <- mailbox.ServerMain(ctx, []string{"5000"}, r.log, r.server.Listen) }()
		synctest.Wait()
		test(r)
		stop()
		require.Zero(t, <-r.status)
		require.Zero(t, r.server.Open())
		r.client.Close()
	})
}

func (r *rig) dial() *memnet.Conn {
	c, err := r.client.Dial(r.t.Context(), "tcp", serverAddress)
	require.NoError(r.t, err)
	return c.(*memnet.Conn)
}

// exchange sends bytes and returns all that comes back, and how long it took.
func (r *rig) exchange(sent []byte) ([]byte, time.Duration) {
	c := r.dial()
	defer c.Close()
	start := time.Now()
	_, err := c.Write(sent)
	require.NoError(r.t, err)
	require.NoError(r.t, c.CloseWrite())
	got, _ := io.ReadAll(c)
	return got, time.Since(start)
}

func (r *rig) create(from, to, text string) {
	request := mailbox.MessageRequest{ID: mailbox.Create, Name: from, Receiver: to, Message: text}
	got, took := r.exchange(request.Append(nil))
	require.Empty(r.t, got)
	require.Zero(r.t, took)
}

func (r *rig) read(user string) *mailbox.MessageResponse {
	request := mailbox.MessageRequest{ID: mailbox.Read, Name: user}
	got, took := r.exchange(request.Append(nil))
	require.Zero(r.t, took)
	response, err := mailbox.ParseMessageResponse(got)
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
	user := fmt.Sprint("control", time.Now().UnixNano())
	r.create("c", user, "still there?")
	require.Equal(r.t, []mailbox.Message{{Sender: "c", Text: "still there?"}}, r.read(user).Items)
}

// A client is a client program that runs.
type client struct {
	out    *logbook
	typed  *io.PipeWriter
	status chan int
	start  time.Time
}

// startClient runs the client program.
func startClient(ctx context.Context, h *memnet.Host, args ...string) *client {
	in, typed := io.Pipe()
	c := &client{out: &logbook{}, typed: typed, status: make(chan int, 1), start: time.Now()}
	go func() { c.status <- mailbox.ClientMain(ctx, args, in, c.out, h.Dial) }()
	return c
}

// wait returns the exit status, and after how long the program ended.
func (c *client) wait() (int, time.Duration) {
	status := <-c.status
	c.typed.Close()
	return status, time.Since(c.start)
}

// accept starts a client that reads alice's messages, and returns it with its
// connection after its request.
func accept(t *testing.T) (*client, *memnet.Conn) {
	n := memnet.New()
	l, err := n.Host("harness").Listen("tcp", serverAddress)
	require.NoError(t, err)
	c := startClient(t.Context(), n.Host("client"), "localhost", "5000", "alice", "read")
	conn, err := l.Accept()
	require.NoError(t, err)
	got := make([]byte, len(goldenRead))
	_, err = io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, goldenRead, got)
	return c, conn.(*memnet.Conn)
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
