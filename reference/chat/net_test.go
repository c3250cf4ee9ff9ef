package chat_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/chat"
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

// next returns what was written since the last call.
func (l *logbook) next() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.b.String()
	l.b.Reset()
	return s
}

const serverAddress = "127.0.0.1:5000"

// A rig is a network with a server program, inside a synctest bubble.
type rig struct {
	t      *testing.T
	server *memnet.Host
	client *memnet.Host
	dir    string // the server's working directory
	log    *logbook
	stop   context.CancelFunc
	status chan int
}

// inBubble runs test with a server program in virtual time, and then stops the
// program: it must end, and close its sockets.
func inBubble(t *testing.T, test func(r *rig)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		r := &rig{t: t, server: n.Host("server"), client: n.Host("client"), dir: dir, log: &logbook{}}
		r.start()
		test(r)
		r.printed("")
		r.ends()
		r.client.Close()
	})
}

// start starts the server program.
func (r *rig) start() {
	ctx, stop := context.WithCancel(r.t.Context())
	r.stop, r.status = stop, make(chan int, 1)
	go func() {
		r.status <- chat.ServerMain(ctx, []string{"127.0.0.1", "5000"}, r.dir, r.log, r.server.Listen)
	}()
	r.printed("Chat server started on port 5000.\n")
}

// ends stops the server program and expects that it leaves nothing open.
func (r *rig) ends() {
	r.t.Helper()
	r.stop()
	require.Zero(r.t, <-r.status)
	r.printed("\nexit\n")
	require.Zero(r.t, r.server.Open())
}

// printed expects what the server has printed since the last call, if want is
// not empty.
func (r *rig) printed(want string) {
	r.t.Helper()
	synctest.Wait()
	if got := r.log.next(); want != "" {
		require.Equal(r.t, want, got)
	}
}

// stored expects a file, and that nothing else is in the server's folder but
// what is named.
func (r *rig) stored(name, want string, others ...string) {
	r.t.Helper()
	got, err := os.ReadFile(filepath.Join(r.dir, chat.Folder, name))
	require.NoError(r.t, err)
	require.True(r.t, want == string(got), "wanted %d bytes of %s, got %d or others", len(want), name, len(got))
	require.ElementsMatch(r.t, append(others, name), r.names())
}

// names returns the names of the server's files.
func (r *rig) names() []string {
	entries, err := os.ReadDir(filepath.Join(r.dir, chat.Folder))
	require.NoError(r.t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (r *rig) dial() *memnet.Conn {
	c, err := r.client.Dial(r.t.Context(), "tcp", serverAddress)
	require.NoError(r.t, err)
	return c.(*memnet.Conn)
}

// A user is a client that hears all that it is sent.
type user struct {
	t    *testing.T
	conn *memnet.Conn
	at   string // IP:PORT
	got  *logbook
	end  chan error // has why hearing ended, nil for a close
}

// listen hears what comes, in the background.
func (u *user) listen() {
	u.got, u.end = &logbook{}, make(chan error, 1)
	go func() {
		_, err := io.Copy(u.got, u.conn)
		u.end <- err
	}()
}

// join connects a client, and waits until the server is done with that.
func (r *rig) join() *user {
	c := r.dial()
	u := &user{t: r.t, conn: c, at: c.LocalAddr().String()}
	u.listen()
	synctest.Wait()
	return u
}

// joinAll connects n clients and forgets what they hear about it.
func (r *rig) joinAll(n int) []*user {
	var users []*user
	for range n {
		users = append(users, r.join())
	}
	for _, u := range users {
		u.got.next()
	}
	r.printed("")
	return users
}

// sends sends each part at once, and waits after each until the server is done.
func (u *user) sends(parts ...string) {
	for _, part := range parts {
		_, err := io.WriteString(u.conn, part)
		require.NoError(u.t, err)
		synctest.Wait()
	}
}

// hears expects exactly these bytes since the last call.
func (u *user) hears(want string, args ...any) {
	u.t.Helper()
	synctest.Wait()
	require.Equal(u.t, fmt.Sprintf(want, args...), u.got.next())
}

// leaves closes the connection.
func (u *user) leaves() {
	require.NoError(u.t, u.conn.Close())
	synctest.Wait()
}

// resets closes the connection by force.
func (u *user) resets() {
	require.NoError(u.t, u.conn.SetLinger(0))
	u.leaves()
}

// servesOn expects that two clients can still talk, and that nobody else hears
// or prints anything strange.
func (r *rig) servesOn() {
	r.t.Helper()
	pair := r.joinAll(2)
	pair[0].sends("still there?")
	pair[1].hears("[%s] still there?", pair[0].at)
	pair[0].hears("")
	r.printed("[" + pair[0].at + "] still there?\n")
	pair[0].leaves()
	pair[1].leaves()
	r.printed("")
}

// A typist is a client program that runs.
type typist struct {
	t      *testing.T
	out    *logbook
	typed  *io.PipeWriter
	status chan int
	start  time.Time
}

// startClient runs the client program in a working directory.
func startClient(ctx context.Context, t *testing.T, dir string, h *memnet.Host) *typist {
	in, typed := io.Pipe()
	c := &typist{t: t, out: &logbook{}, typed: typed, status: make(chan int, 1), start: time.Now()}
	go func() {
		c.status <- chat.ClientMain(ctx, []string{"localhost", "5000"}, dir, in, c.out, h.Dial)
	}()
	return c
}

// types types lines and gives the program time for them.
func (c *typist) types(lines ...string) {
	for _, line := range lines {
		_, err := io.WriteString(c.typed, line+"\n")
		require.NoError(c.t, err)
		time.Sleep(chat.Pause)
		synctest.Wait()
	}
}

// shows expects exactly this output since the last call.
func (c *typist) shows(want string) {
	c.t.Helper()
	synctest.Wait()
	require.Equal(c.t, want, c.out.next())
}

// ends returns the exit status, and after how long the program ended.
func (c *typist) ends() (int, time.Duration) {
	status := <-c.status
	c.typed.Close()
	return status, time.Since(c.start)
}

// withClient runs test with a client program in virtual time. peer is the
// server's end of its connection, a user in name only.
func withClient(t *testing.T, test func(c *typist, peer *user, dir string, stop context.CancelFunc)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		h := n.Host("client")
		c := startClient(ctx, t, dir, h)
		conn, err := l.Accept()
		require.NoError(t, err)
		peer := &user{t: t, conn: conn.(*memnet.Conn)}
		peer.listen()
		test(c, peer, dir, stop)
		stop()
		c.typed.Close()
		conn.Close()
		synctest.Wait()
		require.Zero(t, h.Open())
	})
}

// refuse is a network where nothing works.
func refuse(network, address string) (net.Listener, error) {
	return nil, fmt.Errorf("listen %s %s: refused", network, address)
}
