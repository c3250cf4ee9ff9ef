package fileshare_test

import (
	"bytes"
	"context"
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
	"netproctor/reference/fileshare"
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

const (
	serverAddress = "127.0.0.1:30001"
	serverIP      = "10.0.0.1"
	clientIP      = "10.0.0.2"
)

// A rig is a network with a server program, inside a synctest bubble.
type rig struct {
	t       *testing.T
	dialect fileshare.Dialect
	dir     string // of the server's files
	work    string // the working directory
	server  *memnet.Host
	client  *memnet.Host
	ether   *ether
	log     *logbook
	stop    context.CancelFunc
	status  chan int
}

// inBubble runs test with a server program in virtual time, and then stops the
// program: it must end, close its sockets, and leave no half file.
func inBubble(t *testing.T, d fileshare.Dialect, test func(r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		work := t.TempDir()
		r := &rig{t: t, dialect: d, work: work, dir: filepath.Join(work, fileshare.ServerFolder), ether: &ether{},
			server: n.Host("server"), client: n.Host("client"), log: &logbook{}, stop: stop, status: make(chan int, 1)}
		require.NoError(t, os.Mkdir(r.dir, 0o755))
		r.write("hello.txt", "hello\r\n")
		go func() {
			r.status <- fileshare.ServerMain(ctx, []string{"-dialect", d.Name}, work, r.log, r.server.Listen, r.ether.host(serverIP))
		}()
		t.Cleanup(func() { r.stop() }) // if the test fails
		synctest.Wait()
		test(r)
		r.stop()
		require.Zero(t, <-r.status)
		require.Zero(t, r.server.Open())
		require.Zero(t, r.ether.open(serverIP))
		r.noRemnant()
		r.client.Close()
	})
}

// inEachBubble does that for every dialect.
func inEachBubble(t *testing.T, test func(r *rig)) {
	for _, d := range fileshare.Dialects() {
		t.Run(d.Name, func(t *testing.T) { inBubble(t, d, test) })
	}
}

// write makes a file that the server shares.
func (r *rig) write(name, data string) {
	require.NoError(r.t, os.WriteFile(filepath.Join(r.dir, name), []byte(data), 0o644))
}

// stored expects a file among those of the server. It waits until the server
// has nothing to do.
func (r *rig) stored(name, data string) {
	r.t.Helper()
	synctest.Wait()
	got, err := os.ReadFile(filepath.Join(r.dir, name))
	require.NoError(r.t, err)
	require.True(r.t, data == string(got), "%s differs", name)
}

// files returns the names of all that lies in the folder, hidden or not.
func (r *rig) files() []string {
	synctest.Wait()
	return fileNames(r.t, r.dir)
}

// noRemnant expects that no part of a file is left.
func (r *rig) noRemnant() {
	r.t.Helper()
	for _, name := range r.files() {
		require.NotContains(r.t, name, "incoming")
	}
}

func fileNames(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
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

// send writes turns to a connection, and is quiet behind each in dialects that
// need it.
func (r *rig) send(c *memnet.Conn, turns ...[]byte) {
	r.t.Helper()
	for _, turn := range turns {
		_, err := c.Write(turn)
		require.NoError(r.t, err)
		if r.dialect.Name != fileshare.Sized.Name {
			time.Sleep(fileshare.TurnPause)
		}
	}
}

// exchange sends turns, closes its side, and returns all that comes back.
func (r *rig) exchange(turns ...[]byte) []byte {
	r.t.Helper()
	c := r.dial()
	defer c.Close()
	r.send(c, turns...)
	require.NoError(r.t, c.CloseWrite())
	got, err := io.ReadAll(c)
	require.NoError(r.t, err)
	return got
}

func (r *rig) command(k fileshare.Kind, name string) []byte {
	return (&fileshare.Command{Kind: k, Name: name}).Append(nil, r.dialect)
}

func (r *rig) file(data string) []byte {
	return (&fileshare.File{Data: []byte(data)}).Append(nil, r.dialect)
}

// put returns the turns of an upload.
func (r *rig) put(name, data string) [][]byte {
	return [][]byte{r.command(fileshare.Put, name), r.file(data)}
}

// get asks for a file on a connection of its own.
func (r *rig) get(name string) []byte {
	r.t.Helper()
	return r.exchange(r.command(fileshare.Get, name))
}

// list asks for the names on a connection of its own.
func (r *rig) list() []string {
	r.t.Helper()
	l, err := fileshare.ParseListing(r.exchange(r.command(fileshare.List, "")), r.dialect)
	require.NoError(r.t, err)
	return l.Names
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
	r.write("hello.txt", "hello\r\n")
	require.Equal(r.t, r.file("hello\r\n"), r.get("hello.txt"))
	require.Equal(r.t, []string{fileshare.ServiceName}, r.discover("SERVICE DISCOVERY"))
}

// discover sends a datagram to the server and returns the answers to it.
func (r *rig) discover(datagram string) []string {
	r.t.Helper()
	pc, err := r.ether.host(clientIP)("udp4", ":0")
	require.NoError(r.t, err)
	defer pc.Close()
	_, err = pc.WriteTo([]byte(datagram), udp(serverIP, fileshare.DiscoveryPort))
	require.NoError(r.t, err)
	return answers(r.t, pc, time.Second)
}

// answers returns the datagrams that come within a time.
func answers(t *testing.T, pc net.PacketConn, within time.Duration) []string {
	t.Helper()
	require.NoError(t, pc.SetReadDeadline(time.Now().Add(within)))
	var got []string
	for buf := make([]byte, 64<<10); ; {
		n, _, err := pc.ReadFrom(buf)
		if err != nil {
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			return got
		}
		got = append(got, string(buf[:n]))
	}
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

// bytewise returns every byte of b as a part of its own.
func bytewise(b []byte) [][]byte { return bytes.SplitAfter(b, nil) }
