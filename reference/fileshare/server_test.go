package fileshare_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

func TestServerAnnounces(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		require.Equal(r.t, "listening for service discovery messages on port 30000\n"+
			"listening for file sharing connections on port 30001\n"+
			"shared files: 1\n  hello.txt\n", r.log.String())
	})
}

func TestServerLogsConnections(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		c := r.dial()
		r.logged("connection from " + c.LocalAddr().String() + "\n")
		require.NotContains(r.t, r.log.String(), "closed")
		c.Close()
		r.logged("connection closed: " + c.LocalAddr().String() + "\n")
		require.NotContains(r.t, r.log.String(), "error")
	})
}

func TestServerLists(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		require.Equal(r.t, []string{"hello.txt"}, r.list())
		r.write("é.bin", "x")
		r.write("empty", "")
		require.NoError(r.t, os.Mkdir(filepath.Join(r.dir, "directory"), 0o755))
		require.ElementsMatch(r.t, []string{"hello.txt", "é.bin", "empty"}, r.list())
		for _, name := range []string{"hello.txt", "é.bin", "empty"} {
			require.NoError(r.t, os.Remove(filepath.Join(r.dir, name)))
		}
		require.Empty(r.t, r.list())
	})
}

// TestServerListLeavesOut has a name that listings of one dialect cannot carry.
func TestServerListLeavesOut(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		r.write("two words", "x")
		want := []string{"hello.txt", "two words"}
		if r.dialect == fileshare.Text {
			want = want[:1]
		}
		require.Equal(r.t, want, r.list())
		require.Equal(r.t, r.file("x"), r.get("two words"))
	})
}

func TestServerGets(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		for name, data := range samples(r.dialect) {
			r.write(name, data)
			require.True(r.t, bytes.Equal(r.file(data), r.get(name)), name)
			r.logged(fmt.Sprintf(": %d bytes\n", len(data)))
		}
	})
}

func TestServerPuts(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		for name, data := range samples(r.dialect) {
			require.Empty(r.t, r.exchange(r.put(name, data)...))
			stored := r.dialect.StoredPrefix + name
			r.stored(stored, data)
			require.Contains(r.t, r.list(), stored)
			require.True(r.t, bytes.Equal(r.file(data), r.get(stored)), name)
		}
	})
}

func TestServerPutOverwrites(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		for _, data := range []string{"a longer text", "short", "a longer one again"} {
			r.exchange(r.put("a", data)...)
			r.stored(r.dialect.StoredPrefix+"a", data)
		}
	})
}

// TestServerManyCommands does them all on one connection.
func TestServerManyCommands(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		list := r.command(fileshare.List, "")
		get := r.command(fileshare.Get, r.dialect.StoredPrefix+"a")
		turns := [][]byte{list, r.command(fileshare.Get, "hello.txt")}
		turns = append(turns, r.put("a", "first")...)
		turns = append(turns, get, list)
		turns = append(turns, r.put("a", "second")...)
		turns = append(turns, get, get)

		names := func(names ...string) []byte { return (&fileshare.Listing{Names: names}).Append(nil, r.dialect) }
		stored := r.dialect.StoredPrefix + "a"
		two := []string{stored, "hello.txt"}
		if stored > "hello.txt" {
			two = []string{"hello.txt", stored}
		}
		want := bytes.Join([][]byte{names("hello.txt"), r.file("hello\r\n"), r.file("first"), names(two...),
			r.file("second"), r.file("second")}, nil)
		require.Equal(r.t, string(want), string(r.exchange(turns...)))
	})
}

// TestServerFragments delivers a conversation in all kinds of pieces.
func TestServerFragments(t *testing.T) {
	tests := map[string]struct {
		parts func(wire []byte) [][]byte
		pause time.Duration
	}{
		"at once":              {func(b []byte) [][]byte { return [][]byte{b} }, 0},
		"byte by byte":         {bytewise, 0},
		"byte by byte, paused": {bytewise, time.Second},
		"almost stalled":       {bytewise, fileshare.StallLimit - 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, fileshare.Sized, func(r *rig) {
				wire := bytes.Join(append(r.put("a.txt", "hello"), r.command(fileshare.Get, "a.txt"), r.command(fileshare.Bye, "")), nil)
				c := r.dial()
				defer c.Close()
				go pieces(c, tt.pause, tt.parts(wire)...)
				got, err := io.ReadAll(c)
				require.NoError(r.t, err)
				require.Equal(r.t, r.file("hello"), got)
			})
		})
	}
}

func TestServerByes(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		if r.dialect == fileshare.Handout {
			return // there it is just a close
		}
		c := r.dial()
		defer c.Close()
		r.send(c, r.command(fileshare.Bye, ""))
		got, err := io.ReadAll(c)
		require.NoError(r.t, err)
		require.Empty(r.t, got)
		r.logged("connection closed: " + c.LocalAddr().String() + "\n")
		require.NotContains(r.t, r.log.String(), "error")
		r.servesOn()
	})
}

// TestServerConcurrent has an idle client, one in the middle of an upload, and
// one in the middle of a download while another works.
func TestServerConcurrent(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		r.write("large", strings.Repeat("x", 4<<20))
		idle, uploading, downloading := r.dial(), r.dial(), r.dial()
		defer idle.Close()
		defer uploading.Close()
		defer downloading.Close()
		r.send(uploading, r.command(fileshare.Put, "half"))
		r.send(downloading, r.command(fileshare.Get, "large"))
		if r.dialect != fileshare.Text {
			r.send(uploading, r.file("half")[:fileshare.SizeLen+2])
		}
		r.servesOn()
		r.logged("service discovery from " + clientIP + ":")
	})
}

func TestServerIdleClientStays(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		c := r.dial()
		defer c.Close()
		time.Sleep(time.Hour)
		r.send(c, r.command(fileshare.List, ""))
		time.Sleep(time.Hour)
		r.send(c, r.command(fileshare.Get, "hello.txt"))
		require.NoError(r.t, c.CloseWrite())
		got, err := io.ReadAll(c)
		require.NoError(r.t, err)
		require.True(r.t, bytes.HasSuffix(got, r.file("hello\r\n")))
	})
}
