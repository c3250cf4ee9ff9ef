package transfer_test

import (
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
	"netproctor/reference/transfer"
)

func TestServerIsReadyFirst(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.dial()
		start := time.Now()
		c.hear("READY")
		require.Zero(t, time.Since(start))
		c.silence()
		c.Close()
	})
}

// contents are what a file may hold.
func contents() map[string]string {
	all := map[string]string{
		"nul":        "a\x00b\x00\x00",
		"0xff":       "\xff\xfe\xff",
		"lines":      "one\r\ntwo\nthree\r",
		"DONE":       "DONE",
		"ends early": "xDONE" + strings.Repeat("y", 2000) + "DONE",
		"ERROR":      "ERROR: x",
		"READY":      "READYOK",
		"not utf-8":  "\xC3\x28",
	}
	for _, n := range edges {
		all[fmt.Sprint(n)] = pattern(n)
	}
	return all
}

func TestServerPutThenGet(t *testing.T) {
	inBubble(t, func(r *rig) {
		for name, data := range contents() {
			r.put(name, data)
			r.get(name, data)
		}
		for name, data := range contents() {
			require.True(t, data == read(t, r.dir, name), name)
		}
	})
}

func TestServerNames(t *testing.T) {
	inBubble(t, func(r *rig) {
		mkdir(t, r.dir, "sub")
		for _, name := range []string{"a b", " x ", "GETME", "GET me", "PUT", "DEL", "READY", "OK", "ERROR: x", "日本.txt", "sub/x", "-v", ".hidden", strings.Repeat("n", 255)} {
			r.put(name, "data of "+name)
			r.get(name, "data of "+name)
			r.ask("DEL "+name, "DONE")
			r.ask("GET "+name, "ERROR: "+name+" does not exist")
		}
	})
}

// TestServerGetWaits pins that a GET goes on only when the client says so.
func TestServerGetWaits(t *testing.T) {
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", "data")
		c := r.begin("GET f")
		c.hear("OK")
		c.silence()
		c.say("REA")
		c.silence()
		c.say("DY")
		c.hear("\x00\x00\x00\x00\x00\x00\x00\x04")
		c.silence()
		c.say("OK")
		c.hear("dataDONE")
		c.ends()
	})
}

func TestServerGetWithoutTurns(t *testing.T) {
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", "data")
		c := r.begin("GET f")
		c.hear("OK")
		c.say("READYOK")
		c.hear(eight(4) + "dataDONE")
		c.ends()
	})
}

// TestServerPutFragments sends size and data in all sorts of pieces.
func TestServerPutFragments(t *testing.T) {
	const data = "data with DONE in it"
	sent := eight(len(data)) + data
	deliveries := map[string][]string{
		"whole":     {sent},
		"apart":     {sent[:8], sent[8:]},
		"in size":   {sent[:3], sent[3:]},
		"in data":   {sent[:11], sent[11:]},
		"bytewise":  bytewise(sent),
		"last byte": {sent[:len(sent)-1], sent[len(sent)-1:]},
	}
	for name, parts := range deliveries {
		for _, pause := range []time.Duration{0, time.Second, time.Minute - 1} {
			t.Run(fmt.Sprint(name, pause), func(t *testing.T) {
				inBubble(t, func(r *rig) {
					c := r.begin("PUT f")
					c.hear("OK")
					go piecewise(c, pause, parts...)
					c.hear("OKDONE")
					require.Equal(t, data, read(t, r.dir, "f"))
					c.ends()
				})
			})
		}
	}
}

func TestServerPutWaits(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.begin("PUT f")
		c.hear("OK")
		c.silence()
		c.say(eight(4))
		c.hear("OK")
		c.silence()
		c.say("dat")
		c.silence()
		c.say("a")
		c.hear("DONE")
		c.ends()
	})
}

func TestServerPutOverwrites(t *testing.T) {
	inBubble(t, func(r *rig) {
		for _, data := range []string{"first", pattern(3000), "short", "", "x"} {
			r.put("f", data)
			r.get("f", data)
		}
		require.Equal(t, []string{"f"}, names(t, r.dir))
	})
}

// TestServerPutMore has a client that sends more than it announced.
func TestServerPutMore(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.begin("PUT f")
		c.hear("OK")
		c.say(eight(4) + "data and more")
		c.hear("OKDONE")
		c.Close()
		require.Equal(t, "data", read(t, r.dir, "f"))
		r.servesOn()
	})
}

func TestServerDel(t *testing.T) {
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", "data")
		write(t, r.dir, "g", "other")
		r.ask("DEL f", "DONE")
		require.Equal(t, []string{"g"}, names(t, r.dir))
		r.ask("DEL f", "ERROR: f does not exist")
		r.put("f", "again")
	})
}

// TestServerLargeSize announces a sparse file over 4 GiB.
func TestServerLargeSize(t *testing.T) {
	inBubble(t, func(r *rig) {
		sparse(t, filepath.Join(r.dir, "f"), 1<<32+5)
		c := r.begin("GET f")
		c.hear("OK")
		c.say("READY")
		c.hear("\x00\x00\x00\x01\x00\x00\x00\x05")
		c.say("OK")
		c.hear(strings.Repeat("\x00", 5000))
		c.reset()

		c = r.begin("PUT g")
		c.hear("OK")
		c.say("\xff\xff\xff\xff\xff\xff\xff\xff")
		c.hear("OK")
		c.say("few")
		c.Close()
		r.servesOn()
		r.logged("server sending 4294967301 bytes\n")
		r.logged("server receiving 18446744073709551615 bytes\n")
	}, "-v")
}

// sparse makes a file of that many bytes that takes no room.
func sparse(t *testing.T, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	require.NoError(t, f.Close())
}

// TestServerShrinkingFile makes the file shorter after its size was announced.
func TestServerShrinkingFile(t *testing.T) {
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", pattern(5000))
		c := r.begin("GET f")
		c.hear("OK")
		c.say("READY")
		c.hear(eight(5000))
		require.NoError(t, os.Truncate(filepath.Join(r.dir, "f"), 1024))
		c.say("OK")
		c.hear(pattern(1024))
		c.ends()
		r.servesOn()
	})
}

// TestServerBlocks looks at each write of the server.
func TestServerBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("server").Listen("tcp", serverAddress)
		require.NoError(t, err)
		dir := t.TempDir()
		write(t, dir, "f", pattern(5000))
		folder, err := transfer.OpenFolder(dir)
		require.NoError(t, err)
		defer folder.Close()
		near, err := n.Host("client").Dial(t.Context(), "tcp", serverAddress)
		require.NoError(t, err)
		conn, err := l.Accept()
		require.NoError(t, err)
		io.WriteString(near, "GET f")
		time.AfterFunc(time.Second, func() { io.WriteString(near, "READYOK") })
		watched := &watchedConn{Conn: conn}
		(&transfer.Server{Folder: folder, Log: io.Discard}).Handle(watched)
		require.Equal(t, []int{5, 2, 8, 1024, 1024, 1024, 1024, 904, 4}, watched.writes)
	})
}

// A watchedConn notes how large the writes are.
type watchedConn struct {
	net.Conn
	writes []int
}

func (c *watchedConn) Write(b []byte) (int, error) {
	c.writes = append(c.writes, len(b))
	return c.Conn.Write(b)
}
