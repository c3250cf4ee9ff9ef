package proc

import (
	"context"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// openListener opens a sandbox and listens in it.
func openListener(t *testing.T) (*Sandbox, net.Listener) {
	t.Helper()
	iso, err := New(Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, iso.Close()) })
	sb, err := iso.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sb.Close()) })
	l, err := sb.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() }) // a test may have closed it
	return sb, l
}

// TestConnectionThatIsResetAtOnce knows where a connection leads that the other
// end has reset before anybody asks.
func TestConnectionThatIsResetAtOnce(t *testing.T) {
	sb, l := openListener(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range 500 {
		c, err := sb.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			continue // refused is right, too
		}
		require.NotNil(t, c.RemoteAddr())
		require.Equal(t, l.Addr().String(), c.RemoteAddr().String())
		c.Close()
	}
	known := &knownConn{&net.TCPConn{}, l.Addr()}
	require.Equal(t, l.Addr(), known.RemoteAddr())
}

// TestClosedListenerThatIsCopied closes a listener of which a process that was just
// forked has a copy: nobody is connected any more.
func TestClosedListenerThatIsCopied(t *testing.T) {
	sb, l := openListener(t)
	accepted := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	copied, err := l.(interface{ File() (*os.File, error) }).File()
	require.NoError(t, err)
	defer copied.Close()
	require.NoError(t, l.Close())
	require.ErrorIs(t, <-accepted, net.ErrClosed)
	_, err = sb.Dial(t.Context(), "tcp", l.Addr().String())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// TestQueued sees connections that nobody has accepted yet.
func TestQueued(t *testing.T) {
	sb, l := openListener(t)
	queued := l.(interface{ Queued() bool }).Queued
	require.False(t, queued())
	c, err := sb.Dial(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	require.True(t, queued())
	accepted, err := l.Accept()
	require.NoError(t, err)
	defer accepted.Close()
	require.False(t, queued())
}

// A machine that is too busy to make a socket is not the program that is connected to.
func TestNoSocket(t *testing.T) {
	sb := openMode(t, "namespaces", Limits{}, nil)
	require.NoError(t, sb.link.process.Signal(syscall.SIGSTOP))
	defer func() { require.NoError(t, sb.link.process.Signal(syscall.SIGCONT)) }()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := sb.Dial(ctx, "tcp", "127.0.0.1:1")
	require.ErrorIs(t, err, ErrNoSocket)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
