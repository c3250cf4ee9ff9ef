package transfer_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/transfer"
)

// TestClientGet plays a GET with a pause before each of the server's tokens: the
// client says nothing in it, and prints its line just before the bytes.
func TestClientGet(t *testing.T) {
	dir := t.TempDir()
	withClient(t, dir, "GET", "my file", func(t *testing.T, c *client, s talk) {
		s.silence()
		s.say("READY")
		s.hear("GET my file")
		s.silence()
		s.say("OK")
		s.hear("READY")
		s.silence()
		require.Empty(t, c.out.String())
		s.say(eight(4))
		s.hear("OK")
		s.silence()
		require.Equal(t, "client receiving file my file (4 bytes)\n", c.out.String())
		s.say("data")
		s.silence()
		require.NotContains(t, c.out.String(), "Complete")
		s.say("DONE")
		s.ends()
		c.completes(t, "client receiving file my file (4 bytes)")
		require.Equal(t, "data", read(t, dir, "my file"))
		require.Equal(t, []string{"my file"}, names(t, dir))
	})
}

func TestClientPut(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "my file", "data")
	withClient(t, dir, "PUT", "my file", func(t *testing.T, c *client, s talk) {
		s.silence()
		s.say("READY")
		s.hear("PUT my file")
		s.silence()
		s.say("OK")
		s.hear("\x00\x00\x00\x00\x00\x00\x00\x04")
		s.silence()
		require.Empty(t, c.out.String())
		s.say("OK")
		s.hear("data")
		s.silence()
		require.Equal(t, "client sending file my file (4 bytes)\n", c.out.String())
		s.say("DONE")
		s.ends()
		c.completes(t, "client sending file my file (4 bytes)")
		require.Equal(t, "data", read(t, dir, "my file"))
	})
}

func TestClientDel(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "f", "local")
	withClient(t, dir, "DEL", "f", func(t *testing.T, c *client, s talk) {
		s.silence()
		s.say("READY")
		s.hear("DEL f")
		s.silence()
		require.Equal(t, "client deleting file f\n", c.out.String())
		s.say("DONE")
		s.ends()
		c.completes(t, "client deleting file f")
		require.Equal(t, "local", read(t, dir, "f"), "the file is the server's")
	})
}

func TestClientContents(t *testing.T) {
	for name, data := range contents() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
				s.say("READY")
				s.hear("GET f")
				s.say("OK")
				s.hear("READY")
				s.say(eight(len(data)))
				s.hear("OK")
				s.say(data + "DONE") // in one piece
				s.ends()
				c.completes(t, fmt.Sprintf("client receiving file f (%d bytes)", len(data)))
				require.True(t, data == read(t, dir, "f"))
			})
			withClient(t, dir, "PUT", "f", func(t *testing.T, c *client, s talk) {
				s.say("READY")
				s.hear("PUT f")
				s.say("OK")
				s.hear(eight(len(data)))
				s.say("OK")
				s.hear(data)
				s.say("DONE")
				s.ends()
				c.completes(t, fmt.Sprintf("client sending file f (%d bytes)", len(data)))
			})
		})
	}
}

func TestClientGetOverwrites(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "f", "a longer old file")
	withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
		serveGet(s, "f", "new")
		c.completes(t, "client receiving file f (3 bytes)")
		require.Equal(t, "new", read(t, dir, "f"))
	})
}

// serveGet is the server's side of a GET.
func serveGet(s talk, name, data string) {
	s.say("READY")
	s.hear("GET " + name)
	s.say("OK")
	s.hear("READY")
	s.say(eight(len(data)))
	s.hear("OK")
	s.say(data)
	s.say("DONE")
	s.ends()
}

// TestClientFragments sends all that a server sends byte by byte, with pauses in
// which a minute is not over.
func TestClientFragments(t *testing.T) {
	dir := t.TempDir()
	const data = "some DONE data"
	slowly := func(s talk, tokens string) { piecewise(s, 59*time.Second, bytewise(tokens)...) }
	withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
		slowly(s, "READY")
		s.hear("GET f")
		slowly(s, "OK")
		s.hear("READY")
		slowly(s, eight(len(data)))
		s.hear("OK")
		slowly(s, data+"DONE")
		c.completes(t, "client receiving file f (14 bytes)")
		require.Equal(t, data, read(t, dir, "f"))
	})
	withClient(t, dir, "PUT", "f", func(t *testing.T, c *client, s talk) {
		slowly(s, "READY")
		s.hear("PUT f")
		slowly(s, "OK")
		s.hear(eight(len(data)))
		slowly(s, "OK")
		s.hear(data)
		slowly(s, "DONE")
		c.completes(t, "client sending file f (14 bytes)")
	})
	withClient(t, dir, "DEL", "f", func(t *testing.T, c *client, s talk) {
		slowly(s, "READY")
		s.hear("DEL f")
		slowly(s, "DONE")
		c.completes(t, "client deleting file f")
	})
	withClient(t, dir, "DEL", "f", func(t *testing.T, c *client, s talk) {
		s.say("READY")
		s.hear("DEL f")
		slowly(s, "ERROR: x")
		c.fails(t, "client deleting file f\nserver error: x\n")
	})
}

// TestClientCoalesced sends tokens that follow each other in one piece.
func TestClientCoalesced(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "empty", "")
	withClient(t, dir, "PUT", "empty", func(t *testing.T, c *client, s talk) {
		s.say("READY")
		s.hear("PUT empty")
		s.say("OK")
		s.hear(eight(0))
		s.say("OKDONE")
		c.completes(t, "client sending file empty (0 bytes)")
	})
	withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
		s.say("READY")
		s.hear("GET f")
		s.say("OK")
		s.hear("READY")
		s.say(eight(5) + "bytesDONE")
		c.completes(t, "client receiving file f (5 bytes)")
		require.Equal(t, "bytes", read(t, dir, "f"))
	})
}

// TestClientWaitsInTheQueue has a server that is busy for a day.
func TestClientWaitsInTheQueue(t *testing.T) {
	dir := t.TempDir()
	withClient(t, dir, "GET", "f", func(t *testing.T, c *client, s talk) {
		time.Sleep(24 * time.Hour)
		serveGet(s, "f", "late")
		c.completes(t, "client receiving file f (4 bytes)")
	})
}

func TestClientLargeSize(t *testing.T) {
	dir := t.TempDir()
	sparse(t, filepath.Join(dir, "f"), 1<<32+5)
	withClient(t, dir, "PUT", "f", func(t *testing.T, c *client, s talk) {
		s.say("READY")
		s.hear("PUT f")
		s.say("OK")
		s.hear("\x00\x00\x00\x01\x00\x00\x00\x05")
		s.say("OK")
		s.hear(strings.Repeat("\x00", 5000))
		s.reset()
		status, _ := c.wait()
		require.NotZero(t, status)
		require.Contains(t, c.out.String(), "client sending file f (4294967301 bytes)\nerror: ")
	})
	withClient(t, dir, "GET", "g", func(t *testing.T, c *client, s talk) {
		s.say("READY")
		s.hear("GET g")
		s.say("OK")
		s.hear("READY")
		s.say("\xff\xff\xff\xff\xff\xff\xff\xff")
		s.hear("OK")
		s.say("few")
		s.Close()
		status, _ := c.wait()
		require.NotZero(t, status)
		require.Contains(t, c.out.String(), "client receiving file g (18446744073709551615 bytes)\nerror: ")
		require.Equal(t, []string{"f"}, names(t, dir))
	})
}

// TestClientBlocks looks at each write of the client.
func TestClientBlocks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "f", pattern(5000))
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		go func() {
			conn, _ := l.Accept()
			io.WriteString(conn, "READYOKOKDONE")
			io.ReadAll(conn)
			conn.Close()
		}()
		var watched *watchedConn
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := n.Host("client").Dial(ctx, network, address)
			watched = &watchedConn{Conn: conn}
			return watched, err
		}
		status := transfer.ClientMain(t.Context(), []string{"localhost", "5000", "PUT", "f"}, dir, io.Discard, dial)
		require.Zero(t, status)
		require.Equal(t, []int{5, 8, 1024, 1024, 1024, 1024, 904}, watched.writes)
	})
}

// TestClientSlowServer takes the data slowly.
func TestClientSlowServer(t *testing.T) {
	dir := t.TempDir()
	data := pattern(100 << 10)
	write(t, dir, "f", data)
	withClient(t, dir, "PUT", "f", func(t *testing.T, c *client, s talk) {
		s.SetReadBuffer(1024)
		until(s, "PUT", 1)
		s.say("OK")
		s.hear(eight(len(data)))
		s.say("OK")
		for len(data) > 0 {
			time.Sleep(59 * time.Second)
			s.hear(data[:1024])
			data = data[1024:]
		}
		s.say("DONE")
		c.completes(t, "client sending file f (102400 bytes)")
	})
}
