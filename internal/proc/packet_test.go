package proc

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A program's broadcast reaches a socket of ours in its network, in the first sandbox of a room and
// in later ones, and nothing leaves that network.
func TestBroadcast(t *testing.T) {
	iso, err := New(Config{Isolation: "namespaces"})
	if err != nil {
		t.Skip(err)
	}
	defer iso.Close()
	for range 2 {
		sb, err := iso.Open(t.Context())
		require.NoError(t, err)
		ours, err := sb.ListenPacket(t.Context(), "udp4", "0.0.0.0:30000")
		require.NoError(t, err)
		p, out := startPython(t, sb, `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.bind(("", 30002))
s.sendto(b"here", ("255.255.255.255", 30000))
try:
    s.sendto(b"out", ("192.0.2.1", 9))
    print("the network is open")
except OSError:
    print(*s.recvfrom(100))
    time.sleep(100)`)
		require.NoError(t, ours.SetReadDeadline(time.Now().Add(10*time.Second)))
		n, from, to, err := ours.(*PacketConn).ReadFromTo(make([]byte, 100))
		require.NoError(t, err, out.get("stderr"))
		require.Equal(t, 4, n)
		require.Equal(t, "127.0.0.1:30002", from.String())
		require.Equal(t, netip.AddrFrom4([4]byte{255, 255, 255, 255}), to)
		at, err := p.Datagrams()
		require.NoError(t, err)
		require.Equal(t, []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:30002")}, at)

		other, err := sb.ListenPacket(t.Context(), "udp4", "127.0.0.2:0")
		require.NoError(t, err)
		_, err = other.WriteTo([]byte("back"), &net.UDPAddr{IP: net.IPv4bcast, Port: 30002})
		require.NoError(t, err)
		eventually(t, "the whole line", func() bool { return strings.HasSuffix(out.get("stdout"), "\n") }) // Python writes it in pieces
		require.Regexp(t, `^b'back' \('127.0.0.2', \d+\)`, out.get("stdout"))
		ours.Close()
		other.Close()
		require.NoError(t, sb.Close())
	}
}

// Where sandboxes share the machine's network, a fixed port is held by one of them at a time.
func TestClaimPort(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		first := openMode(t, mode, Limits{}, nil)
		second, err := first.iso.Open(t.Context())
		require.NoError(t, err)
		defer second.Close()
		require.NoError(t, first.ClaimPort(t.Context(), 30001))
		if first.iso.Private() {
			require.NoError(t, second.ClaimPort(t.Context(), 30001))
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, second.ClaimPort(ctx, 30001), context.DeadlineExceeded)
		require.NoError(t, first.Close())
		require.NoError(t, second.ClaimPort(t.Context(), 30001))
	})
}
