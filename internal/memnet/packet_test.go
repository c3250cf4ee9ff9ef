package memnet_test

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
)

func udpAddr(ip string, port int) net.Addr { return &net.UDPAddr{IP: net.ParseIP(ip), Port: port} }

func TestDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		server, err := n.Host("server").ListenPacket("udp4", ":30000")
		require.NoError(t, err)
		client, err := n.Host("client").ListenPacket("udp", "127.0.0.2:0")
		require.NoError(t, err)

		buf := make([]byte, 100)
		for _, to := range []string{"127.0.0.1", "127.0.0.3", "255.255.255.255", "127.255.255.255"} {
			_, err = client.WriteTo([]byte("to "+to), udpAddr(to, 30000))
			require.NoError(t, err)
			got, from, at, err := server.(*memnet.PacketConn).ReadFromTo(buf)
			require.NoError(t, err)
			require.Equal(t, "to "+to, string(buf[:got]))
			require.Equal(t, client.LocalAddr(), from)
			require.Equal(t, to, at.String())
		}
		_, err = server.WriteTo([]byte("back"), client.LocalAddr())
		require.NoError(t, err)
		got, from, err := client.ReadFrom(buf[:2])
		require.NoError(t, err)
		require.Equal(t, "ba", string(buf[:got]))
		require.Equal(t, "127.0.0.1:30000", from.String())

		// A socket that is bound to one address gets no broadcast, and one that is not there nothing.
		_, err = server.WriteTo([]byte("all"), udpAddr("255.255.255.255", client.LocalAddr().(*net.UDPAddr).Port))
		require.NoError(t, err)
		require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Second)))
		_, _, err = client.ReadFrom(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		_, err = client.WriteTo([]byte("nobody"), udpAddr("127.0.0.1", 1))
		require.NoError(t, err)
	})
}

func TestDatagramErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := memnet.New().Host("host")
		c, err := h.ListenPacket("udp4", ":30000")
		require.NoError(t, err)
		_, err = h.ListenPacket("udp4", "127.0.0.1:30000")
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		_, err = h.ListenPacket("tcp", ":1")
		require.ErrorAs(t, err, new(net.UnknownNetworkError))
		_, err = c.WriteTo([]byte(strings.Repeat("x", 65508)), udpAddr("127.0.0.1", 30000))
		require.ErrorIs(t, err, syscall.EMSGSIZE)
		_, err = c.WriteTo(nil, udpAddr("192.0.2.1", 30000))
		require.ErrorIs(t, err, syscall.ENETUNREACH)
		for range 5 { // three of them fill the socket
			_, err = c.WriteTo([]byte(strings.Repeat("x", 65507)), udpAddr("127.0.0.1", 30000))
			require.NoError(t, err)
		}
		require.Len(t, h.Datagrams(), 1)
		reading := make(chan error)
		go func() {
			for {
				if _, _, err := c.ReadFrom(nil); err != nil {
					reading <- err
					return
				}
			}
		}()
		synctest.Wait()
		h.Close()
		require.ErrorIs(t, <-reading, net.ErrClosed)
		require.ErrorIs(t, c.Close(), net.ErrClosed)
		_, err = c.WriteTo(nil, udpAddr("127.0.0.1", 30000))
		require.ErrorIs(t, err, net.ErrClosed)
		require.Empty(t, h.Datagrams())
		_, err = h.ListenPacket("udp4", ":30000")
		require.ErrorIs(t, err, net.ErrClosed)
	})
}
