package fileshare_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/fileshare"
)

// TestClientGetFails has a server that closes, resets or falls silent instead
// of sending the file, or in the middle of it.
func TestClientGetFails(t *testing.T) {
	ends := map[string]func(server *memnet.Conn){
		"close":   func(server *memnet.Conn) { server.Close() },
		"half":    func(server *memnet.Conn) { server.CloseWrite() },
		"reset":   func(server *memnet.Conn) { server.SetLinger(0); server.Close() },
		"silence": func(server *memnet.Conn) {},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
				c.write("other", "x")
				wire := (&fileshare.File{Data: []byte("half a file")}).Append(nil, d)
				for n := range wire {
					if d == fileshare.Text && name == "silence" && n > 0 {
						break // that is how a file ends
					}
					if n > 0 {
						server = reconnect(c, server)
					}
					shown := c.begins("get a")
					received(c.t, server)
					server.Write(wire[:n])
					synctest.Wait()
					end(server)
					got := shown()
					require.Contains(c.t, got, "error: getting a: ")
					require.Contains(c.t, got, "the connection is closed now\n")
					require.Equal(c.t, []string{"other"}, fileNames(c.t, c.dir))
					require.Contains(c.t, c.types("rlist"), "not connected")
				}
			})
		})
	}
}

// reconnect lets the client connect once more to a server that the test plays.
func reconnect(c *client, old *memnet.Conn) *memnet.Conn {
	old.Close()
	c.connects()
	conn, err := c.listener.Accept()
	require.NoError(c.t, err)
	return conn.(*memnet.Conn)
}

// TestClientKeepsOldFile fails to get a file that the user has already.
func TestClientKeepsOldFile(t *testing.T) {
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		c.write(d.StoredPrefix+"a", "old")
		shown := c.begins("get a")
		received(c.t, server)
		server.Write((&fileshare.File{Data: []byte("half a file")}).Append(nil, d)[:9])
		synctest.Wait()
		server.Close()
		require.Contains(c.t, shown(), "error: getting a: ")
		c.has(d.StoredPrefix+"a", "old")
	})
}

func TestClientRefusesNames(t *testing.T) {
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		require.NoError(c.t, os.WriteFile(filepath.Join(filepath.Dir(c.dir), "secret"), []byte("secret"), 0o644))
		for _, line := range []string{"get ../secret", "put ../secret", "get /etc/passwd", "put /etc/passwd", "get a\xff",
			"put missing", "get " + strings.Repeat("n", 256), "put " + strings.Repeat("n", 256)} {
			require.Contains(c.t, c.types(line), "error: ", line)
			require.Empty(c.t, received(c.t, server), line)
		}
		require.Contains(c.t, c.types("put missing"), `error: putting a file: "missing" wanted a file, got nothing: file does not exist`)
		c.write("empty", "")
		if d == fileshare.Text {
			require.Contains(c.t, c.types("put empty"), "error: putting empty: File wanted at least 1 byte in the dialect text, got 0")
			require.Empty(c.t, received(c.t, server))
		}
		shown := c.begins("rlist") // the connection is as good as before
		received(c.t, server)
		server.Write((&fileshare.Listing{Names: []string{"a"}}).Append(nil, d))
		require.Equal(c.t, "files on the server: 1\n  a\n", shown())
	})
}

func TestClientErroneousListing(t *testing.T) {
	tests := map[string]string{"sized": "\x00\x00\x00\x00\x00\x00\x00\x02a\n", "handout": "\xff\xff\xff\xff\xff\xff\xff\xff", "text": "a  b "}
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		shown := c.begins("rlist")
		received(c.t, server)
		server.Write([]byte(tests[d.Name]))
		require.Contains(c.t, shown(), "erroneous record; the connection is closed now\n")
		require.Contains(c.t, c.types("rlist"), "not connected")
	})
}

// TestClientServerGone has a server that goes away between two commands.
func TestClientServerGone(t *testing.T) {
	ends := map[string]func(server *memnet.Conn){
		"close": func(server *memnet.Conn) { server.Close() },
		"reset": func(server *memnet.Conn) { server.SetLinger(0); server.Close() },
	}
	for name, end := range ends {
		for _, line := range []string{"rlist", "get a", "put large"} {
			t.Run(name+" "+line, func(t *testing.T) {
				withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
					c.write("large", strings.Repeat("x", 1<<20))
					end(server)
					shown := c.types(line)
					require.Equal(c.t, 1, strings.Count(shown, "error: "), shown)
					require.Contains(c.t, shown, "the connection is closed now\n")
					require.Contains(c.t, c.types(line), "not connected")
					require.Contains(c.t, c.types("llist"), "large")
				})
			})
		}
	}
}

// TestClientPutStalls has a server that takes nothing.
func TestClientPutStalls(t *testing.T) {
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		c.write("large", strings.Repeat("x", 4<<20))
		start := time.Now()
		require.Contains(c.t, c.types("put large"), "i/o timeout; the connection is closed now\n")
		require.LessOrEqual(c.t, time.Since(start), 3*fileshare.StallLimit)
	})
}

// TestClientInterrupted stops the program in the middle of each command.
func TestClientInterrupted(t *testing.T) {
	for _, line := range []string{"", "scan", "rlist", "get a", "put large"} {
		t.Run(line, func(t *testing.T) {
			withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
				c.write("large", strings.Repeat("x", 4<<20))
				c.begins(line)
				synctest.Wait()
				if line == "get a" {
					wire := (&fileshare.File{Data: []byte("half a file")}).Append(nil, d)
					server.Write(wire[:len(wire)-1])
					synctest.Wait()
				}
				start := time.Now()
				c.stop()
				require.Equal(c.t, 1, <-c.status)
				c.status <- 1 // for ends
				require.Zero(c.t, time.Since(start))
				require.Contains(c.t, c.out.String(), "error: ")
				require.Contains(c.t, c.out.String(), "context canceled\n")
				require.Equal(c.t, []string{"large"}, fileNames(c.t, c.dir))
			})
		})
	}
}
