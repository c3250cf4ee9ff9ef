package mailbox_test

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/mailbox"
)

// TestClientAsks types lines until the client has what it wants.
func TestClientAsks(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := map[string]struct {
		typed             string
		receiver, message string
		errors            int
	}{
		"plain":                  {"bob\nhello there\n", "bob", "hello there", 0},
		"utf-8":                  {"åsa\n日本\n", "åsa", "日本", 0},
		"spaces stay":            {" b \n  x\t\n", " b ", "  x\t", 0},
		"windows":                {"bob\r\nhello\r\n", "bob", "hello", 0},
		"no last line end":       {"bob\nhello", "bob", "hello", 0},
		"empty receiver":         {"\n\nbob\nhello\n", "bob", "hello", 2},
		"receiver of 254":        {a(254) + "\nhello\n", a(254), "hello", 0},
		"receiver of 255":        {a(255) + "\nbob\nhello\n", "bob", "hello", 1},
		"receiver of 256":        {a(256) + "\nbob\nhello\n", "bob", "hello", 1},
		"receiver of 256 in 128": {strings.Repeat("é", 128) + "\nbob\nhello\n", "bob", "hello", 1},
		"empty message":          {"bob\n\nhello\n", "bob", "hello", 1},
		"message of 65534":       {"bob\n" + a(65534) + "\n", "bob", a(65534), 0},
		"message of 65535":       {"bob\n" + a(65535) + "\nhello\n", "bob", "hello", 1},
		"message of 65536":       {"bob\n" + a(65536) + "\n" + a(99999) + "\nhello\n", "bob", "hello", 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				c := startClient(r.t.Context(), r.client, "localhost", "5000", "alice", "create")
				io.WriteString(c.typed, tt.typed)
				c.typed.Close()
				status, _ := c.wait()
				require.Zero(t, status)
				require.Equal(t, tt.errors, strings.Count(c.out.String(), "error: "))
				require.Contains(t, c.out.String(), "create request sent for alice\n")
				require.Equal(t, []mailbox.Message{{Sender: "alice", Text: tt.message}}, r.read(tt.receiver).Items)
			})
		})
	}
}

func TestClientConnectsAfterItAsked(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := startClient(r.t.Context(), r.client, "localhost", "5000", "alice", "create")
		time.Sleep(time.Hour)
		io.WriteString(c.typed, "bob\n")
		time.Sleep(time.Hour)
		require.Zero(t, r.client.Open())
		require.Equal(t, "receiver: message: ", c.out.String())
		io.WriteString(c.typed, "hello\n")
		status, took := c.wait()
		require.Zero(t, status)
		require.Equal(t, 2*time.Hour, took)
	})
}

func TestClientInputEnds(t *testing.T) {
	for _, typed := range []string{"", "bob\n"} {
		synctest.Test(t, func(t *testing.T) {
			c := startClient(t.Context(), memnet.New().Host("client"), "localhost", "5000", "alice", "create")
			io.WriteString(c.typed, typed)
			c.typed.Close()
			status, _ := c.wait()
			require.NotZero(t, status)
			require.Contains(t, c.out.String(), "unexpected EOF")
		})
	}
}

func TestClientShows(t *testing.T) {
	item := func(sender, text string) mailbox.Message { return mailbox.Message{Sender: sender, Text: text} }
	tests := map[string]struct {
		response mailbox.MessageResponse
		want     string
	}{
		"none": {mailbox.MessageResponse{}, "no messages for alice\n"},
		"two": {mailbox.MessageResponse{Items: []mailbox.Message{item("bob", "hi"), item("åsa", "日本\nx")}},
			"from bob: hi\nfrom åsa: 日本\nx\n"},
		"more": {mailbox.MessageResponse{Items: []mailbox.Message{item("bob", "hi")}, More: true},
			"from bob: hi\nmore messages are waiting: read again\n"},
		"not utf-8": {mailbox.MessageResponse{Items: []mailbox.Message{item("\xff", "\xfe\x1b")}},
			"from \ufffd: \ufffd\ufffd\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, conn := accept(t)
				conn.Write(tt.response.Append(nil))
				conn.Close()
				status, took := c.wait()
				require.Zero(t, status)
				require.Zero(t, took)
				require.Equal(t, "read request sent for alice\n"+tt.want, c.out.String())
			})
		})
	}
}

func TestClientLargestResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, conn := accept(t)
		conn.Write(largest().Append(nil))
		status, _ := c.wait()
		require.Zero(t, status)
		line := "from " + strings.Repeat("s", mailbox.MaxName) + ": " + strings.Repeat("t", mailbox.MaxText) + "\n"
		require.Equal(t, mailbox.MaxItems, strings.Count(c.out.String(), line))
	})
}

func TestClientErroneousResponse(t *testing.T) {
	legal := responses()["two and more"].wire
	changed := func(at int, value byte) []byte {
		wire := slices.Clone(legal)
		wire[at] = value
		return wire
	}
	tests := map[string]struct {
		sent []byte
		want string
	}{
		"nothing":    {nil, "wanted 5 bytes, got 0"},
		"magic":      {changed(0, 0x73), "MessageResponse.MagicNo wanted 0xae73, got 0x7373"},
		"id":         {changed(2, 1), "MessageResponse.ID wanted 3"},
		"more":       {changed(4, 2), "MessageResponse.MoreMsgs wanted 0 or 1, got 2"},
		"sender":     {changed(5, 0), "MessageResponse.SenderLen wanted at least 1"},
		"message":    {changed(7, 0), "MessageResponse.MessageLen wanted at least 1"},
		"cut header": {legal[:4], "wanted 5 bytes, got 4"},
		"cut item":   {legal[:7], "message 1 of 2: its header: wanted 3 bytes, got 2"},
		"cut body":   {legal[:len(legal)-1], "message 2 of 2: its body: wanted 257 bytes, got 256"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, conn := accept(t)
				conn.Write(tt.sent)
				conn.CloseWrite()
				status, took := c.wait()
				require.NotZero(t, status)
				require.Zero(t, took)
				require.Contains(t, c.out.String(), "error: ")
				require.Contains(t, c.out.String(), tt.want)
			})
		})
	}
}

func TestClientGaps(t *testing.T) {
	const pass, fail = 600 * time.Millisecond, 1300 * time.Millisecond
	wire := (&mailbox.MessageResponse{Items: []mailbox.Message{{Sender: "bob", Text: "hello"}}}).Append(nil)
	tests := map[string]struct {
		parts [][]byte
		pause time.Duration
		gap   bool
	}{
		"nothing sent":       {cut(wire, 0), fail, true},
		"pauses":             {cut(wire, 2, 5, 6, 8, 9, 12), pass, false},
		"byte by byte":       {bytewise(wire), 999 * time.Millisecond, false},
		"gap in the header":  {cut(wire, 2), fail, true},
		"gap before a item":  {cut(wire, 5), fail, true},
		"gap in item header": {cut(wire, 7), fail, true},
		"gap in the text":    {cut(wire, 12), fail, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, conn := accept(t)
				go pieces(conn, tt.pause, tt.parts...)
				status, took := c.wait()
				if !tt.gap {
					require.Zero(t, status)
					require.Contains(t, c.out.String(), "from bob: hello\n")
					require.Equal(t, tt.pause*time.Duration(len(tt.parts)-1), took)
					return
				}
				require.NotZero(t, status)
				require.Contains(t, c.out.String(), "i/o timeout")
				require.Equal(t, time.Second, took)
				time.Sleep(time.Minute) // pieces ends
			})
		})
	}
}

func TestClientReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, conn := accept(t)
		conn.Write(goldenEmpty[:3])
		conn.SetLinger(0)
		conn.Close()
		status, _ := c.wait()
		require.NotZero(t, status)
		require.Contains(t, c.out.String(), "connection reset by peer")
	})
}

// TestClientSendsAll has a server that reads a large request slowly.
func TestClientSendsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		// The small buffer is set at the client's end, before it sends anything.
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := n.Host("client").Dial(ctx, network, address)
			if err == nil {
				err = conn.(*memnet.Conn).SetWriteBuffer(1000)
			}
			return conn, err
		}
		typed := strings.NewReader("bob\n" + strings.Repeat("m", mailbox.MaxTypedMessage) + "\n")
		status := make(chan int)
		go func() {
			status <- mailbox.ClientMain(t.Context(), []string{"localhost", "5000", "alice", "create"}, typed, io.Discard, dial)
		}()
		conn, err := l.Accept()
		require.NoError(t, err)
		total, buf := 0, make([]byte, 700)
		for {
			time.Sleep(500 * time.Millisecond)
			n, err := conn.Read(buf)
			total += n
			if err != nil {
				require.Equal(t, io.EOF, err)
				break
			}
		}
		require.Equal(t, 7+5+3+mailbox.MaxTypedMessage, total)
		require.Zero(t, <-status)
	})
}

func TestClientEndsWithItsContext(t *testing.T) {
	tests := map[string]func(t *testing.T, ctx context.Context) *client{
		"asking": func(t *testing.T, ctx context.Context) *client {
			return startClient(ctx, memnet.New().Host("client"), "localhost", "5000", "alice", "create")
		},
		"reading": func(t *testing.T, ctx context.Context) *client {
			n := memnet.New()
			_, err := n.Host("harness").Listen("tcp", serverAddress)
			require.NoError(t, err)
			return startClient(ctx, n.Host("client"), "localhost", "5000", "alice", "read")
		},
	}
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
				defer cancel()
				status, took := start(t, ctx).wait()
				require.NotZero(t, status)
				require.Equal(t, time.Second/2, took)
			})
		})
	}
}
