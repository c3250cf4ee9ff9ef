package chat_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/chat"
)

func TestClientUnable(t *testing.T) {
	tests := map[string]struct{ host, want string }{
		"nobody listens": {"127.0.0.1", "connection refused"},
		"unknown name":   {"nowhere.test", "no such host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out logbook
				in := strings.NewReader("hello\n")
				status := chat.ClientMain(t.Context(), []string{tt.host, "5000"}, "", in, &out, memnet.New().Host("client").Dial)
				require.NotZero(t, status)
				require.Regexp(t, "^Unable to connect\nerror: .*"+tt.want+"\n$", out.String())
			})
		})
	}
}

// TestClientConnectLimit dials somebody who does not answer.
func TestClientConnectLimit(t *testing.T) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	synctest.Test(t, func(t *testing.T) {
		var out logbook
		start := time.Now()
		require.NotZero(t, chat.ClientMain(t.Context(), []string{"h", "1"}, "", strings.NewReader(""), &out, dial))
		require.Equal(t, chat.ConnectLimit, time.Since(start))
		require.Contains(t, out.next(), "Unable to connect\n")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Zero(t, chat.ClientMain(ctx, []string{"h", "1"}, "", strings.NewReader(""), &out, dial))
		require.Equal(t, "\nexit\n", out.next())
	})
}

// TestClientChats plays one side of the story of the source, §V.
func TestClientChats(t *testing.T) {
	withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
		c.shows("")
		peer.sends("> Connected to the chat server (1 user online)")
		c.shows("\r> Connected to the chat server (1 user online)\n[You] ")
		c.types("Hello")
		peer.hears("Hello")
		c.shows("[You] ")
		peer.sends("> New user 127.0.0.1:50460 entered (2 users online)")
		c.shows("\r> New user 127.0.0.1:50460 entered (2 users online)\n[You] ")
		peer.sends("[127.0.0.1:50460] World")
		c.shows("\r[127.0.0.1:50460] World\n[You] ")
		require.NoError(t, peer.conn.Close())
		c.shows("\nserver closed\n")
		status, _ := c.ends()
		require.Zero(t, status)
	})
}

// TestClientShows has texts that a server may send, whole or in pieces.
func TestClientShows(t *testing.T) {
	tests := map[string]struct {
		parts []string
		want  string
	}{
		"utf-8":                {[]string{"[1.2.3.4:5] 안녕 zoë 😀"}, "\r[1.2.3.4:5] 안녕 zoë 😀\n[You] "},
		"with a newline":       {[]string{"hello\n"}, "\rhello\n[You] "},
		"with two":             {[]string{"hello\n\n"}, "\rhello\n\n[You] "},
		"two at once":          {[]string{"hello\nyou\n"}, "\rhello\nyou\n[You] "},
		"not utf-8":            {[]string{"\xff\xfe"}, "\r\ufffd\ufffd\n[You] "},
		"control characters":   {[]string{"\x1b[2J\r\x00"}, "\r\ufffd[2J\ufffd\ufffd\n[You] "},
		"inside a character":   {[]string{"a\xe2", "\x82", "\xac"}, "\ra€\n[You] "},
		"an announcement":      {[]string{"[1.2.3.4:5] I will upload a file#upload 'a' 3"}, "\r[1.2.3.4:5] I will upload a file#upload 'a' 3\n[You] "},
		"half a character":     {[]string{"a\xe2"}, "\ra\ufffd\n[You] "},
		"nothing of a message": {[]string{"garbage\t(-1 users online)"}, "\rgarbage\t(-1 users online)\n[You] "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
				peer.sends(tt.parts...)
				time.Sleep(chat.Moment)
				c.shows(tt.want)
				c.types("still here")
				peer.hears("still here")
			})
		})
	}
}

// TestClientShowsMuch floods the client, and closes: all of it is shown.
func TestClientShowsMuch(t *testing.T) {
	withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
		go func() {
			for range 1000 {
				io.WriteString(peer.conn, strings.Repeat("x", 1000))
			}
			peer.conn.Close()
		}()
		status, _ := c.ends()
		require.Zero(t, status)
		out := c.out.String()
		require.Equal(t, 1_000_000, strings.Count(out, "x"))
		require.True(t, strings.HasSuffix(out, "[You] \nserver closed\n"))
	})
}

// TestClientSends types lines, of which each is sent in one write.
func TestClientSends(t *testing.T) {
	tests := map[string]struct {
		line string
		want string
	}{
		"plain":             {"hello", "hello"},
		"utf-8":             {"안녕 zoë 😀", "안녕 zoë 😀"},
		"spaces":            {"  a\t ", "  a\t "},
		"windows":           {"hello\r", "hello"},
		"not utf-8":         {"\xff\xfe", "\xff\xfe"},
		"nothing":           {"", ""},
		"unannounced":       {"#upload 'a'", "#upload 'a'"},
		"almost announced":  {"I will upload a file!", "I will upload a file!"},
		"percent":           {"%s", "%s"},
		"longer than a KiB": {strings.Repeat("long ", 10_000), strings.Repeat("long ", 10_000)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
				c.types(tt.line)
				peer.hears("%s", tt.want)
				c.shows("[You] ")
				c.types("next")
				peer.hears("next")
				c.shows("[You] ")
			})
		})
	}
}

// TestClientPauses types three lines at once: they are sent apart.
func TestClientPauses(t *testing.T) {
	withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
		io.WriteString(c.typed, "a\nb\nc\n")
		for _, want := range []string{"a", "b", "c"} {
			peer.hears("%s", want)
			c.shows("[You] ")
			time.Sleep(chat.Pause - 1)
			peer.hears("")
			time.Sleep(time.Nanosecond)
		}
	})
}

// TestClientInputEnds ends the input: the client says all that was typed, leaves,
// and waits for the server to close, but not for ever.
func TestClientInputEnds(t *testing.T) {
	for typed, want := range map[string]string{"": "", "hello\n": "hello", "no line end": "no line end"} {
		withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
			io.WriteString(c.typed, typed)
			c.typed.Close()
			require.NoError(t, <-peer.end)
			peer.hears("%s", want)
			peer.sends("bye")
			require.NoError(t, peer.conn.Close())
			status, took := c.ends()
			require.Zero(t, status)
			require.Zero(t, took)
			require.True(t, strings.HasSuffix(c.out.String(), "\rbye\n[You] \nexit\n"))
		})
		withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
			io.WriteString(c.typed, typed)
			c.typed.Close()
			status, took := c.ends()
			require.Zero(t, status)
			require.Equal(t, chat.LeaveLimit, took)
			c.out.next()
			peer.hears("%s", want)
		})
	}
}

// TestClientInputFails has an input that cannot be read.
func TestClientInputFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		_, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		var out logbook
		in := iotest.ErrReader(errors.New("broken"))
		require.NotZero(t, chat.ClientMain(t.Context(), []string{"localhost", "5000"}, "", in, &out, n.Host("client").Dial))
		require.Equal(t, "\nerror: reading what is typed: broken\n", out.String())
	})
}

func TestClientInterrupted(t *testing.T) {
	withClient(t, func(c *typist, peer *user, _ string, stop context.CancelFunc) {
		c.types("hello")
		start := time.Now()
		stop()
		status, _ := c.ends()
		require.Zero(t, status)
		require.Zero(t, time.Since(start))
		c.shows("[You] \nexit\n")
		require.NoError(t, <-peer.end)
		peer.hears("hello")
	})
}

// TestClientServerGoes has a server that ends the connection in all ways.
func TestClientServerGoes(t *testing.T) {
	tests := map[string]func(peer *user){
		"closes":      func(peer *user) { peer.conn.Close() },
		"half-closes": func(peer *user) { peer.conn.CloseWrite() },
		"resets":      func(peer *user) { peer.resets() },
		"says bye":    func(peer *user) { peer.sends("bye"); peer.conn.Close() },
	}
	for name, ends := range tests {
		t.Run(name, func(t *testing.T) {
			withClient(t, func(c *typist, peer *user, _ string, _ context.CancelFunc) {
				time.Sleep(time.Hour)
				ends(peer)
				status, took := c.ends()
				require.Zero(t, status)
				require.Equal(t, time.Hour, took)
				require.True(t, strings.HasSuffix(c.out.String(), "\nserver closed\n"))
			})
		})
	}
}

// A brokenConn cannot be written to, but the last words of the server arrive a
// minute later.
type brokenConn struct {
	net.Conn
	words string
}

func (c *brokenConn) Write([]byte) (int, error)       { return 0, errors.New("broken pipe") }
func (c *brokenConn) SetReadDeadline(time.Time) error { return nil }
func (c *brokenConn) Close() error                    { return nil }

func (c *brokenConn) Read(p []byte) (int, error) {
	time.Sleep(time.Minute)
	n := copy(p, c.words)
	c.words = c.words[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestClientShowsLastWords cannot send any more, but shows what still comes.
func TestClientShowsLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial := func(context.Context, string, string) (net.Conn, error) {
			return &brokenConn{words: "goodbye"}, nil
		}
		var out logbook
		require.Zero(t, chat.ClientMain(t.Context(), []string{"h", "1"}, "", strings.NewReader("hello\n"), &out, dial))
		require.Equal(t, "\rgoodbye\n[You] \nserver closed\n", out.String())
	})
}

// TestScreenEnds shows something after the last line: nobody sees it.
func TestScreenEnds(t *testing.T) {
	var out logbook
	s := chat.NewScreen(&out)
	s.Show("a")
	s.End("exit")
	s.Show("b")
	s.Ask()
	s.End("exit")
	require.Equal(t, "\ra\n[You] \nexit\n", out.String())
}
