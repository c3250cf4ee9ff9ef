package fileshare_test

import (
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/fileshare"
)

// pair returns the two ends of a connection.
func pair(t *testing.T) (near *fileshare.Conn, far *memnet.Conn) {
	n := memnet.New()
	l, err := n.Host("server").Listen("tcp", serverAddress)
	require.NoError(t, err)
	dialed, err := n.Host("client").Dial(t.Context(), "tcp", serverAddress)
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	return &fileshare.Conn{Conn: dialed, Limit: fileshare.StallLimit}, accepted.(*memnet.Conn)
}

func TestConnRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pair(t)
		near.Idle()
		time.AfterFunc(time.Hour, func() { far.Write([]byte("a")) })
		start := time.Now()
		n, err := near.Read(make([]byte, 9))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, time.Hour, time.Since(start), "no limit while idle")

		time.AfterFunc(fileshare.StallLimit-1, func() { far.Write([]byte("b")) })
		_, err = near.Read(make([]byte, 9))
		require.NoError(t, err)

		start = time.Now()
		_, err = near.Read(make([]byte, 9))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, fileshare.StallLimit, time.Since(start))
	})
}

// TestConnWrite pins when a write gives up: after a limit, counted from the
// last renewal, in which nothing got through.
func TestConnWrite(t *testing.T) {
	const limit = fileshare.StallLimit
	tests := map[string]struct {
		first   int // bytes that fill the buffer of one byte beforehand
		reads   int // one byte after 0.6 of the limit each; then nothing
		givesUp time.Duration
	}{
		"buffer full":      {1, 0, limit},
		"nothing is read":  {0, 0, 2 * limit}, // one byte gets into the buffer
		"a byte is read":   {1, 1, 2 * limit},
		"three are read":   {1, 3, 3 * limit},
		"more than enough": {1, 10, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := pair(t)
				require.NoError(t, far.SetReadBuffer(1))
				near.Conn.Write(make([]byte, tt.first))
				go func() {
					for range tt.reads {
						time.Sleep(limit * 6 / 10)
						far.Read(make([]byte, 1))
					}
				}()
				defer time.Sleep(time.Hour) // the reader ends
				start := time.Now()
				_, err := near.Write(make([]byte, 9))
				if tt.givesUp == 0 {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				require.Equal(t, tt.givesUp, time.Since(start))
			})
		})
	}
}

// TestTurn pins what ends data that have no size.
func TestTurn(t *testing.T) {
	const first = time.Second
	tests := map[string]struct {
		far  func(far *memnet.Conn)
		data string
		err  error
		took time.Duration
	}{
		"nothing":    {func(*memnet.Conn) {}, "", nil, first},
		"one piece":  {func(far *memnet.Conn) { far.Write([]byte("abc")) }, "abc", nil, fileshare.Lull},
		"late":       {func(far *memnet.Conn) { time.Sleep(first - 1); far.Write([]byte("abc")) }, "abc", nil, first - 1 + fileshare.Lull},
		"pieces":     {func(far *memnet.Conn) { pieces(far, fileshare.Lull-1, bytewise([]byte("abc"))...) }, "abc", nil, 3*fileshare.Lull - 2},
		"a lull":     {func(far *memnet.Conn) { pieces(far, fileshare.Lull+1, []byte("a"), []byte("b")) }, "a", nil, fileshare.Lull},
		"close":      {func(far *memnet.Conn) { far.Close() }, "", io.ErrUnexpectedEOF, 0},
		"late close": {func(far *memnet.Conn) { far.Write([]byte("ab")); far.CloseWrite() }, "ab", io.ErrUnexpectedEOF, 0},
		"reset":      {func(far *memnet.Conn) { far.SetLinger(0); far.Close() }, "", os.ErrNotExist, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := pair(t)
				start := time.Now()
				go tt.far(far)
				r := near.Turn(fileshare.Text, first)
				data, err := io.ReadAll(r)
				require.Equal(t, tt.took, time.Since(start))
				require.Equal(t, tt.data, string(data))
				switch name {
				case "reset":
					require.ErrorContains(t, err, "connection reset by peer")
				default:
					require.ErrorIs(t, err, tt.err)
				}
				if err == nil {
					far.Write([]byte("next"))
					_, err = r.Read(make([]byte, 9))
					require.Equal(t, io.EOF, err, "what follows is not of this turn")
				}
				time.Sleep(time.Minute) // far ends
			})
		})
	}
	near := &fileshare.Conn{Conn: &net.TCPConn{}}
	require.Equal(t, io.Reader(near), near.Turn(fileshare.Sized, first))
	require.Equal(t, io.Reader(near), near.Turn(fileshare.Handout, first))
}
