package proc

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCapture sees what is written at once on an idle connection as one segment,
// on either version of IP, and each segment once.
func TestCapture(t *testing.T) {
	sb := openMode(t, "namespaces", Limits{}, nil)
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		t.Run(host, func(t *testing.T) {
			l, err := sb.Listen(t.Context(), "tcp", host+":5000")
			if err != nil && host == "[::1]" {
				t.Skip(err)
			}
			require.NoError(t, err)
			defer l.Close()
			var mu sync.Mutex
			var seen []Segment
			stop, err := sb.Capture(t.Context(), func(s Segment) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, s)
			})
			require.NoError(t, err)
			defer stop()
			near, err := sb.Dial(t.Context(), "tcp", host+":5000")
			require.NoError(t, err)
			defer near.Close()
			far, err := l.Accept()
			require.NoError(t, err)
			defer far.Close()
			passes(t, near, far, 2)
			passes(t, far, near, 4096)
			there, here := addrPort(near.LocalAddr()), addrPort(near.RemoteAddr())
			require.Eventually(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(seen) == 2
			}, 5*time.Second, time.Millisecond)
			require.Equal(t, []Segment{{there, here, 2}, {here, there, 4096}}, seen)
		})
	}
}

// passes sends so many bytes from one end of a connection to the other.
func passes(t *testing.T, from, to net.Conn, n int) {
	t.Helper()
	_, err := from.Write(make([]byte, n))
	require.NoError(t, err)
	_, err = io.ReadFull(to, make([]byte, n))
	require.NoError(t, err)
}

func addrPort(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }

// TestCaptureNeedsANetwork refuses to listen to the machine's own network.
func TestCaptureNeedsANetwork(t *testing.T) {
	sb := openMode(t, "none", Limits{}, nil)
	_, err := sb.Capture(t.Context(), func(Segment) {})
	require.ErrorIs(t, err, ErrShared)
}

// TestStrangePackets is about what is no TCP, or not all there.
func TestStrangePackets(t *testing.T) {
	d := newDissector()
	for _, packet := range []string{"", "\x45", "\x60\x00", "\x00\x01\x02\x03", "\x45\x00\x00\x14\x00\x00\x00\x00\x40\x11\x00\x00\x7f\x00\x00\x01\x7f\x00\x00\x01"} {
		_, is := d.segment([]byte(packet))
		require.False(t, is, "% x", packet)
	}
}
