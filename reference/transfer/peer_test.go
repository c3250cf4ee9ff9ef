package transfer_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/transfer"
)

// withPeer gives a test both ends of a connection: the peer as a program sees it,
// and the talk that is behind it.
func withPeer(t *testing.T, test func(t *testing.T, p *transfer.Peer, far talk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		l, err := n.Host("far").Listen("tcp", serverAddress)
		require.NoError(t, err)
		near, err := n.Host("near").Dial(t.Context(), "tcp", serverAddress)
		require.NoError(t, err)
		far, err := l.Accept()
		require.NoError(t, err)
		defer near.Close()
		defer far.Close()
		test(t, &transfer.Peer{Conn: near, Patience: transfer.IdleLimit}, talk{far.(*memnet.Conn), t})
	})
}

// reads are all ways to read a token, with a token for each.
func reads() map[string]struct {
	wire string
	read func(p *transfer.Peer) error
} {
	expect := func(w transfer.Word) func(p *transfer.Peer) error {
		return func(p *transfer.Peer) error { return p.Expect(w) }
	}
	answer := func(w transfer.Word) func(p *transfer.Peer) error {
		return func(p *transfer.Peer) error { return p.Answer(w) }
	}
	return map[string]struct {
		wire string
		read func(p *transfer.Peer) error
	}{
		"expect READY": {"READY", expect(transfer.Ready)},
		"expect OK":    {"OK", expect(transfer.OK)},
		"answer READY": {"READY", answer(transfer.Ready)},
		"answer OK":    {"OK", answer(transfer.OK)},
		"answer DONE":  {"DONE", answer(transfer.Done)},
		"size": {eight(258), func(p *transfer.Peer) error {
			got, err := p.ReadSize()
			if err == nil && got != 258 {
				err = errors.New("another size")
			}
			return err
		}},
	}
}

// TestReadsGoByContent sends each token with what may follow it in the same
// piece, and in pieces with long pauses: the token is read, and no more.
func TestReadsGoByContent(t *testing.T) {
	for name, tt := range reads() {
		for delivery, parts := range map[string][]string{
			"coalesced": {tt.wire + "DONE"},
			"bytewise":  bytewise(tt.wire + "DONE"),
		} {
			t.Run(name+"/"+delivery, func(t *testing.T) {
				withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
					go piecewise(far, 59*time.Second, parts...)
					require.NoError(t, tt.read(p))
					rest := make([]byte, 4)
					_, err := io.ReadFull(p, rest)
					require.NoError(t, err)
					require.Equal(t, "DONE", string(rest))
				})
			})
		}
	}
}

func TestReadsThatFail(t *testing.T) {
	for name, tt := range reads() {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
					far.say(tt.wire[:n])
					far.CloseWrite()
					require.ErrorIs(t, tt.read(p), io.ErrUnexpectedEOF, "closed after %d bytes", n)
				})
				withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
					far.say(tt.wire[:n])
					start := time.Now()
					require.ErrorIs(t, tt.read(p), os.ErrDeadlineExceeded, "silent after %d bytes", n)
					require.Equal(t, time.Minute, time.Since(start))
				})
				if name == "size" {
					continue
				}
				withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
					far.say(tt.wire[:n] + "x")
					start := time.Now()
					require.ErrorIs(t, tt.read(p), transfer.ErrErroneous, "wrong after %d bytes", n)
					require.Zero(t, time.Since(start))
				})
			}
		})
	}
}

// TestCommandEndsWithSilence pins the lull: just below it the command goes on.
func TestCommandEndsWithSilence(t *testing.T) {
	const lull = 50 * time.Millisecond
	tests := map[string]struct {
		parts []string
		pause time.Duration
		want  string
	}{
		"whole":                       {[]string{"GET x"}, 0, "GET x"},
		"pause below the lull":        {[]string{"GET a", "b", "c"}, lull - 1, "GET abc"},
		"pause above the lull":        {[]string{"GET a", "b", "c"}, lull + 1, "GET a"},
		"byte by byte":                {bytewise("PUT hé lo"), lull - 1, "PUT hé lo"},
		"long pauses before the name": {[]string{"D", "E", "L", " ", "x"}, 59 * time.Second, "DEL x"},
		"long pause in a character":   {[]string{"GET \xE6", "\x97", "\xA5"}, 59 * time.Second, "GET 日"},
		"the longest":                 {[]string{"GET ", strings.Repeat("a", 4096)}, lull, "GET " + strings.Repeat("a", 4096)},
		"the name of a command":       {[]string{"GET PUT x"}, 0, "GET PUT x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
				go piecewise(far, tt.pause, tt.parts...)
				got, err := p.ReadCommand()
				require.NoError(t, err)
				require.Equal(t, tt.want, got.String())
				time.Sleep(time.Hour) // piecewise ends
			})
		})
	}
}

func TestCommandEndsWithConnection(t *testing.T) {
	withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
		far.say("GET x")
		far.CloseWrite()
		start := time.Now()
		got, err := p.ReadCommand()
		require.NoError(t, err)
		require.Equal(t, "GET x", got.String())
		require.Zero(t, time.Since(start))
	})
}

func TestCommandsThatFail(t *testing.T) {
	tests := map[string]struct {
		sent string
		want error
		took time.Duration
	}{
		"nothing":       {"", os.ErrDeadlineExceeded, time.Minute},
		"half a verb":   {"GE", os.ErrDeadlineExceeded, time.Minute},
		"no name":       {"GET ", os.ErrDeadlineExceeded, time.Minute},
		"unknown":       {"H", transfer.ErrErroneous, 0},
		"newline":       {"GET x\n", transfer.ErrErroneous, 0},
		"not utf-8":     {"GET \xFF", transfer.ErrErroneous, 0},
		"a byte beyond": {"GET " + strings.Repeat("a", 4097), transfer.ErrErroneous, 0},
		"far beyond":    {"GET " + strings.Repeat("a", 100_000), transfer.ErrErroneous, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
				far.say(tt.sent)
				start := time.Now()
				_, err := p.ReadCommand()
				require.ErrorIs(t, err, tt.want)
				require.Equal(t, tt.took, time.Since(start))
			})
		})
	}
	withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
		far.reset()
		_, err := p.ReadCommand()
		require.ErrorContains(t, err, "reading a command: ")
		require.ErrorContains(t, err, "connection reset by peer")
	})
}

func TestAnswerOfARefusal(t *testing.T) {
	tests := map[string]struct {
		parts []string
		pause time.Duration
		close bool
		want  string
		took  time.Duration
	}{
		"closed":                   {[]string{"ERROR: x does not exist"}, 0, true, "x does not exist", 0},
		"kept open":                {[]string{"ERROR: x does not exist"}, 0, false, "x does not exist", 50 * time.Millisecond},
		"pauses in the prefix":     {bytewise("ERROR: x"), time.Second, true, "x", 7 * time.Second},
		"pauses below the lull":    {[]string{"ERROR: ", "a", "b"}, 40 * time.Millisecond, true, "ab", 80 * time.Millisecond},
		"the longest":              {[]string{"ERROR: " + strings.Repeat("m", 8192)}, 0, false, strings.Repeat("m", 8192), 50 * time.Millisecond},
		"a message that is a word": {[]string{"ERROR: DONE"}, 0, true, "DONE", 0},
	}
	for name, tt := range tests {
		for _, want := range []transfer.Word{transfer.Ready, transfer.OK, transfer.Done} {
			t.Run(name+"/"+string(want), func(t *testing.T) {
				withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
					go func() {
						piecewise(far, tt.pause, tt.parts...)
						if tt.close {
							far.CloseWrite()
						}
					}()
					start := time.Now()
					var refusal *transfer.Refusal
					require.ErrorAs(t, p.Answer(want), &refusal)
					require.Equal(t, tt.want, refusal.Message)
					require.Equal(t, tt.took, time.Since(start))
				})
			})
		}
	}
}

func TestAnswerOfAnIllegalRefusal(t *testing.T) {
	tests := map[string]struct {
		sent string
		want error
	}{
		"half a prefix": {"ERR", io.ErrUnexpectedEOF},
		"no message":    {"ERROR: ", io.ErrUnexpectedEOF},
		"wrong prefix":  {"ERROR x", transfer.ErrErroneous},
		"newline":       {"ERROR: x\n", transfer.ErrErroneous},
		"too long":      {"ERROR: " + strings.Repeat("m", 8193), transfer.ErrErroneous},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
				far.say(tt.sent)
				far.CloseWrite()
				err := p.Answer(transfer.OK)
				require.ErrorIs(t, err, tt.want)
				var refusal *transfer.Refusal
				require.NotErrorAs(t, err, &refusal)
			})
		})
	}
}

// TestExpectKnowsNoRefusal has a client that answers the server with ERROR.
func TestExpectKnowsNoRefusal(t *testing.T) {
	withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
		far.say("ERROR: x")
		require.ErrorIs(t, p.Expect(transfer.OK), transfer.ErrErroneous)
	})
}

func TestPatience(t *testing.T) {
	withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
		p.Patience = 0
		time.AfterFunc(1000*time.Hour, func() { far.say("READY") })
		require.NoError(t, p.Answer(transfer.Ready), "no patience set: it waits for ever")

		p.Patience = transfer.IdleLimit
		require.NoError(t, far.SetReadBuffer(1))
		start := time.Now()
		err := p.Send(transfer.Ready)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.ErrorContains(t, err, "sending READY: ")
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestSend(t *testing.T) {
	for name, tt := range tokens() {
		t.Run(name, func(t *testing.T) {
			withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
				require.NoError(t, p.Send(tt.token))
				far.hear(string(tt.wire))
			})
		})
	}
	withPeer(t, func(t *testing.T, p *transfer.Peer, far talk) {
		require.NoError(t, p.Conn.Close())
		require.ErrorContains(t, p.Send(transfer.Size(12)), "sending 12: ")
		require.ErrorIs(t, p.Expect(transfer.OK), net.ErrClosed)
	})
}
