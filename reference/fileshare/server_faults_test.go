package fileshare_test

import (
	"bytes"
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

func TestServerRefuses(t *testing.T) {
	tests := map[string]struct {
		kind   fileshare.Kind
		name   string
		logged string
	}{
		"missing":      {fileshare.Get, "missing", "got nothing: file does not exist"},
		"directory":    {fileshare.Get, "directory", "wanted a file"},
		"get parent":   {fileshare.Get, "../secret", "wanted a name without a path"},
		"get absolute": {fileshare.Get, "/etc/passwd", "wanted a name without a path"},
		"get dots":     {fileshare.Get, "..", "wanted a file"},
		"get nul":      {fileshare.Get, "hello.txt\x00", "wanted no control characters"},
		"put parent":   {fileshare.Put, "../secret", "wanted a name without a path"},
		"put absolute": {fileshare.Put, "/tmp/fileshare-secret", "wanted a name without a path"},
		"put below":    {fileshare.Put, "directory/a", "wanted a name without a path"},
		"put line":     {fileshare.Put, "a\nb", "wanted no control characters"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inEachBubble(t, func(r *rig) {
				require.NoError(r.t, os.WriteFile(filepath.Join(r.work, "secret"), []byte("secret"), 0o644))
				require.NoError(r.t, os.Mkdir(filepath.Join(r.dir, "directory"), 0o755))
				c := r.dial()
				defer c.Close()
				r.send(c, r.command(tt.kind, tt.name))
				if tt.kind == fileshare.Put {
					c.Write(r.file("intruder")) // may be refused already
				}
				got, _ := io.ReadAll(c) // closed or reset
				require.Empty(r.t, got)
				r.logged("error: " + c.LocalAddr().String() + ": ")
				r.logged(tt.logged)
				r.servesOn()
				require.Equal(r.t, []string{"directory", "hello.txt"}, r.files())
				require.Empty(r.t, fileNames(r.t, filepath.Join(r.dir, "directory")))
				secret, err := os.ReadFile(filepath.Join(r.work, "secret"))
				require.NoError(r.t, err)
				require.Equal(r.t, "secret", string(secret))
			})
		})
	}
}

func TestServerBadCommands(t *testing.T) {
	tests := map[string]struct {
		dialect fileshare.Dialect
		sent    string
	}{
		"sized 0":         {fileshare.Sized, "\x00"},
		"sized 5":         {fileshare.Sized, "\x05\x01a"},
		"sized words":     {fileshare.Sized, "get hello.txt"},
		"sized no name":   {fileshare.Sized, "\x01\x00"},
		"sized huge file": {fileshare.Sized, "\x02\x01a\xff\xff\xff\xff\xff\xff\xff\xffabc"},
		"handout bye":     {fileshare.Handout, "\x04"},
		"handout long":    {fileshare.Handout, "\x01" + strings.Repeat("n", 300)},
		"text unknown":    {fileshare.Text, "delete hello.txt"},
		"text upper":      {fileshare.Text, "LIST"},
		"text no name":    {fileshare.Text, "get "},
		"text line":       {fileshare.Text, "list\n"},
		"text long":       {fileshare.Text, "put " + strings.Repeat("n", 300)},
		"text binary":     {fileshare.Text, "\xff\xfe\x00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tt.dialect, func(r *rig) {
				c := r.dial()
				defer c.Close()
				r.send(c, []byte(tt.sent))
				got, _ := io.ReadAll(c) // closed or reset
				require.Empty(r.t, got)
				r.logged("error: " + c.LocalAddr().String() + ": ")
				r.servesOn()
				require.Equal(r.t, []string{"hello.txt"}, r.files())
			})
		})
	}
}

// TestServerCutEverywhere ends an upload, and resets it, after every byte.
func TestServerCutEverywhere(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		r.write("old", "old")
		for _, name := range []string{"new", "old"} {
			wire := bytes.Join(r.put(name, "hello"), nil)
			for n := range wire {
				require.Empty(r.t, r.exchange(wire[:n]))
				c := r.dial()
				c.Write(wire[:n])
				synctest.Wait()
				c.SetLinger(0)
				c.Close()
				require.Equal(r.t, []string{"hello.txt", "old"}, r.files())
			}
		}
		r.stored("old", "old")
		r.servesOn()
	})
}

// TestServerAbortWithoutLengths leaves in the middle of a turn.
func TestServerAbortWithoutLengths(t *testing.T) {
	ends := map[string]func(c *memnet.Conn){
		"close": func(c *memnet.Conn) { c.Close() },
		"half":  func(c *memnet.Conn) { c.CloseWrite() },
		"reset": func(c *memnet.Conn) { c.SetLinger(0); c.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			inBubble(t, fileshare.Text, func(r *rig) {
				for _, sent := range []string{"", "some data"} {
					c := r.dial()
					r.send(c, r.command(fileshare.Put, "a"))
					c.Write([]byte(sent))
					synctest.Wait()
					end(c)
					require.Equal(r.t, []string{"hello.txt"}, r.files())
					c.Close()
				}
				r.servesOn()
			})
		})
	}
}

// TestServerInterrupted stops the program in the middle of an upload.
func TestServerInterrupted(t *testing.T) {
	for _, name := range []string{"new", "old"} {
		inEachBubble(t, func(r *rig) {
			r.write(r.dialect.StoredPrefix+"old", "old")
			c := r.dial()
			defer c.Close()
			r.send(c, r.command(fileshare.Put, name))
			wire := r.file(strings.Repeat("half", 1000))
			c.Write(wire[:len(wire)-1])
			synctest.Wait()
			start := time.Now()
			r.stop()
			io.ReadAll(c)
			require.Zero(r.t, time.Since(start))
			r.stored(r.dialect.StoredPrefix+"old", "old")
			require.Len(r.t, r.files(), 2)
		})
	}
}

// TestServerStalled has clients that stop in the middle, without a close.
func TestServerStalled(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		r.write("large", strings.Repeat("x", 4<<20))
		uploading, downloading := r.dial(), r.dial()
		defer uploading.Close()
		defer downloading.Close()
		r.send(uploading, r.command(fileshare.Put, "half"))
		if r.dialect != fileshare.Text {
			r.send(uploading, r.file("half")[:fileshare.SizeLen+2])
		}
		r.send(downloading, r.command(fileshare.Get, "large"))
		time.Sleep(3 * fileshare.StallLimit)
		r.logged("connection closed: " + uploading.LocalAddr().String())
		r.logged("connection closed: " + downloading.LocalAddr().String())
		require.Equal(r.t, []string{"hello.txt", "large"}, r.files())
		r.servesOn()
	})
}

func TestServerUncleanClose(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		r.write("large", strings.Repeat("x", 4<<20))
		for _, kind := range []fileshare.Kind{fileshare.Get, fileshare.List} {
			name := map[fileshare.Kind]string{fileshare.Get: "large"}[kind]
			c := r.dial()
			r.send(c, r.command(kind, name))
			c.SetLinger(0)
			c.Close()
		}
		c := r.dial()
		c.SetLinger(0)
		c.Close()
		r.servesOn()
	})
}

func TestServerLeavesNothingOpen(t *testing.T) {
	inBubble(t, fileshare.Sized, func(r *rig) {
		before := descriptors(r.t)
		for range 300 {
			r.get("hello.txt")
			r.get("missing")
			r.exchange(bytes.Join(r.put("a", "hello"), nil)[:12])
		}
		synctest.Wait()
		require.Equal(r.t, 1, r.server.Open(), "the listener")
		require.LessOrEqual(r.t, descriptors(r.t), before)
	})
}

// descriptors returns how many files this process has open.
func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("there is no /proc here")
	}
	return len(entries)
}

// A flakyListener fails sometimes, as one does when too many files are open.
type flakyListener struct {
	net.Listener
	failures int
}

func (l *flakyListener) Accept() (net.Conn, error) {
	if l.failures > 0 {
		l.failures--
		return nil, fmt.Errorf("too many open files")
	}
	return l.Listener.Accept()
}

func TestServerRetriesToAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := memnet.New().Host("server")
		l, err := h.Listen("tcp", serverAddress)
		require.NoError(t, err)
		folder, _ := openFolder(t)
		s := &fileshare.Server{Dialect: fileshare.Sized, Files: folder, Service: "s", Log: &logbook{}}
		ended := make(chan error)
		ctx, stop := context.WithCancel(t.Context())
		go func() { ended <- s.Serve(ctx, &flakyListener{Listener: l, failures: 3}) }()
		c, err := h.Dial(t.Context(), "tcp", serverAddress)
		require.NoError(t, err)
		c.Write([]byte{3})
		_, err = io.ReadFull(c, make([]byte, 8))
		require.NoError(t, err)
		stop()
		require.NoError(t, <-ended)
		c.Close()
	})
}

// TestServerEndsWithItsSockets closes one of both under the server.
func TestServerEndsWithItsSockets(t *testing.T) {
	for _, which := range []string{"listener", "packets"} {
		t.Run(which, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, e := memnet.New().Host("server"), &ether{}
				l, err := h.Listen("tcp", serverAddress)
				require.NoError(t, err)
				pc, err := e.host(serverIP)("udp4", ":30000")
				require.NoError(t, err)
				folder, _ := openFolder(t)
				s := &fileshare.Server{Dialect: fileshare.Sized, Files: folder, Service: "s", Log: &logbook{}}
				c, err := h.Dial(t.Context(), "tcp", serverAddress)
				require.NoError(t, err)
				defer c.Close()
				time.AfterFunc(time.Second, func() {
					map[string]io.Closer{"listener": l, "packets": pc}[which].Close()
				})
				require.ErrorIs(t, s.Run(t.Context(), l, pc), net.ErrClosed)
				require.Equal(t, 1, h.Open(), "the client's")
				require.Zero(t, e.open(serverIP))
			})
		})
	}
}
