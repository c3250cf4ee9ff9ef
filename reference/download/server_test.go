package download_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/download"
)

func TestServerLogsConnections(t *testing.T) {
	inBubble(t, func(r *rig) {
		time.Sleep(time.Hour + 2*time.Minute + 3*time.Second)
		c := r.dial()
		defer c.Close()
		r.logged(time.Now().Format("2006-01-02 15:04:05") + " connection from " + c.LocalAddr().String() + "\n")
		require.NotContains(t, r.log.String(), "error")
	})
}

func TestServerSendsFiles(t *testing.T) {
	tests := map[string]struct {
		name string
		data []byte
	}{
		"empty":      {"f", []byte{}},
		"1 byte":     {"f", random(1)},
		"4095":       {"f", random(4095)},
		"4096":       {"f", random(4096)},
		"4097":       {"f", random(4097)},
		"64 KiB - 9": {"f", random(64<<10 - 9)},
		"64 KiB - 8": {"f", random(64<<10 - 8)}, // header and data just fill the buffer
		"64 KiB - 7": {"f", random(64<<10 - 7)},
		"1 MiB + 1":  {"f", random(1<<20 + 1)},
		"a response": {"f", goldenFound},
		"lines":      {"f", []byte("a\r\nb\n\x1a\x00\xff")},
		"utf-8":      {"zoë 日本.txt", []byte("x")},
		"directory":  {"a/b/c", []byte("x")},
		"space":      {" f ", []byte("x")},
		"255 bytes":  {strings.Repeat("n", 255), []byte("x")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.file(tt.name, tt.data)
				got, took := r.exchange(request(tt.name))
				require.True(t, bytes.Equal(response(tt.data), got))
				require.Zero(t, took)
				r.logged(fmt.Sprintf("%d bytes of %s sent\n", len(tt.data), tt.name))
				require.NotContains(t, r.log.String(), "error")
			})
		})
	}
}

func TestServerLongestName(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.file("f", []byte("x"))
		require.Equal(t, []byte("x"), r.get(longName()).Data)
	})
}

// TestServerSlowReader reads a large file slowly, but never rests for a second:
// it takes longer than that in total, and arrives.
func TestServerSlowReader(t *testing.T) {
	inBubble(t, func(r *rig) {
		data := random(8 << 20)
		r.file("f", data)
		c := r.dial()
		defer c.Close()
		start := time.Now()
		c.Write(request("f"))
		var got []byte
		buf := make([]byte, 512<<10)
		for {
			n, err := io.ReadFull(c, buf)
			got = append(got, buf[:n]...)
			if err != nil {
				break
			}
			time.Sleep(900 * time.Millisecond)
		}
		require.True(t, bytes.Equal(response(data), got))
		require.Greater(t, time.Since(start), 10*time.Second)
	})
}

func TestServerStalledReader(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.file("f", random(8<<20))
		c := r.dial()
		defer c.Close()
		start := time.Now()
		c.Write(request("f"))
		synctest.Wait()
		got, _ := r.exchange(request("nothere"))
		require.Equal(t, goldenMissing, got)
		require.GreaterOrEqual(t, time.Since(start), time.Second)
		require.LessOrEqual(t, time.Since(start), 2*time.Second)
		r.logged("error: sending f: after ")
		require.NotContains(t, r.log.String(), "bytes of f sent")
	})
}

func TestServerResetWhileSending(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.file("f", random(8<<20))
		c := r.dial()
		c.Write(request("f"))
		io.ReadFull(c, make([]byte, 1<<20))
		c.SetLinger(0)
		c.Close()
		r.logged("connection reset by peer")
		r.servesOn()
	})
}

// TestServerEndsWhileReading stops the program in the middle of a connection.
func TestServerEndsWhileReading(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.dial()
		defer c.Close()
		c.Write(goldenRequest[:9])
		synctest.Wait()
		start := time.Now()
		r.stop()
		_, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Zero(t, time.Since(start))
	})
}

func TestServeEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := memnet.New().Host("server").Listen("tcp", ":5000")
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { l.Close() })
		err = download.Serve(t.Context(), l, func(net.Conn) {})
		require.ErrorIs(t, err, net.ErrClosed)
	})
}
