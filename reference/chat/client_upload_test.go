package chat_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/chat"
)

// write puts a file into the client's working directory.
func write(t *testing.T, dir, name, content string) {
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
}

func TestClientUploads(t *testing.T) {
	tests := map[string]struct{ name, content, command string }{
		"small":        {"google.png", "\x89PNG\x00", "#upload 'google.png' 5"},
		"empty":        {"a", "", "#upload 'a' 0"},
		"one byte":     {"a", "1", "#upload 'a' 1"},
		"utf-8, space": {"über uns.txt", "x", "#upload 'über uns.txt' 1"},
		"1 MiB":        {"a", noise(1 << 20), "#upload 'a' 1048576"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withClient(t, func(c *typist, peer *user, dir string, _ context.CancelFunc) {
				write(t, dir, tt.name, tt.content)
				c.types("I will upload a file")
				peer.hears("I will upload a file")
				c.shows("[You] ")
				io.WriteString(c.typed, "#upload '"+tt.name+"'\n")
				peer.hears("%s", tt.command)
				c.shows("")
				time.Sleep(chat.Pause)
				synctest.Wait()
				require.True(t, tt.content == peer.got.next())
				c.shows("\r> File '" + tt.name + "' has uploaded!\n[You] ")
				c.types("done", "#upload 'a'")
				peer.hears("done#upload 'a'")
			})
		})
	}
}

// TestClientCannotUpload types commands that cannot be done. Nothing is sent, and
// the next command is taken.
func TestClientCannotUpload(t *testing.T) {
	tests := map[string]struct{ line, want string }{
		"missing":   {"#upload 'nothing'", "no such file"},
		"folder":    {"#upload 'folder'", `"folder" wanted a regular file, got d`},
		"path":      {"#upload '../x'", "the file's name wanted no path"},
		"no name":   {"#upload", `the command wanted "#upload '"`},
		"empty":     {"#upload ''", "wanted 1 to 255 bytes"},
		"no quotes": {"#upload a", `the command wanted "#upload '"`},
		"with size": {"#upload 'a' 3", "no more bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withClient(t, func(c *typist, peer *user, dir string, _ context.CancelFunc) {
				require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
				write(t, dir, "a", "abc")
				c.types(chat.Announcement)
				peer.hears(chat.Announcement)
				c.shows("[You] ")
				c.types(tt.line)
				peer.hears("")
				out := c.out.next()
				require.Regexp(t, "^\rerror: .*\n\\[You\\] $", out)
				require.Contains(t, out, tt.want)
				c.types("#upload 'a'")
				peer.hears("#upload 'a' 3abc")
				c.shows("\r> File 'a' has uploaded!\n[You] ")
			})
		})
	}
}

// TestClientChangesItsMind announces an upload and then says something else.
func TestClientChangesItsMind(t *testing.T) {
	withClient(t, func(c *typist, peer *user, dir string, _ context.CancelFunc) {
		write(t, dir, "a", "abc")
		c.types(chat.Announcement, "", "never mind", "#upload 'a'")
		peer.hears("%s", chat.Announcement+"never mind#upload 'a'")
		c.shows("[You] [You] [You] [You] ")
	})
}

// TestClientListensWhileItUploads has a server that takes a file slowly, and
// talks all the time.
func TestClientListensWhileItUploads(t *testing.T) {
	dir := t.TempDir()
	content := noise(1 << 20)
	write(t, dir, "a", content)
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("harness").Listen("tcp", serverAddress)
		require.NoError(t, err)
		c := startClient(t.Context(), t, dir, n.Host("client"))
		conn, err := l.Accept()
		require.NoError(t, err)
		c.types(chat.Announcement, "#upload 'a'")
		c.shows("[You] ")
		got, shown, buf := "", "", make([]byte, 100_000)
		for len(got) < len(chat.Announcement+"#upload 'a' 1048576")+len(content) {
			io.WriteString(conn, "hello")
			time.Sleep(time.Minute)
			out := c.out.next()
			require.Contains(t, out, "\rhello\n[You] ")
			shown += out
			n, err := conn.Read(buf)
			require.NoError(t, err)
			got += string(buf[:n])
		}
		require.True(t, got == chat.Announcement+"#upload 'a' 1048576"+content)
		require.Equal(t, 1, strings.Count(shown, "\r> File 'a' has uploaded!\n[You] "))
		conn.Close()
		status, _ := c.ends()
		require.Zero(t, status)
	})
}

// TestClientServerGoesWhileItUploads resets the connection in the middle.
func TestClientServerGoesWhileItUploads(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a", noise(1<<20))
	for _, reset := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			n := memnet.New()
			l, err := n.Host("harness").Listen("tcp", serverAddress)
			require.NoError(t, err)
			c := startClient(t.Context(), t, dir, n.Host("client"))
			conn, err := l.Accept()
			require.NoError(t, err)
			c.types(chat.Announcement, "#upload 'a'")
			if reset {
				require.NoError(t, conn.(*memnet.Conn).SetLinger(0))
			}
			require.NoError(t, conn.Close())
			status, _ := c.ends()
			require.Zero(t, status)
			c.shows("[You] \nserver closed\n")
		})
	}
}

// TestClientFileShrinks has a file that gets shorter while it is sent: the bytes
// that were announced cannot be sent, so the client leaves.
func TestClientFileShrinks(t *testing.T) {
	withClient(t, func(c *typist, peer *user, dir string, _ context.CancelFunc) {
		write(t, dir, "a", "abcdef")
		c.types(chat.Announcement)
		c.shows("[You] ")
		io.WriteString(c.typed, "#upload 'a'\n")
		peer.hears(chat.Announcement + "#upload 'a' 6")
		write(t, dir, "a", "ab")
		status, _ := c.ends()
		require.NotZero(t, status)
		c.shows("\nerror: sending file \"a\": wanted 6 bytes, got 2: unexpected EOF\n")
		peer.hears("ab")
	})
}

// TestClientFileGrows has a file that gets longer: as much is sent as was
// announced.
func TestClientFileGrows(t *testing.T) {
	withClient(t, func(c *typist, peer *user, dir string, _ context.CancelFunc) {
		write(t, dir, "a", "abc")
		c.types(chat.Announcement)
		io.WriteString(c.typed, "#upload 'a'\n")
		peer.hears(chat.Announcement + "#upload 'a' 3")
		write(t, dir, "a", "abcdef")
		time.Sleep(chat.Pause)
		peer.hears("abc")
		c.types("done")
		peer.hears("done")
	})
}
