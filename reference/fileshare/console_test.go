package fileshare_test

import (
	"context"
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

// A client is a client program that runs.
type client struct {
	t      *testing.T
	dir    string // of its files
	out    *logbook
	typed  *io.PipeWriter
	status chan int
	stop   context.CancelFunc

	listener net.Listener // of a server that the test plays
}

// startClient runs the client program.
func startClient(t *testing.T, h *memnet.Host, e *ether, args ...string) *client {
	ctx, stop := context.WithCancel(t.Context())
	work := t.TempDir()
	in, typed := io.Pipe()
	c := &client{t: t, dir: filepath.Join(work, fileshare.ClientFolder), out: &logbook{}, typed: typed,
		status: make(chan int, 1), stop: stop}
	require.NoError(t, os.Mkdir(c.dir, 0o755))
	go func() {
		c.status <- fileshare.ClientMain(ctx, args, work, in, c.out, h.Dial, e.host(clientIP))
	}()
	t.Cleanup(func() { typed.Close(); stop() }) // if the test fails
	synctest.Wait()
	return c
}

// startClient runs a client program in the server's dialect.
func (r *rig) startClient() *client {
	return startClient(r.t, r.client, r.ether, "-dialect", r.dialect.Name)
}

// begins types a line. It returns what waits until the client prompts again or
// ends, and gives what it has shown until then.
func (c *client) begins(line string) (shown func() string) {
	c.t.Helper()
	before := len(c.out.String())
	_, err := io.WriteString(c.typed, line+"\n")
	require.NoError(c.t, err)
	return func() string {
		for {
			synctest.Wait()
			shown, prompted := strings.CutSuffix(c.out.String()[before:], fileshare.Prompt)
			if prompted || len(c.status) > 0 {
				return shown
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// types types a line and returns what the client shows for it.
func (c *client) types(line string) string {
	c.t.Helper()
	return c.begins(line)()
}

// connects types the command that connects to the server.
func (c *client) connects() {
	c.t.Helper()
	require.Contains(c.t, c.types("connect 127.0.0.1 30001"), "connected to "+serverAddress+"\n")
}

// write makes a file that the client has.
func (c *client) write(name, data string) {
	require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, name), []byte(data), 0o644))
}

// has expects a file among those of the client.
func (c *client) has(name, data string) {
	c.t.Helper()
	got, err := os.ReadFile(filepath.Join(c.dir, name))
	require.NoError(c.t, err)
	require.True(c.t, data == string(got), "%s differs", name)
}

// ends closes the input and returns the exit status.
func (c *client) ends() int {
	c.typed.Close()
	return <-c.status
}
