package transfer_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/transfer"
)

// A loop is a server program that runs on loopback, for client programs.
type loop struct {
	t          *testing.T
	served     string // the server's folder
	host, port string
	log        *logbook
	stop       context.CancelFunc
	status     chan int
}

func startLoop(t *testing.T) *loop {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	p := &loop{t: t, served: t.TempDir(), log: &logbook{}, stop: stop, status: make(chan int, 1)}
	p.host, p.port, err = net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	listen := func(network, address string) (net.Listener, error) { return l, nil }
	go func() { p.status <- transfer.ServerMain(ctx, []string{p.port, "-v"}, p.served, p.log, listen) }()
	return p
}

// run runs a client program in a folder and returns what it prints.
func (p *loop) run(dir, verb, name string) string {
	var out logbook
	transfer.ClientMain(p.t.Context(), []string{p.host, p.port, verb, name}, dir, &out, new(net.Dialer).DialContext)
	return out.String()
}

// end stops the server.
func (p *loop) end() {
	p.stop()
	require.Zero(p.t, <-p.status)
}

// TestLoopback plays whole transfers between the two programs over TCP.
func TestLoopback(t *testing.T) {
	p := startLoop(t)
	local, fetched := t.TempDir(), t.TempDir()
	data := pattern(4<<20 + 1)
	write(t, local, "my file", data)
	require.Equal(t, "client sending file my file (4194305 bytes)\nComplete\n", p.run(local, "PUT", "my file"))
	require.True(t, data == read(t, p.served, "my file"))
	require.Equal(t, "client receiving file my file (4194305 bytes)\nComplete\n", p.run(fetched, "GET", "my file"))
	require.True(t, data == read(t, fetched, "my file"))
	require.Equal(t, "client deleting file my file\nComplete\n", p.run(local, "DEL", "my file"))
	require.Equal(t, "server error: my file does not exist\n", p.run(fetched, "GET", "my file"))
	require.Empty(t, names(t, p.served))
	p.end()
	require.Equal(t, 5, strings.Count(p.log.String(), "server waiting on port "+p.port+"\n"))
	require.Contains(t, p.log.String(), "server connected to client at 127.0.0.1:")
	require.Contains(t, p.log.String(), "server receiving 4194305 bytes\n")
	require.Contains(t, p.log.String(), "server sending 4194305 bytes\n")
}

// TestLoopbackMemory looks at what the two programs allocate for a larger file.
func TestLoopbackMemory(t *testing.T) {
	const size = 32 << 20
	p := startLoop(t)
	local := t.TempDir()
	sparse(t, filepath.Join(local, "f"), size)
	before := allocated()
	require.Contains(t, p.run(local, "PUT", "f"), "Complete")
	require.Contains(t, p.run(local, "GET", "f"), "Complete")
	require.Less(t, allocated()-before, uint64(size/16))
	info, err := os.Stat(filepath.Join(p.served, "f"))
	require.NoError(t, err)
	require.EqualValues(t, size, info.Size())
	p.end()
}
