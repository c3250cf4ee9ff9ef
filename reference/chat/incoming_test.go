package chat_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/chat"
)

// pipe returns the two ends of a connection in memory.
func pipe(t *testing.T) (near, far *memnet.Conn) {
	n := memnet.New()
	l, err := n.Host("server").Listen("tcp", serverAddress)
	require.NoError(t, err)
	c, err := n.Host("client").Dial(t.Context(), "tcp", serverAddress)
	require.NoError(t, err)
	s, err := l.Accept()
	require.NoError(t, err)
	return c.(*memnet.Conn), s.(*memnet.Conn)
}

// pieces writes parts, with a pause before each but the first, and ends the
// sending side.
func pieces(c *memnet.Conn, pause time.Duration, parts ...string) {
	for i, part := range parts {
		if i > 0 {
			time.Sleep(pause)
		}
		io.WriteString(c, part)
		synctest.Wait() // so that the part is read alone
	}
	c.CloseWrite()
}

// TestIncomingWaits sends parts with pauses shorter and longer than a Moment.
func TestIncomingWaits(t *testing.T) {
	const soon, late = chat.Moment - 1, chat.Moment + 1
	say := chat.Announcement
	tests := map[string]struct {
		pause time.Duration
		parts []string
		want  []chat.Message
	}{
		"two texts":           {soon, []string{"a", "b"}, []chat.Message{chat.Text("a"), chat.Text("b")}},
		"character, soon":     {soon, []string{"a\xe2", "\x82", "\xac"}, []chat.Message{chat.Text("a€")}},
		"character, late":     {late, []string{"a\xe2", "\x82\xac"}, []chat.Message{chat.Text("a\xe2"), chat.Text("\x82\xac")}},
		"character, never":    {soon, []string{"a\xe2"}, []chat.Message{chat.Text("a\xe2")}},
		"announcement, soon":  {soon, []string{"I", " will upload", " a file"}, []chat.Message{chat.Text(say)}},
		"announcement, late":  {late, []string{"I", " will"}, []chat.Message{chat.Text("I"), chat.Text(" will")}},
		"announcement, other": {soon, []string{"I", " am here"}, []chat.Message{chat.Text("I am here")}},
		"command, soon": {soon, []string{say + "#up", "load 'a", "' ", "0"},
			[]chat.Message{chat.Text(say), &chat.Upload{Name: "a"}}},
		"command, late": {late, []string{say, "#upload 'a'", " 0"},
			[]chat.Message{chat.Text(say), chat.Text("#upload 'a'"), chat.Text(" 0")}},
		"command, apart": {time.Hour, []string{say, "#upload 'a' 0", "x"},
			[]chat.Message{chat.Text(say), &chat.Upload{Name: "a"}, chat.Text("x")}},
		"command, other": {soon, []string{say, "#", "1 fan"}, []chat.Message{chat.Text(say), chat.Text("#1 fan")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := pipe(t)
				go pieces(near, tt.pause, tt.parts...)
				in := chat.NewIncoming(far)
				for _, want := range tt.want {
					got, err := in.Next()
					require.NoError(t, err)
					require.Equal(t, want, got)
				}
				_, err := in.Next()
				require.Equal(t, io.EOF, err)
			})
		})
	}
}

// TestIncomingReadSize sends texts of about as much as is read at once.
func TestIncomingReadSize(t *testing.T) {
	for size, want := range map[int][]int{
		chat.ReadSize - 1: {chat.ReadSize - 1},
		chat.ReadSize:     {chat.ReadSize},
		chat.ReadSize + 1: {chat.ReadSize, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			near, far := pipe(t)
			io.WriteString(near, strings.Repeat("€", size)[:size])
			near.CloseWrite()
			in, start := chat.NewIncoming(far), time.Now()
			for _, n := range want {
				got, err := in.Next()
				require.NoError(t, err)
				require.Len(t, got, n)
			}
			require.LessOrEqual(t, time.Since(start), chat.Moment, "a full buffer is not waited for")
		})
	}
}

// TestIncomingFile takes the bytes of a file, and no more.
func TestIncomingFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pipe(t)
		in := chat.NewIncoming(far)
		go func() {
			io.WriteString(near, chat.Announcement+"#upload")
			synctest.Wait() // now the rest of the command is waited for
			pieces(near, time.Minute, " 'a' 6", "abc", "def", "ghi")
		}()
		for _, want := range []chat.Message{chat.Text(chat.Announcement), &chat.Upload{Name: "a", Size: 6}} {
			got, err := in.Next()
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		file, err := io.ReadAll(io.LimitReader(in, 6))
		require.NoError(t, err)
		require.Equal(t, "abcdef", string(file))
		got, err := in.Next()
		require.NoError(t, err)
		require.Equal(t, chat.Text("ghi"), got)
	})
}

func TestIncomingText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pipe(t)
		in := chat.NewIncoming(far)
		go pieces(near, chat.Moment-1, "[127.0.0.1:1] I will upload a file#upload 'a' 3", "I", "z\xc3", "\xa9", "\xc3")
		for _, want := range []string{"[127.0.0.1:1] I will upload a file#upload 'a' 3", "I", "zé", "\xc3"} {
			got, err := in.Text()
			require.NoError(t, err)
			require.Equal(t, chat.Text(want), got)
		}
		_, err := in.Text()
		require.Equal(t, io.EOF, err)
	})
}

// TestIncomingClosed reads from a connection that was closed on this side.
func TestIncomingClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, far := pipe(t)
		far.Close()
		in := chat.NewIncoming(far)
		_, err := in.Next()
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = in.Text()
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = in.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
	})
}
