package download_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/download"
)

func TestClientSaves(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty":     {},
		"1 byte":    random(1),
		"4095":      random(4095),
		"4096":      random(4096),
		"4097":      random(4097),
		"1 MiB + 1": random(1<<20 + 1),
		"16 MiB":    random(16 << 20),
		"lines":     []byte("a\r\nb\n\x1a\x00\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
				conn.Write(response(data))
				conn.Close()
				require.Zero(t, c.saves(t, "hello.txt", data))
			})
		})
	}
}

// TestClientSendsItsRequest looks at the bytes that a server gets.
func TestClientSendsItsRequest(t *testing.T) {
	for name, filename := range map[string]string{
		"one byte":     "f",
		"utf-8":        "zoë 日本.txt",
		"spaces":       " f  g ",
		"detour":       "./d/../g",
		"longest name": longName(),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o777))
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				l, err := n.Host("harness").Listen("tcp", serverAddress)
				require.NoError(t, err)
				c := startClient(t.Context(), n.Host("client"), dir, "127.0.0.1", "5000", filename)
				conn, err := l.Accept()
				require.NoError(t, err)
				synctest.Wait()
				got := make([]byte, 2000)
				size, err := conn.Read(got)
				require.NoError(t, err)
				require.Equal(t, request(filename), got[:size])
				conn.Write(response([]byte("hello")))
				conn.Close()
				c.saves(t, filename, []byte("hello"))
			})
		})
	}
}

func TestClientMissing(t *testing.T) {
	for name, sent := range map[string][]byte{
		"length 0":       goldenMissing,
		"length ignored": goldenIgnored,
		"longest":        {0x49, 0x7E, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF},
		"data ignored":   append(slices.Clip(goldenIgnored), "data"...),
	} {
		t.Run(name, func(t *testing.T) {
			asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
				conn.Write(sent)
				status, took := c.wait()
				require.NotZero(t, status)
				require.Zero(t, took, "it does not wait for more")
				require.Equal(t, "hello.txt: the server has no such file, or cannot open it\n", c.out.String())
				require.Empty(t, names(t, c.dir))
				conn.Close()
			})
		})
	}
}

func TestClientErroneousResponse(t *testing.T) {
	changed := func(at int, value byte) []byte {
		wire := slices.Clone(goldenFound)
		wire[at] = value
		return wire
	}
	tests := map[string]struct {
		sent []byte
		want string
	}{
		"nothing":       {nil, "wanted 8 bytes, got 0"},
		"swapped magic": {append([]byte{0x7E, 0x49}, goldenFound[2:]...), "FileResponse.MagicNo wanted 0x497e, got 0x7e49"},
		"magic":         {changed(1, 0x7F), "FileResponse.MagicNo wanted 0x497e, got 0x497f"},
		"type 1":        {changed(2, 1), "FileResponse.Type wanted 2 (response), got 1"},
		"type 0":        {changed(2, 0), "FileResponse.Type wanted 2 (response), got 0"},
		"status 2":      {changed(3, 2), "FileResponse.StatusCode wanted 0 (missing) or 1 (found), got 2"},
		"status 255":    {changed(3, 255), "FileResponse.StatusCode wanted 0 (missing) or 1 (found), got 255"},
		"cut header":    {goldenFound[:7], "wanted 8 bytes, got 7"},
		"no data":       {goldenFound[:8], "wanted 5 bytes, got 0: unexpected EOF"},
		"cut data":      {goldenFound[:12], "wanted 5 bytes, got 4: unexpected EOF"},
		"little-endian": {append([]byte{0x49, 0x7E, 2, 1, 5, 0, 0, 0}, "hello"...), "wanted 83886080 bytes, got 5"},
		"excess":        {append(slices.Clip(goldenFound), 'x'), "the end of FileResponse wanted no more bytes"},
		"large excess":  {append(slices.Clip(goldenFound), random(100_000)...), "the end of FileResponse wanted no more bytes"},
		"after nothing": {append(slices.Clip(goldenEmpty), 'x'), "the end of FileResponse wanted no more bytes"},
		"a lie":         {append([]byte{0x49, 0x7E, 2, 1, 255, 255, 255, 255}, "few"...), "wanted 4294967295 bytes, got 3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
				conn.Write(tt.sent)
				conn.CloseWrite()
				require.Zero(t, c.fails(t, tt.want))
			})
		})
	}
}

// TestClientCutEverywhere ends a response, and resets it, after every byte.
func TestClientCutEverywhere(t *testing.T) {
	for n := range goldenFound {
		for _, reset := range []bool{false, true} {
			asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
				conn.Write(goldenFound[:n])
				want := "unexpected EOF"
				if reset {
					conn.SetLinger(0)
					want = "connection reset by peer"
				}
				conn.Close()
				require.Zero(t, c.fails(t, want))
			})
		}
	}
}

func TestClientGaps(t *testing.T) {
	const pass, fail = 600 * time.Millisecond, 1300 * time.Millisecond
	data := []byte("hello, world")
	wire := response(data)
	tests := map[string]struct {
		parts [][]byte
		pause time.Duration
		gap   bool
	}{
		"nothing sent":       {cut(wire, 0), fail, true},
		"pauses":             {cut(wire, 2, 5, 8, 9, 12), pass, false},
		"byte by byte":       {bytewise(wire), 999 * time.Millisecond, false},
		"gap in the header":  {cut(wire, 2), fail, true},
		"gap before data":    {cut(wire, 8), fail, true},
		"gap in the data":    {cut(wire, 12), fail, true},
		"gap before the end": {cut(wire, len(wire)-1), fail, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
				defer conn.Close()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					pieces(conn, tt.pause, tt.parts...)
					conn.Close()
				}()
				if tt.gap {
					require.Equal(t, time.Second, c.fails(t, "i/o timeout"))
				} else {
					require.Equal(t, tt.pause*time.Duration(len(tt.parts)-1), c.saves(t, "hello.txt", data))
				}
				<-sent
			})
		})
	}
}

func TestClientLateExcess(t *testing.T) {
	for pause, noticed := range map[time.Duration]bool{
		time.Millisecond: true, 999 * time.Millisecond: true, 1001 * time.Millisecond: false,
	} {
		t.Run(pause.String(), func(t *testing.T) {
			asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
				defer conn.Close()
				go pieces(conn, pause, goldenFound, []byte("x"))
				if noticed {
					require.Equal(t, pause, c.fails(t, "the end of FileResponse wanted no more bytes"))
					return
				}
				require.Equal(t, time.Second, c.saves(t, "hello.txt", goldenFound[8:]))
			})
		})
	}
}

// TestClientAfterTheData has servers that do something else than close when all
// has been sent.
func TestClientAfterTheData(t *testing.T) {
	t.Run("keeps the connection", func(t *testing.T) {
		asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
			defer conn.Close()
			conn.Write(goldenFound)
			require.Equal(t, time.Second, c.saves(t, "hello.txt", goldenFound[8:]))
		})
	})
	t.Run("resets", func(t *testing.T) {
		asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
			conn.Write(goldenFound)
			conn.SetLinger(0)
			conn.Close()
			require.Zero(t, c.saves(t, "hello.txt", goldenFound[8:]))
		})
	})
	t.Run("sends for ever", func(t *testing.T) {
		asked(t, func(t *testing.T, c *client, conn *memnet.Conn) {
			conn.Write(goldenFound)
			go io.Copy(conn, endless{})
			require.Zero(t, c.fails(t, "the end of FileResponse wanted no more bytes"))
			conn.Close()
		})
	})
}

// An endless reader has always more.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestClientCannotSend has a connection that is broken from the beginning.
func TestClientCannotSend(t *testing.T) {
	c := &download.Client{Dir: t.TempDir(), Out: io.Discard}
	conn := struct {
		io.Reader
		io.Writer
	}{strings.NewReader(string(goldenFound)), brokenWriter{}}
	err := c.Exchange(conn, &download.FileRequest{Filename: "f"})
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.ErrorContains(t, err, "sending the request: ")
	require.Empty(t, names(t, c.Dir))
}

// A brokenWriter takes nothing.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestClientOverReference(t *testing.T) {
	dir := t.TempDir()
	inBubble(t, func(r *rig) {
		data := random(1<<20 + 1)
		r.file("zoë 日本.bin", data)
		startClient(r.t.Context(), r.client, dir, "localhost", "5000", "zoë 日本.bin").saves(t, "zoë 日本.bin", data)
		status, _ := startClient(r.t.Context(), r.client, dir, "localhost", "5000", "nothere").wait()
		require.NotZero(t, status)
		require.Len(t, names(t, dir), 1)
	})
}

func TestClientEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		c := startClient(ctx, n.Host("client"), dir, "localhost", "5000", "hello.txt")
		conn, err := l.Accept()
		require.NoError(t, err)
		conn.Write(goldenFound[:10])
		require.Equal(t, time.Second/2, c.fails(t, "error: "))
	})
}
