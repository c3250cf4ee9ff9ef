package proc

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestConnectionThatIsResetAtOnce knows where a connection leads that the other
// end has reset before anybody asks.
func TestConnectionThatIsResetAtOnce(t *testing.T) {
	iso, err := New(Config{})
	require.NoError(t, err)
	defer iso.Close()
	sb, err := iso.Open(t.Context())
	require.NoError(t, err)
	defer sb.Close()
	l, err := sb.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
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
