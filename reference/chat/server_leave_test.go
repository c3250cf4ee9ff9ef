package chat_test

import (
	"fmt"
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

// TestServerCounts lets clients come and go in an odd order.
func TestServerCounts(t *testing.T) {
	inBubble(t, func(r *rig) {
		witness := r.join()
		witness.hears("> Connected to the chat server (1 user online)")
		online := func(n int) string {
			if n > 1 {
				return fmt.Sprintf("(%d users online)", n)
			}
			return fmt.Sprintf("(%d user online)", n)
		}
		var there []*user
		for i, leaves := range []int{-1, -1, 0, -1, 1, -1, -1, -1, 0, 2, 0, 0, -1, 0} {
			if leaves < 0 {
				u := r.join()
				there = append(there, u)
				u.hears("> Connected to the chat server %s", online(len(there)+1))
				witness.hears("> New user %s entered %s", u.at, online(len(there)+1))
				continue
			}
			u := there[leaves]
			there = append(there[:leaves:leaves], there[leaves+1:]...)
			if i%2 == 0 {
				u.leaves()
			} else {
				u.resets()
			}
			witness.hears("< The user %s left %s", u.at, online(len(there)+1))
		}
		require.Empty(t, there)
	})
}

// TestServerLeavesTogether closes many connections at once.
func TestServerLeavesTogether(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(50)
		for _, u := range users {
			go u.conn.Close()
		}
		synctest.Wait()
		log := r.log.next()
		for n := range users {
			require.Equal(t, 1, strings.Count(log, fmt.Sprintf("left (%d user", n)))
		}
		require.Equal(t, 1, r.server.Open(), "the listener")
		r.servesOn()
	})
}

// TestServerHalfClose has a client that has said all, but still listens: it gets
// what was said while it was there, and then the end.
func TestServerHalfClose(t *testing.T) {
	inBubble(t, func(r *rig) {
		b := r.joinAll(1)[0]
		c := r.dial()
		defer c.Close()
		at := c.LocalAddr()
		io.WriteString(c, "bye")
		require.NoError(t, c.CloseWrite())
		got, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Equal(t, "> Connected to the chat server (2 users online)", string(got))
		b.hears("> New user %s entered (2 users online)[%s] bye< The user %s left (1 user online)", at, at, at)
	})
}

// TestServerResets resets connections, with something unread or not.
func TestServerResets(t *testing.T) {
	inBubble(t, func(r *rig) {
		b := r.joinAll(1)[0]
		for _, sent := range []string{"", "x", chat.Announcement} {
			u := r.join()
			u.sends(sent)
			u.resets()
			b.got.next()
			r.printed("")
		}
		b.sends("hello")
		b.hears("")
		c := r.join()
		c.hears("> Connected to the chat server (2 users online)")
		r.servesOn()
	})
}

// TestServerStalledReader has a client that never reads, and others that say more
// than is kept for it.
func TestServerStalledReader(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(2)
		stalled := r.dial()
		defer stalled.Close()
		synctest.Wait()
		users[1].hears("> New user %s entered (3 users online)", stalled.LocalAddr())
		text := strings.Repeat("x", 60_000)
		start, said := time.Now(), 0
		for r.server.Open() > 3 {
			users[0].sends(text)
			require.Contains(t, users[1].got.next(), "["+users[0].at+"] "+text)
			said += len(text)
			require.Less(t, said, 2*chat.MaxBacklog)
		}
		require.Zero(t, time.Since(start), "nobody was delayed")
		require.Greater(t, said, chat.MaxBacklog)
		synctest.Wait()
		log := r.log.next()
		require.Contains(t, log, fmt.Sprintf("< The user %s left (2 users online)\n", stalled.LocalAddr()))
		users[1].got.next()
		r.servesOn()
	})
}

// TestServerStalledLeaver has a client that stops sending, and does not read
// either: its connection is closed in the end.
func TestServerStalledLeaver(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(1)
		stalled := r.dial()
		defer stalled.Close()
		for range 10 {
			users[0].sends(strings.Repeat("x", 60_000))
		}
		require.NoError(t, stalled.CloseWrite())
		synctest.Wait()
		require.Contains(t, r.log.next(), fmt.Sprintf("< The user %s left (1 user online)\n", stalled.LocalAddr()))
		require.Equal(t, 3, r.server.Open())
		time.Sleep(chat.FlushLimit)
		synctest.Wait()
		require.Equal(t, 2, r.server.Open())
	})
}

// TestServerEnds stops the program in the middle of everything.
func TestServerEnds(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(3)
		users[0].sends("I will upload a file", "#upload 'a' 10", "abc")
		users[1].sends("half a character: \xe2")
		stalled := r.dial()
		defer stalled.Close()
		for range 10 {
			users[2].sends(strings.Repeat("x", 60_000))
		}
		r.printed("")
		start := time.Now()
		r.ends()
		require.Zero(t, time.Since(start))
		require.Empty(t, r.names(), "nothing is left of the upload")
		for _, u := range users {
			require.NoError(t, <-u.end, "closed, not reset")
		}
		_, err := r.client.Dial(t.Context(), "tcp", serverAddress)
		require.Error(t, err)
		r.start() // on the same port
		r.servesOn()
	})
}

func TestServeEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := memnet.New().Host("server").Listen("tcp", ":5000")
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { l.Close() })
		s := &chat.Server{Room: chat.NewRoom(io.Discard)}
		require.ErrorIs(t, s.Serve(t.Context(), l), net.ErrClosed)
	})
}
