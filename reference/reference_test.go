package reference_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference"
)

func TestByName(t *testing.T) {
	for _, want := range reference.All {
		got, ok := reference.ByName(want.Name)
		require.True(t, ok)
		require.Equal(t, want.Name, got.Name)
	}
	_, ok := reference.ByName("nothing")
	require.False(t, ok)
}

// TestMailboxPrograms plays a create and a read through the two programs.
func TestMailboxPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ok := reference.ByName("mailbox")
		require.True(t, ok)
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		var log strings.Builder
		status := make(chan int)
		go func() {
			status <- p.Server(ctx, reference.Env{Args: []string{"5000"}, Out: &log, Listen: n.Host("server").Listen})
		}()
		synctest.Wait()

		client := func(in string, args ...string) string {
			var out strings.Builder
			e := reference.Env{Args: args, In: strings.NewReader(in), Out: &out, Dial: n.Host("client").Dial}
			require.Zero(t, p.Client(ctx, e))
			return out.String()
		}
		client("bob\nhello\n", "localhost", "5000", "alice", "create")
		require.Contains(t, client("", "127.0.0.1", "5000", "bob", "read"), "from alice: hello\n")
		stop()
		require.Zero(t, <-status)
		require.Contains(t, log.String(), "messages sent to bob: 1\n")
	})
}

// TestDownloadPrograms fetches a file from one directory into another.
func TestDownloadPrograms(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(from, "f"), []byte("hello"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		p, ok := reference.ByName("download")
		require.True(t, ok)
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		var log, out strings.Builder
		status := make(chan int)
		go func() {
			status <- p.Server(ctx, reference.Env{Args: []string{"5000"}, Dir: from, Out: &log, Listen: n.Host("server").Listen})
		}()
		synctest.Wait()
		e := reference.Env{Args: []string{"localhost", "5000", "f"}, Dir: to, Out: &out, Dial: n.Host("client").Dial}
		require.Zero(t, p.Client(ctx, e))
		stop()
		require.Zero(t, <-status)
		require.Contains(t, log.String(), "5 bytes of f sent\n")
		require.Contains(t, out.String(), "5 bytes received")
	})
	got, err := os.ReadFile(filepath.Join(to, "f"))
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
}

// TestTransferPrograms puts a file through the two programs, and gets it back.
func TestTransferPrograms(t *testing.T) {
	here, there := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(here, "f"), []byte("hello"), 0o644))
	synctest.Test(t, func(t *testing.T) {
		p, ok := reference.ByName("transfer")
		require.True(t, ok)
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		status := make(chan int)
		var log strings.Builder
		go func() {
			status <- p.Server(ctx, reference.Env{Args: []string{"5000", "-v"}, Dir: there, Out: &log, Listen: n.Host("server").Listen})
		}()
		synctest.Wait()
		for _, command := range []string{"PUT", "GET", "DEL"} {
			var out strings.Builder
			e := reference.Env{Args: []string{"localhost", "5000", command, "f"}, Dir: here, Out: &out, Dial: n.Host("client").Dial}
			require.Zero(t, p.Client(ctx, e))
			require.Contains(t, out.String(), "Complete\n")
		}
		stop()
		require.Zero(t, <-status)
		require.Contains(t, log.String(), "server sending 5 bytes\n")
	})
}

// TestChatPrograms lets two clients of the one program talk through the other.
func TestChatPrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ok := reference.ByName("chat")
		require.True(t, ok)
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		status := make(chan int, 3)
		start := func(main func(context.Context, reference.Env) int, e reference.Env) *strings.Builder {
			var out strings.Builder
			e.Args, e.Dir, e.Out = []string{"127.0.0.1", "5000"}, t.TempDir(), &out
			go func() { status <- main(ctx, e) }()
			synctest.Wait()
			return &out
		}
		server := start(p.Server, reference.Env{Listen: n.Host("server").Listen})
		in, typed := io.Pipe()
		defer typed.Close()
		ann := start(p.Client, reference.Env{In: in, Dial: n.Host("ann").Dial})
		silent, never := io.Pipe()
		defer never.Close()
		bob := start(p.Client, reference.Env{In: silent, Dial: n.Host("bob").Dial})
		_, err := io.WriteString(typed, "hello\n")
		require.NoError(t, err)
		synctest.Wait()

		stop()
		for range 3 {
			require.Zero(t, <-status)
		}
		require.Contains(t, ann.String(), "> New user ")
		require.Contains(t, bob.String(), "] hello")
		require.Contains(t, server.String(), "exit")
	})
}

// TestFilesharePrograms finds a server, and moves a file there and back.
func TestFilesharePrograms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ok := reference.ByName("fileshare")
		require.True(t, ok)
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		dir := t.TempDir()
		var log strings.Builder
		status := make(chan int)
		go func() {
			h := n.Host("server")
			status <- p.Server(ctx, reference.Env{Dir: dir, Out: &log, Listen: h.Listen, ListenPacket: h.ListenPacket})
		}()
		synctest.Wait()

		require.NoError(t, os.Mkdir(filepath.Join(dir, "client"), 0o755))
		data := []byte("one\r\ntwo\x00")
		require.NoError(t, os.WriteFile(filepath.Join(dir, "client", "a.txt"), data, 0o644))
		var out strings.Builder
		h := n.Host("client")
		e := reference.Env{Dir: dir, In: strings.NewReader("scan\nconnect 127.0.0.1 30001\nput a.txt\nrlist\nbye\n"), Out: &out, Dial: h.Dial, ListenPacket: h.ListenPacket}
		require.Zero(t, p.Client(ctx, e))
		require.Contains(t, out.String(), "Reference File Sharing Service found at 127.0.0.1 30001\n")
		require.Contains(t, out.String(), "files on the server: 1\n  a.txt\n")
		stop()
		require.Zero(t, <-status)
		stored, err := os.ReadFile(filepath.Join(dir, "server", "a.txt"))
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, stored))
		require.Contains(t, log.String(), "stored a.txt")
	})
}
