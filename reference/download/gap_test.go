package download_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/download"
)

// TestGapConnWrite pins when a write gives up: after a second, counted from the
// last renewal, in which nothing got through.
func TestGapConnWrite(t *testing.T) {
	tests := map[string]struct {
		first   int // bytes that fill the buffer of one byte beforehand
		reads   int // one byte after 0.6 s each; then nothing
		givesUp time.Duration
	}{
		"buffer full":      {1, 0, time.Second},
		"nothing is read":  {0, 0, 2 * time.Second}, // one byte gets into the buffer
		"a byte is read":   {1, 1, 2 * time.Second},
		"three are read":   {1, 3, 3 * time.Second},
		"more than enough": {1, 10, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				l, err := n.Host("server").Listen("tcp", serverAddress)
				require.NoError(t, err)
				near, err := n.Host("client").Dial(t.Context(), "tcp", serverAddress)
				require.NoError(t, err)
				far, err := l.Accept()
				require.NoError(t, err)
				require.NoError(t, far.(*memnet.Conn).SetReadBuffer(1))
				near.Write(make([]byte, tt.first))
				go func() {
					for range tt.reads {
						time.Sleep(600 * time.Millisecond)
						far.Read(make([]byte, 1))
					}
				}()
				defer time.Sleep(time.Minute) // the reader ends
				start := time.Now()
				_, err = download.GapConn{Conn: near, Limit: download.GapLimit}.Write(make([]byte, 9))
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
