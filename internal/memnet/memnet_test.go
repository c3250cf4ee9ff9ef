package memnet

import (
	"context"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// pair returns the two ends of a connection between two hosts.
func pair(t testing.TB) (dialed, accepted *Conn) {
	n := New()
	l, err := n.Host("server").Listen("tcp", ":0")
	require.NoError(t, err)
	d, err := n.Host("client").Dial(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	a, err := l.Accept()
	require.NoError(t, err)
	return d.(*Conn), a.(*Conn)
}

func TestDialErrors(t *testing.T) {
	h := New().Host("h")
	tests := map[string]struct {
		network, address string
		want             any
	}{
		"nobody listens":     {"tcp", "127.0.0.1:4000", syscall.ECONNREFUSED},
		"nobody on ::1":      {"tcp", "[::1]:4000", syscall.ECONNREFUSED},
		"far away":           {"tcp", "10.1.2.3:4000", syscall.ENETUNREACH},
		"unknown network":    {"udp", "127.0.0.1:4000", net.UnknownNetworkError("udp")},
		"unknown name":       {"tcp", "nowhere.test:4000", &net.DNSError{Err: "no such host", Name: "nowhere.test", IsNotFound: true}},
		"malformed address":  {"tcp", "256.1.1.1:4000", &net.DNSError{Err: "no such host", Name: "256.1.1.1", IsNotFound: true}},
		"no port":            {"tcp", "localhost", &net.AddrError{Err: "missing port in address", Addr: "localhost"}},
		"port out of range":  {"tcp", "localhost:65536", &net.AddrError{Err: "invalid port", Addr: "65536"}},
		"port is not number": {"tcp", "localhost:x", &net.AddrError{Err: "invalid port", Addr: "x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := h.Dial(t.Context(), tt.network, tt.address)
			var op *net.OpError
			require.ErrorAs(t, err, &op)
			if errno, ok := tt.want.(syscall.Errno); ok {
				require.ErrorIs(t, err, errno)
				return
			}
			require.Equal(t, tt.want, op.Err)
			require.Zero(t, h.Open())
		})
	}
}

func TestDialReachesListener(t *testing.T) {
	tests := map[string]struct {
		listen, dial string
		refused      bool
	}{
		"all to number":     {":5000", "127.0.0.1:5000", false},
		"all to name":       {"0.0.0.0:5000", "localhost:5000", false},
		"all to nothing":    {":5000", ":5000", false},
		"one to number":     {"127.0.0.1:5000", "127.0.0.1:5000", false},
		"name to name":      {"localhost:5000", "localhost:5000", false},
		"all to other":      {":5000", "127.0.0.9:5000", false},
		"one to other":      {"127.0.0.1:5000", "127.0.0.9:5000", true},
		"all to other port": {":5000", "127.0.0.1:5001", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := New()
			_, err := n.Host("s").Listen("tcp", tt.listen)
			require.NoError(t, err)
			c, err := n.Host("c").Dial(t.Context(), "tcp", tt.dial)
			if tt.refused {
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				return
			}
			require.NoError(t, err)
			require.Equal(t, 5000, c.RemoteAddr().(*net.TCPAddr).Port)
		})
	}
}

func TestListenTaken(t *testing.T) {
	tests := map[string]struct {
		first, second string
		taken         bool
	}{
		"same":             {"127.0.0.1:5000", "127.0.0.1:5000", true},
		"all after one":    {"127.0.0.1:5000", ":5000", true},
		"one after all":    {":5000", "127.0.0.1:5000", true},
		"two addresses":    {"127.0.0.1:5000", "127.0.0.2:5000", false},
		"two ports":        {":5000", ":5001", false},
		"both want port 0": {":0", ":0", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := New()
			l, err := n.Host("a").Listen("tcp", tt.first)
			require.NoError(t, err)
			_, err = n.Host("b").Listen("tcp", tt.second)
			if !tt.taken {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, syscall.EADDRINUSE)
			require.NoError(t, l.Close())
			_, err = n.Host("b").Listen("tcp", tt.second)
			require.NoError(t, err, "after the first is closed")
		})
	}
}

func TestAddresses(t *testing.T) {
	c, s := pair(t)
	require.Equal(t, c.LocalAddr(), s.RemoteAddr())
	require.Equal(t, s.LocalAddr(), c.RemoteAddr())
	require.True(t, strings.HasPrefix(c.LocalAddr().String(), "127.0.0.1:"))
	require.NotEqual(t, c.LocalAddr(), s.LocalAddr())
}

func TestReadCoalesces(t *testing.T) {
	c, s := pair(t)
	for _, part := range []string{"ab", "cd", "ef"} {
		n, err := c.Write([]byte(part))
		require.NoError(t, err)
		require.Equal(t, 2, n)
	}
	buf := make([]byte, 4)
	n, err := s.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "abcd", string(buf[:n]))
	n, err = s.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "ef", string(buf[:n]))
}

func TestHalfClose(t *testing.T) {
	c, s := pair(t)
	_, err := c.Write([]byte("question"))
	require.NoError(t, err)
	require.NoError(t, c.CloseWrite())
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	require.Equal(t, "question", string(got))

	_, err = s.Write([]byte("answer"))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	got, err = io.ReadAll(c)
	require.NoError(t, err)
	require.Equal(t, "answer", string(got))

	_, err = c.Write([]byte("more"))
	require.ErrorIs(t, err, syscall.EPIPE)
}

// TestClose holds what the other end sees after one end is closed.
func TestClose(t *testing.T) {
	tests := map[string]struct {
		unread  string // left in the closed socket's buffer
		sent    string // sent before the close
		linger0 bool
		read    error // after what was sent
	}{
		"clean":                {read: io.EOF},
		"clean after data":     {sent: "bye", read: io.EOF},
		"unread":               {unread: "x", read: syscall.ECONNRESET},
		"unread after data":    {unread: "x", sent: "bye", read: syscall.ECONNRESET},
		"linger 0":             {linger0: true, read: syscall.ECONNRESET},
		"linger 0 after data":  {linger0: true, sent: "bye", read: syscall.ECONNRESET},
		"linger 0 with unread": {linger0: true, unread: "x", read: syscall.ECONNRESET},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, s := pair(t)
			_, err := c.Write([]byte(tt.unread))
			require.NoError(t, err)
			_, err = s.Write([]byte(tt.sent))
			require.NoError(t, err)
			if tt.linger0 {
				require.NoError(t, s.SetLinger(0))
			}
			require.NoError(t, s.Close())

			got := make([]byte, len(tt.sent))
			_, err = io.ReadFull(c, got)
			require.NoError(t, err)
			require.Equal(t, tt.sent, string(got))
			_, err = c.Read(make([]byte, 1))
			require.ErrorIs(t, err, tt.read)
			if tt.read != io.EOF {
				_, err = c.Write([]byte("y"))
				require.ErrorIs(t, err, syscall.ECONNRESET)
			}
		})
	}
}

func TestWriteAfterPeerClosed(t *testing.T) {
	c, s := pair(t)
	require.NoError(t, s.Close())
	n, err := c.Write([]byte("lost"))
	require.NoError(t, err, "nobody can know yet")
	require.Equal(t, 4, n)
	n, err = c.Write([]byte("known"))
	require.ErrorIs(t, err, syscall.EPIPE)
	require.Zero(t, n)
	_, err = c.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
}

func TestLargeWriteAfterPeerClosed(t *testing.T) {
	c, s := pair(t)
	require.NoError(t, s.Close())
	n, err := c.Write(make([]byte, defaultBuffer+1))
	require.ErrorIs(t, err, syscall.EPIPE)
	require.Equal(t, defaultBuffer, n)
}

func TestUseAfterClose(t *testing.T) {
	c, _ := pair(t)
	require.NoError(t, c.Close())
	calls := map[string]func() error{
		"read":        func() error { _, err := c.Read(make([]byte, 1)); return err },
		"write":       func() error { _, err := c.Write([]byte("x")); return err },
		"close":       c.Close,
		"close write": c.CloseWrite,
		"deadline":    func() error { return c.SetDeadline(time.Time{}) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			err := call()
			var op *net.OpError
			require.ErrorAs(t, err, &op)
			require.ErrorIs(t, err, net.ErrClosed)
		})
	}
}

func TestListenerClose(t *testing.T) {
	n := New()
	server, client := n.Host("server"), n.Host("client")
	l, err := server.Listen("tcp", ":5000")
	require.NoError(t, err)
	c, err := client.Dial(t.Context(), "tcp", "localhost:5000")
	require.NoError(t, err)

	require.NoError(t, l.Close())
	_, err = c.Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = client.Dial(t.Context(), "tcp", "localhost:5000")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, l.Close(), net.ErrClosed)
}

func TestHostCountsAndCloses(t *testing.T) {
	n := New()
	server, client := n.Host("server"), n.Host("client")
	changed := server.Changed()
	l, err := server.Listen("tcp", "127.0.0.1:5000")
	require.NoError(t, err)
	<-changed
	require.Equal(t, "127.0.0.1:5000", server.Listeners()[0].String())

	c, err := client.Dial(t.Context(), "tcp", "localhost:5000")
	require.NoError(t, err)
	require.Equal(t, 1, server.Open(), "not accepted yet")
	_, err = l.Accept()
	require.NoError(t, err)
	require.Equal(t, 2, server.Open())
	require.Equal(t, 1, client.Open())

	server.Close()
	require.Zero(t, server.Open())
	require.Empty(t, server.Listeners())
	_, err = c.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	_, err = server.Listen("tcp", ":5000")
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = server.Dial(t.Context(), "tcp", ":5000")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	_, err = client.Listen("tcp", ":5000")
	require.NoError(t, err, "the address is free again")
}

func TestDialEnds(t *testing.T) {
	n := New()
	_, err := n.Host("server").Listen("tcp", ":5000")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = n.Host("client").Dial(ctx, "tcp", ":5000")
	require.ErrorIs(t, err, context.Canceled)
}

func isTimeout(t *testing.T, err error) {
	t.Helper()
	var ne net.Error
	require.ErrorAs(t, err, &ne)
	require.True(t, ne.Timeout())
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := pair(t)
		start := time.Now()
		require.NoError(t, c.SetReadDeadline(start.Add(time.Second)))
		_, err := c.Read(make([]byte, 1))
		isTimeout(t, err)
		require.Equal(t, time.Second, time.Since(start))

		_, err = s.Write([]byte("late"))
		require.NoError(t, err)
		_, err = c.Read(make([]byte, 1))
		isTimeout(t, err)
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		_, err = c.Read(make([]byte, 1))
		require.NoError(t, err, "the deadline is lifted")

		require.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := c.Write(make([]byte, defaultBuffer+1))
		isTimeout(t, err)
		require.Equal(t, defaultBuffer, n)
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestDeadlineMovesWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t)
		start := time.Now()
		require.NoError(t, c.SetDeadline(start.Add(time.Second)))
		time.AfterFunc(500*time.Millisecond, func() { c.SetDeadline(start.Add(3 * time.Second)) })
		_, err := c.Read(make([]byte, 1))
		isTimeout(t, err)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestAcceptDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New().Host("server").Listen("tcp", ":0")
		require.NoError(t, err)
		start := time.Now()
		require.NoError(t, l.(*Listener).SetDeadline(start.Add(time.Second)))
		_, err = l.Accept()
		isTimeout(t, err)
		require.Equal(t, time.Second, time.Since(start))
	})
}

// TestWaitsAreWoken starts a call that must wait, lets something happen a
// second later, and expects the call to end then.
func TestWaitsAreWoken(t *testing.T) {
	type ends struct{ c, s *Conn }
	read := func(e ends) error { _, err := e.c.Read(make([]byte, 1)); return err }
	fill := func(e ends) error { _, err := e.c.Write(make([]byte, 2*defaultBuffer)); return err }
	tests := map[string]struct {
		call   func(ends) error
		happen func(ends)
		want   error
	}{
		"read, data arrives":       {read, func(e ends) { e.s.Write([]byte("x")) }, nil},
		"read, peer closes":        {read, func(e ends) { e.s.Close() }, io.EOF},
		"read, peer half-closes":   {read, func(e ends) { e.s.CloseWrite() }, io.EOF},
		"read, peer resets":        {read, func(e ends) { e.s.SetLinger(0); e.s.Close() }, syscall.ECONNRESET},
		"read, own close":          {read, func(e ends) { e.c.Close() }, net.ErrClosed},
		"read, own host closes":    {read, func(e ends) { e.c.host.Close() }, net.ErrClosed},
		"read, deadline set":       {read, func(e ends) { e.c.SetDeadline(time.Now()) }, os.ErrDeadlineExceeded},
		"write, peer reads":        {fill, func(e ends) { io.ReadFull(e.s, make([]byte, defaultBuffer)) }, nil},
		"write, peer has room":     {fill, func(e ends) { e.s.SetReadBuffer(2 * defaultBuffer) }, nil},
		"write, buffer has room":   {fill, func(e ends) { e.c.SetWriteBuffer(2 * defaultBuffer) }, nil},
		"write, peer closes":       {fill, func(e ends) { e.s.Close() }, syscall.ECONNRESET},
		"write, peer's host dies":  {fill, func(e ends) { e.s.host.Close() }, syscall.ECONNRESET},
		"write, own close":         {fill, func(e ends) { e.c.Close() }, net.ErrClosed},
		"write, own half-close":    {fill, func(e ends) { e.c.CloseWrite() }, syscall.EPIPE},
		"write, deadline set":      {fill, func(e ends) { e.c.SetDeadline(time.Now()) }, os.ErrDeadlineExceeded},
		"write, peer only FINs it": {fill, func(e ends) { e.s.CloseWrite(); e.c.CloseWrite() }, syscall.EPIPE},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := pair(t)
				start := time.Now()
				time.AfterFunc(time.Second, func() { tt.happen(ends{c, s}) })
				err := tt.call(ends{c, s})
				require.ErrorIs(t, err, tt.want)
				require.Equal(t, time.Second, time.Since(start))
			})
		})
	}
}

func TestWriterWaitsForAThird(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := pair(t)
		require.NoError(t, s.SetReadBuffer(300))
		done := make(chan struct{})
		go func() { c.Write(make([]byte, 301)); close(done) }()
		synctest.Wait()
		_, err := io.ReadFull(s, make([]byte, 99))
		require.NoError(t, err)
		synctest.Wait()
		select {
		case <-done:
			require.Fail(t, "written too early")
		default:
		}
		_, err = s.Read(make([]byte, 1))
		require.NoError(t, err)
		<-done
	})
}

func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New()
		l, err := n.Host("server").Listen("tcp", ":5000")
		require.NoError(t, err)
		client := n.Host("client")
		for range backlog {
			_, err := client.Dial(t.Context(), "tcp", ":5000")
			require.NoError(t, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = client.Dial(ctx, "tcp", ":5000")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, backlog, client.Open())

		time.AfterFunc(time.Second, func() { l.Accept() })
		_, err = client.Dial(t.Context(), "tcp", ":5000")
		require.NoError(t, err)

		time.AfterFunc(time.Second, func() { l.Close() })
		_, err = client.Dial(t.Context(), "tcp", ":5000")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func TestTransferIsExact(t *testing.T) {
	c, s := pair(t)
	want := make([]byte, 3<<20)
	for i := range want {
		want[i] = byte(i * i >> 7)
	}
	go func() {
		for part, size := want, 1; len(part) > 0; size = size*3%100003 + 1 {
			n := min(size, len(part))
			c.Write(part[:n])
			part = part[n:]
		}
		c.Close()
	}()
	got, err := io.ReadAll(s)
	require.NoError(t, err)
	require.True(t, string(want) == string(got))
}
