package chat_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

func TestServerCannotStart(t *testing.T) {
	var out logbook
	args := []string{"localhost", "5000"}
	require.NotZero(t, chat.ServerMain(t.Context(), args, t.TempDir(), &out, refuse))
	require.Equal(t, "error: listen tcp localhost:5000: refused\n", out.next())

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, chat.Folder), nil, 0o600))
	require.NotZero(t, chat.ServerMain(t.Context(), args, dir, &out, refuse))
	require.Contains(t, out.String(), "error: creating the folder for uploads: ")
}

func TestServerMakesItsFolder(t *testing.T) {
	inBubble(t, func(r *rig) { require.Empty(t, r.names()) })
}

// TestServerExample plays the story of the source, §V.
func TestServerExample(t *testing.T) {
	inBubble(t, func(r *rig) {
		a := r.join()
		a.hears("> Connected to the chat server (1 user online)")
		r.printed(fmt.Sprintf("> New user %s entered (1 user online)\n", a.at))
		a.sends("Hello")
		a.hears("")
		r.printed(fmt.Sprintf("[%s] Hello\n", a.at))

		b := r.join()
		b.hears("> Connected to the chat server (2 users online)")
		a.hears("> New user %s entered (2 users online)", b.at)
		r.printed(fmt.Sprintf("> New user %s entered (2 users online)\n", b.at))
		b.sends("World")
		a.hears("[%s] World", b.at)
		c := r.join()
		c.hears("> Connected to the chat server (3 users online)")
		b.hears("> New user %s entered (3 users online)", c.at)
		a.hears("> New user %s entered (3 users online)", c.at)
		r.printed("")

		a.sends("I will upload a file")
		b.hears("[%s] I will upload a file", a.at)
		a.sends("#upload 'google.png' 5")
		b.hears("")
		a.sends("\x89PNG\x00")
		a.hears("")
		b.hears("> User %s has uploaded a file", a.at)
		c.hears("[%s] I will upload a file> User %s has uploaded a file", a.at, a.at)
		r.printed(fmt.Sprintf("[%s] I will upload a file\n> User %s has uploaded a file\n", a.at, a.at))
		r.stored("google.png", "\x89PNG\x00")

		b.leaves()
		a.hears("< The user %s left (2 users online)", b.at)
		c.hears("< The user %s left (2 users online)", b.at)
		c.leaves()
		a.hears("< The user %s left (1 user online)", c.at)
		a.leaves()
		r.printed(fmt.Sprintf("< The user %s left (2 users online)\n< The user %s left (1 user online)\n"+
			"< The user %s left (0 user online)\n", b.at, c.at, a.at))
	})
}

// TestServerRelays sends texts that must arrive byte for byte.
func TestServerRelays(t *testing.T) {
	tests := map[string]struct{ text, printed string }{
		"plain":             {"hello", "hello"},
		"utf-8":             {"안녕 zoë 😀", "안녕 zoë 😀"},
		"spaces":            {"  a  ", "  a  "},
		"newlines":          {"a\nb\n", "a\nb\n"},
		"not utf-8":         {"\xff\xfe", "\ufffd\ufffd"},
		"half a character":  {"a\xe2\x82", "a\ufffd\ufffd"},
		"zero byte":         {"\x00", "\ufffd"},
		"percent":           {"%s %d", "%s %d"},
		"looks like ours":   {"< The user 127.0.0.1:1 left (0 user online)", "< The user 127.0.0.1:1 left (0 user online)"},
		"announced, almost": {"i will upload a file", "i will upload a file"},
		"command, alone":    {"#upload 'a' 3", "#upload 'a' 3"},
		"long":              {strings.Repeat("é", 10_000), strings.Repeat("é", 10_000)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				users := r.joinAll(3)
				users[1].sends(tt.text)
				time.Sleep(chat.Moment) // half a character is waited for
				for _, u := range []*user{users[0], users[2]} {
					u.hears("%s", "["+users[1].at+"] "+tt.text)
				}
				users[1].hears("")
				r.printed("[" + users[1].at + "] " + tt.printed + "\n")
				require.Empty(t, r.names())
				r.servesOn()
			})
		})
	}
}

// TestServerRelaysInParts sends a text that is larger than what is read at once.
func TestServerRelaysInParts(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(2)
		text := strings.Repeat("0123456789", 20_000)
		users[0].sends(text)
		got := users[1].got.next()
		require.Greater(t, strings.Count(got, "["+users[0].at+"] "), 1)
		require.Equal(t, text, strings.ReplaceAll(got, "["+users[0].at+"] ", ""))
	})
}

func TestServerOrder(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(3)
		var want strings.Builder
		for i := range 100 {
			u := users[i%2]
			u.sends(fmt.Sprint(i))
			fmt.Fprintf(&want, "[%s] %d", u.at, i)
		}
		users[2].hears("%s", want.String())
	})
}

// TestServerMany has 50 clients, of which all talk at once, and some only listen.
func TestServerMany(t *testing.T) {
	inBubble(t, func(r *rig) {
		const n, texts = 50, 20
		users := r.joinAll(n)
		for i := range texts {
			for _, u := range users[:n/2] {
				go io.WriteString(u.conn, fmt.Sprintf("<%d>", i))
			}
			time.Sleep(chat.Pause)
		}
		for i, u := range users {
			synctest.Wait()
			got := u.got.next()
			for j, speaker := range users[:n/2] {
				var want, heard []string
				for line := range strings.SplitSeq(got, "[") {
					if at, text, ok := strings.Cut(line, "] "); ok && at == speaker.at {
						heard = append(heard, text)
					}
				}
				for k := range texts {
					want = append(want, fmt.Sprintf("<%d>", k))
				}
				if i == j {
					want = nil
				}
				require.Equal(t, want, heard, "%d hears %d", i, j)
			}
		}
		for i, u := range users[1:] {
			u.leaves()
			require.Contains(t, users[0].got.next(), fmt.Sprintf("left (%d user", n-1-i))
		}
	})
}

// A nowhere is a connection of a client without an address.
type nowhere struct{ net.Conn }

func (nowhere) RemoteAddr() net.Addr { return &net.UnixAddr{Name: "@"} }

func TestServerWantsAddresses(t *testing.T) {
	near, far := net.Pipe()
	var out logbook
	s := &chat.Server{Room: chat.NewRoom(&out)}
	s.Welcome(nowhere{near})
	require.Contains(t, out.String(), "error: the client's address wanted IP:PORT: ")
	_, err := far.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err, "it is closed")
}

// TestRoomClosed comes too late.
func TestRoomClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, far := pipe(t)
		room := chat.NewRoom(io.Discard)
		room.Close()
		_, err := room.Join(far)
		require.ErrorIs(t, err, chat.ErrClosed)
	})
}
