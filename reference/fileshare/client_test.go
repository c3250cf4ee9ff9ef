package fileshare_test

import (
	"context"
	"fmt"
	"io"
	"net"
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

// withClient runs test with a client program in virtual time, where nobody
// listens, and then ends the program's input.
func withClient(t *testing.T, test func(c *client)) {
	synctest.Test(t, func(t *testing.T) {
		h := memnet.New().Host("client")
		c := startClient(t, h, &ether{})
		test(c)
		require.Zero(t, c.ends())
		require.Zero(t, h.Open())
	})
}

// withServer runs test with a client program that has connected to a server
// that the test plays, in each dialect.
func withServer(t *testing.T, test func(d fileshare.Dialect, c *client, server *memnet.Conn)) {
	for _, d := range fileshare.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				l, err := n.Host("harness").Listen("tcp", serverAddress)
				require.NoError(t, err)
				h := n.Host("client")
				c := startClient(t, h, &ether{}, "-dialect", d.Name)
				c.connects()
				conn, err := l.Accept()
				require.NoError(t, err)
				c.listener = l
				test(d, c, conn.(*memnet.Conn))
				c.ends()
				require.Zero(t, h.Open())
				for _, name := range fileNames(t, c.dir) {
					require.NotContains(t, name, "incoming")
				}
			})
		})
	}
}

// received reads what the client has sent until it waits for something.
func received(t *testing.T, server *memnet.Conn) string {
	t.Helper()
	synctest.Wait()
	require.NoError(t, server.SetReadDeadline(time.Now().Add(1)))
	got, err := io.ReadAll(server)
	if err != nil {
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	require.NoError(t, server.SetReadDeadline(time.Time{}))
	return string(got)
}

func TestClientPrompts(t *testing.T) {
	withClient(t, func(c *client) {
		require.Equal(c.t, "> ", c.out.String())
		require.Empty(c.t, c.types(""))
		require.Empty(c.t, c.types("   \t "))
		require.Equal(c.t, "> > > ", c.out.String())
	})
}

func TestClientInvalid(t *testing.T) {
	tests := map[string]string{
		"hello":                    "invalid command: wanted one of scan, connect IP PORT, llist, rlist, put NAME, get NAME, bye, got \"hello\"",
		"list":                     "invalid command: ",
		"getx":                     "invalid command: ",
		"get":                      "invalid command: wanted get NAME, got \"get\"",
		"put  ":                    "invalid command: wanted put NAME",
		"scan now":                 "invalid command: wanted scan, got \"scan now\"",
		"bye bye":                  "invalid command: wanted bye",
		"connect":                  "invalid command: wanted connect IP PORT",
		"connect 127.0.0.1":        "invalid command: connect wanted IP PORT",
		"connect a b c":            "invalid command: connect wanted IP PORT",
		"connect a http":           "the port wanted a number",
		"connect a 0":              "the port wanted 1 to 65535, got 0",
		"connect a 65536":          "the port wanted 1 to 65535, got 65536",
		"\x00\x1b[2J\xff":          "invalid command: ",
		strings.Repeat("x", 99999): "invalid command: ",
		"rlist":                    "not connected",
		"get a":                    "not connected",
		"put a":                    "not connected",
	}
	for line, want := range tests {
		t.Run(fmt.Sprintf("%.20q", line), func(t *testing.T) {
			withClient(t, func(c *client) {
				shown := c.types(line)
				require.True(c.t, strings.HasPrefix(shown, "error: "), shown)
				require.Contains(c.t, shown, want)
				require.NotContains(c.t, shown, "\x1b")
				require.Equal(c.t, "local files: 0\n", c.types("llist"), "it goes on")
			})
		})
	}
}

func TestClientLocalList(t *testing.T) {
	withClient(t, func(c *client) {
		c.write("b.txt", "b")
		c.write("a file", "a")
		require.NoError(c.t, os.Mkdir(filepath.Join(c.dir, "directory"), 0o755))
		require.Equal(c.t, "local files: 2\n  a file\n  b.txt\n", c.types("llist"))
		require.Equal(c.t, "local files: 2\n  a file\n  b.txt\n", c.types("  LList  "))
	})
}

func TestClientCannotConnect(t *testing.T) {
	withClient(t, func(c *client) {
		require.Contains(c.t, c.types("connect 127.0.0.1 30001"), "error: connecting to the server: dial tcp 127.0.0.1:30001: connect: connection refused\n")
		require.Contains(c.t, c.types("Connect nowhere.test 30001"), "no such host")
		require.Contains(c.t, c.types("connect 256.1.1.1 30001"), "error: connecting to the server: ")
		require.Contains(c.t, c.types("rlist"), "not connected")
	})
}

func TestClientConnectLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, network, address string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		start := time.Now()
		var out logbook
		status := fileshare.ClientMain(t.Context(), nil, t.TempDir(), strings.NewReader("connect 127.0.0.1 30001\n"), &out, hang, nil)
		require.Zero(t, status)
		require.Equal(t, fileshare.ConnectLimit, time.Since(start))
		require.Contains(t, out.String(), "error: connecting to the server: context deadline exceeded\n")
	})
}

// TestClientSends holds what the client sends for a line against vectors that
// were written by hand.
func TestClientSends(t *testing.T) {
	sent := map[string]map[string]string{
		"sized": {"rlist": "\x03", "get a b": "\x01\x03a b", "put data": "\x02\x04data\x00\x00\x00\x00\x00\x00\x00\x05he\x00\r\n", "bye": "\x04"},
		"handout": {"rlist": "\x03", "get a b": "\x01a b", "put data": "\x02data\x00\x00\x00\x00\x00\x00\x00\x05he\x00\r\n",
			"bye": ""},
		"text": {"rlist": "list", "get a b": "get a b", "put data": "put datahe\x00\r\n", "bye": "bye"},
	}
	for _, line := range []string{"rlist", "get a b", "put data", "bye"} {
		t.Run(line, func(t *testing.T) {
			withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
				c.write("data", "he\x00\r\n")
				shown := c.begins(line)
				time.Sleep(time.Second)
				require.Equal(c.t, sent[d.Name][line], received(c.t, server))
				server.Close()
				shown()
			})
		})
	}
}

// TestClientEndsTurns expects a pause behind what has no length.
func TestClientEndsTurns(t *testing.T) {
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		c.write("a", "data")
		start := time.Now()
		shown := c.begins("put a")
		var times []time.Duration
		for buf := make([]byte, 100); ; {
			require.NoError(c.t, server.SetReadDeadline(start.Add(time.Second)))
			if _, err := server.Read(buf); err != nil {
				break
			}
			synctest.Wait()
			if now := time.Since(start); len(times) == 0 || times[len(times)-1] != now {
				times = append(times, now)
			}
		}
		shown()
		took := map[string][]time.Duration{"sized": {0}, "handout": {0, fileshare.TurnPause}, "text": {0, fileshare.TurnPause}}
		require.Equal(c.t, took[d.Name], times)
		start = time.Now()
		require.Equal(c.t, "sent a: 4 bytes\n", c.types("put a"))
		prompts := map[string]time.Duration{"sized": 0, "handout": fileshare.TurnPause, "text": 2 * fileshare.TurnPause}
		require.Equal(c.t, prompts[d.Name], time.Since(start).Truncate(10*time.Millisecond))
	})
}

func TestClientRemoteList(t *testing.T) {
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		for _, names := range [][]string{{"b.txt", "é"}, {"a"}, nil} {
			shown := c.begins("rlist")
			received(c.t, server)
			server.Write((&fileshare.Listing{Names: names}).Append(nil, d))
			want := fmt.Sprintf("files on the server: %d\n", len(names))
			for _, name := range names {
				want += "  " + name + "\n"
			}
			require.Equal(c.t, want, shown())
		}
	})
}

func TestClientGets(t *testing.T) {
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		for _, data := range []string{"x", strings.Repeat("\x00\xff\r\n", 99999), "shorter"} {
			shown := c.begins("get a b")
			received(c.t, server)
			server.Write((&fileshare.File{Data: []byte(data)}).Append(nil, d))
			require.Equal(c.t, fmt.Sprintf("received %sa b: %d bytes\n", d.StoredPrefix, len(data)), shown())
			c.has(d.StoredPrefix+"a b", data)
		}
		if d == fileshare.Text {
			return
		}
		shown := c.begins("get a b")
		received(c.t, server)
		for _, part := range bytewise(fileshare.AppendSize(nil, 0)) {
			time.Sleep(fileshare.StallLimit - time.Millisecond)
			server.Write(part)
		}
		require.Equal(c.t, "received a b: 0 bytes\n", shown())
		c.has("a b", "")
	})
}

// TestClientByes expects that the client closes, without waiting for the
// server, and ends.
func TestClientByes(t *testing.T) {
	ends := map[string]func(c *client){
		"bye":              func(c *client) { require.Equal(c.t, "connection closed\n", c.types("bye")) },
		"end of the input": func(c *client) { c.typed.Close() },
		"no last line end": func(c *client) { io.WriteString(c.typed, "BYE"); c.typed.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
				end(c)
				require.Zero(c.t, <-c.status)
				c.status <- 0 // for ends
				got, err := io.ReadAll(server)
				require.NoError(c.t, err, "a FIN, not an RST")
				want := map[string]string{"sized": "\x04", "text": "bye"}
				require.Equal(c.t, want[d.Name], string(got))
			})
		})
	}
}

func TestClientByesUnconnected(t *testing.T) {
	withClient(t, func(c *client) {
		require.Empty(c.t, c.types("bye"))
	})
}

// TestClientConnectsAgain leaves the first server for the second.
func TestClientConnectsAgain(t *testing.T) {
	withServer(t, func(d fileshare.Dialect, c *client, server *memnet.Conn) {
		c.connects()
		_, err := io.ReadAll(server)
		require.NoError(c.t, err)
		require.Contains(c.t, c.types("connect 127.0.0.1 9"), "connection refused")
		shown := c.begins("rlist")
		second, err := c.listener.Accept()
		require.NoError(c.t, err)
		require.NotEmpty(c.t, received(c.t, second.(*memnet.Conn)))
		second.Write((&fileshare.Listing{Names: []string{"a"}}).Append(nil, d))
		require.Equal(c.t, "files on the server: 1\n  a\n", shown())
	})
}
