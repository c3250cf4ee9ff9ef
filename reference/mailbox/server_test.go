package mailbox_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/mailbox"
)

func TestServerArgs(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string // in the error message; empty if the program listens
	}{
		"none":          {nil, "wanted one parameter, got 0"},
		"two":           {[]string{"5000", "5001"}, "wanted one parameter, got 2"},
		"not a number":  {[]string{"http"}, `the port wanted a number, got "http"`},
		"empty":         {[]string{""}, "the port wanted a number"},
		"huge":          {[]string{"99999999999999999999"}, "the port wanted a number"},
		"negative":      {[]string{"-5000"}, "the port wanted 1024 to 64000, got -5000"},
		"1023":          {[]string{"1023"}, "the port wanted 1024 to 64000, got 1023"},
		"1024":          {[]string{"1024"}, ""},
		"64000":         {[]string{"64000"}, ""},
		"64001":         {[]string{"64001"}, "the port wanted 1024 to 64000, got 64001"},
		"other trouble": {[]string{"5000"}, "listen tcp :5000: refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := memnet.New().Host("server")
				listen := h.Listen
				if name == "other trouble" {
					listen = refuse
				}
				ctx, stop := context.WithTimeout(t.Context(), time.Minute)
				defer stop()
				time.AfterFunc(time.Second, func() {
					if tt.want == "" {
						require.Equal(t, tt.args[0], fmt.Sprint(h.Listeners()[0].Port()))
					}
				})
				var out logbook
				start := time.Now()
				status := mailbox.ServerMain(ctx, tt.args, &out, listen)
				if tt.want == "" {
					require.Zero(t, status)
					require.Equal(t, time.Minute, time.Since(start))
					return
				}
				require.NotZero(t, status)
				require.Zero(t, time.Since(start))
				require.Contains(t, out.String(), "error: ")
				require.Contains(t, out.String(), tt.want)
			})
		})
	}
}

func TestServerPortTaken(t *testing.T) {
	inBubble(t, func(r *rig) {
		var out logbook
		status := mailbox.ServerMain(r.t.Context(), []string{"5000"}, &out, r.client.Listen)
		require.NotZero(t, status)
		require.Contains(t, out.String(), "error: ")
		require.Contains(t, out.String(), "address already in use")
	})
}

func TestServerStoresAndAnswers(t *testing.T) {
	inBubble(t, func(r *rig) {
		require.Equal(t, &mailbox.MessageResponse{}, r.read("bob"))
		r.logged("messages sent to bob: 0\n")
		r.create("alice", "bob", "one")
		r.create("åsa", "bob", "zwei\x00\xff")
		r.create("alice", "Bob", "other")
		r.logged("kept a message from alice for bob\n")
		r.logged("kept a message from åsa for bob\n")
		require.Equal(t, &mailbox.MessageResponse{Items: []mailbox.Message{
			{Sender: "alice", Text: "one"}, {Sender: "åsa", Text: "zwei\x00\xff"}}}, r.read("bob"))
		r.logged("messages sent to bob: 2\n")
		require.Empty(t, r.read("bob").Items)
		require.Len(t, r.read("Bob").Items, 1)
	})
}

func TestServerLogsConnections(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.dial()
		defer c.Close()
		r.logged("connection from " + c.LocalAddr().String() + "\n")
		require.NotContains(t, r.log.String(), "error")
	})
}

func TestServerLimits(t *testing.T) {
	tests := map[int][]int{255: {255, 0}, 256: {-255, 1, 0}, 600: {-255, -255, 90, 0}} // negative: more are left
	for stored, takes := range tests {
		t.Run(fmt.Sprint(stored), func(t *testing.T) {
			inBubble(t, func(r *rig) {
				for i := range stored {
					r.create("alice", "bob", fmt.Sprint(i))
				}
				next := 0
				for _, want := range takes {
					got := r.read("bob")
					require.Len(t, got.Items, max(want, -want))
					require.Equal(t, want < 0, got.More)
					for _, m := range got.Items {
						require.Equal(t, fmt.Sprint(next), m.Text)
						next++
					}
				}
			})
		})
	}
}

func TestServerErroneous(t *testing.T) {
	tests := map[string]struct{ sent, logged string }{
		"nothing":       {"", "wanted 7 bytes, got 0"},
		"part header":   {string(goldenCreate[:6]), "wanted 7 bytes, got 6"},
		"header only":   {string(goldenCreate[:7]), "wanted 14 bytes, got 0"},
		"part body":     {string(goldenCreate[:20]), "wanted 14 bytes, got 13"},
		"swapped magic": {"\x73\xAE" + string(goldenCreate[2:]), "MessageRequest.MagicNo wanted 0xae73, got 0x73ae"},
		"id 3":          {"\xAE\x73\x03" + string(goldenCreate[3:]), "MessageRequest.ID wanted 1 (read) or 2 (create), got 3"},
		"extra byte":    {string(goldenCreate) + "x", "no more bytes, got 1"},
		"two in one":    {string(goldenCreate) + string(goldenRead), "no more bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				got, took := r.exchange([]byte(tt.sent))
				require.Empty(t, got)
				require.Zero(t, took)
				r.logged("error: ")
				r.logged(tt.logged)
				require.Empty(t, r.read("bob").Items, "nothing is stored")
				r.servesOn()
			})
		})
	}
}

// TestServerCutEverywhere ends a request, and resets it, after every byte.
func TestServerCutEverywhere(t *testing.T) {
	inBubble(t, func(r *rig) {
		for n := range goldenCreate {
			got, _ := r.exchange(goldenCreate[:n])
			require.Empty(t, got)
			c := r.dial()
			c.Write(goldenCreate[:n])
			synctest.Wait()
			c.SetLinger(0)
			c.Close()
		}
		require.Empty(t, r.read("bob").Items)
		r.servesOn()
	})
}

func TestServerGaps(t *testing.T) {
	const pass, fail = 600 * time.Millisecond, 1300 * time.Millisecond
	tests := map[string]struct {
		parts  [][]byte
		pause  time.Duration
		closed time.Duration // when the server gives up; 0 for never
	}{
		"nothing sent":          {cut(goldenCreate, 0), fail, time.Second},
		"pause in the header":   {cut(goldenCreate, 3), pass, 0},
		"gap in the header":     {cut(goldenCreate, 3), fail, time.Second},
		"gap before the body":   {cut(goldenCreate, 7), fail, time.Second},
		"pause in the body":     {cut(goldenCreate, 10), pass, 0},
		"gap in the body":       {cut(goldenCreate, 10), fail, time.Second},
		"gap before the end":    {cut(goldenCreate, 20), fail, time.Second},
		"many pauses":           {cut(goldenCreate, 3, 7, 9, 12, 20), pass, 0},
		"byte by byte, at once": {bytewise(goldenCreate), 0, 0},
		"byte by byte, paused":  {bytewise(goldenCreate), 999 * time.Millisecond, 0},
		"byte by byte, gaps":    {bytewise(goldenCreate), time.Second + 1, time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				c := r.dial()
				defer c.Close()
				start := time.Now()
				go pieces(c, tt.pause, tt.parts...)
				got, _ := io.ReadAll(c)
				require.Empty(t, got)
				if tt.closed == 0 {
					require.Equal(t, tt.pause*time.Duration(len(tt.parts)-1), time.Since(start))
					require.Len(t, r.read("bob").Items, 1)
					return
				}
				require.Equal(t, tt.closed, time.Since(start))
				r.logged("error: ")
				r.logged("i/o timeout")
				require.Empty(t, r.read("bob").Items)
				time.Sleep(time.Minute) // pieces ends
			})
		})
	}
}

// fill stores so much for bob that a response to him has 16 MiB.
func fill(r *rig) {
	text := strings.Repeat("t", mailbox.MaxText)
	for range mailbox.MaxItems {
		r.create(strings.Repeat("s", mailbox.MaxName), "bob", text)
	}
}

func TestServerLargestResponse(t *testing.T) {
	inBubble(t, func(r *rig) {
		fill(r)
		got := r.read("bob")
		require.True(t, string(largest().Append(nil)) == string(got.Append(nil)))
	})
}

// TestServerSlowReader reads a large response slowly, but never rests for a
// second: it takes longer than that in total, and arrives.
func TestServerSlowReader(t *testing.T) {
	inBubble(t, func(r *rig) {
		fill(r)
		c := r.dial()
		defer c.Close()
		start := time.Now()
		c.Write((&mailbox.MessageRequest{ID: mailbox.Read, Name: "bob"}).Append(nil))
		total, buf := 0, make([]byte, 512<<10)
		for {
			n, err := io.ReadFull(c, buf)
			total += n
			if err != nil {
				break
			}
			time.Sleep(900 * time.Millisecond)
		}
		require.Equal(t, 16_777_220, total)
		require.Greater(t, time.Since(start), 20*time.Second)
	})
}

func TestServerStalledReader(t *testing.T) {
	inBubble(t, func(r *rig) {
		fill(r)
		c := r.dial()
		defer c.Close()
		start := time.Now()
		c.Write((&mailbox.MessageRequest{ID: mailbox.Read, Name: "bob"}).Append(nil))
		synctest.Wait()
		got, _ := r.exchange((&mailbox.MessageRequest{ID: mailbox.Read, Name: "carol"}).Append(nil))
		require.Equal(t, goldenEmpty, got)
		require.GreaterOrEqual(t, time.Since(start), time.Second)
		require.LessOrEqual(t, time.Since(start), 2*time.Second)
		r.logged("error: sending 255 messages to bob: ")
	})
}

func TestServerResetWhileSending(t *testing.T) {
	inBubble(t, func(r *rig) {
		fill(r)
		c := r.dial()
		c.Write((&mailbox.MessageRequest{ID: mailbox.Read, Name: "bob"}).Append(nil))
		io.ReadFull(c, make([]byte, 1<<20))
		c.SetLinger(0)
		c.Close()
		r.logged("connection reset by peer")
		r.servesOn()
	})
}

func TestServerLeavesNothingOpen(t *testing.T) {
	inBubble(t, func(r *rig) {
		for range 300 {
			r.exchange(goldenRead)
			r.exchange(goldenRead[:5])
		}
		synctest.Wait()
		require.Equal(t, 1, r.server.Open(), "the listener")
	})
}

// TestServerEndsWhileReading stops the program in the middle of a connection.
func TestServerEndsWhileReading(t *testing.T) {
	inBubble(t, func(r *rig) {
		c := r.dial()
		defer c.Close()
		c.Write(goldenCreate[:9])
		synctest.Wait()
		start := time.Now()
		r.stop()
		_, err := io.ReadAll(c)
		require.NoError(t, err)
		require.Zero(t, time.Since(start))
	})
}

func TestServeEndsWithItsListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := memnet.New().Host("server").Listen("tcp", ":5000")
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { l.Close() })
		err = mailbox.Serve(t.Context(), l, func(net.Conn) {})
		require.ErrorIs(t, err, net.ErrClosed)
	})
}
