package download_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/download"
)

// startLoopback runs the server program on the loopback device, and returns the
// arguments with which a client finds it.
func startLoopback(t *testing.T, dir string) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	status := make(chan int)
	given := func(string, string) (net.Listener, error) { return l, nil }
	go func() { status <- download.ServerMain(ctx, []string{"5000"}, dir, io.Discard, given) }()
	t.Cleanup(func() {
		stop()
		require.Zero(t, <-status)
	})
	return "127.0.0.1", fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// TestLoopback transfers files through the kernel, and watches how much memory
// that takes: less than a file.
func TestLoopback(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	host, port := startLoopback(t, from)
	for _, size := range []int{0, 1, 4097, 1<<20 + 1, 64 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			name := fmt.Sprintf("%d bytes.bin", size)
			data := random(size)
			writeFile(t, from, name, data)
			before := allocated()
			var out logbook
			require.Zero(t, download.ClientMain(t.Context(), []string{host, port, name}, to, &out, new(net.Dialer).DialContext), out.String())
			require.Less(t, allocated()-before, uint64(1<<20))
			require.Equal(t, fmt.Sprintf("%d bytes received and saved as %s\n", size, name), out.String())
			require.Equal(t, sha256.Sum256(data), fileHash(t, filepath.Join(to, name)))
		})
	}
	var out logbook
	require.NotZero(t, download.ClientMain(t.Context(), []string{host, port, "1 bytes.bin"}, to, &out, new(net.Dialer).DialContext))
	require.Contains(t, out.String(), "file already exists")
}

func TestLoopbackLeavesNothingOpen(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	host, port := startLoopback(t, from)
	writeFile(t, from, "f", []byte("hello"))
	once := func() {
		download.ClientMain(t.Context(), []string{host, port, "f"}, to, io.Discard, new(net.Dialer).DialContext)
		require.NoError(t, os.Remove(filepath.Join(to, "f")))
		download.ClientMain(t.Context(), []string{host, port, "nothere"}, to, io.Discard, new(net.Dialer).DialContext)
	}
	once()
	before := descriptors(t)
	for range 50 {
		once()
	}
	require.LessOrEqual(t, descriptors(t), before+1, "the server may still be closing the last connection")
}

// allocated returns how many bytes were ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// fileHash returns the hash of what is in a file.
func fileHash(t *testing.T, path string) [32]byte {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	require.NoError(t, err)
	return [32]byte(h.Sum(nil))
}
