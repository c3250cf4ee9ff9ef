package conformance_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/internal/memnet"
	"netproctor/reference"
	"netproctor/reference/mailbox"
)

// A visit is one connection of a client: what it sends before it ends its side.
type visit []byte

// A tour is what several clients do at the same time, each one visit after the
// other.
type tour [][]visit

// A mainFunc is a program, such as a reference server.
type mainFunc func(ctx context.Context, e reference.Env) int

// play lets the clients loose on a server that has served the visits of before,
// in virtual time, and gives what was answered. The times of a history are a
// count of calls and returns.
func (tr tour) play(t *testing.T, server mainFunc, before []visit) []porcupine.Operation {
	var mu sync.Mutex
	var history []porcupine.Operation
	var clock atomic.Int64
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			server(ctx, reference.Env{Args: []string{"5000"}, Out: io.Discard, Listen: n.Host("server").Listen})
		})
		synctest.Wait()
		make := func(client int, v visit) {
			call := clock.Add(1)
			answer := v.make(ctx, n.Host("client"))
			mu.Lock()
			defer mu.Unlock()
			history = append(history, porcupine.Operation{ClientId: client, Input: v, Call: call, Output: answer, Return: clock.Add(1)})
		}
		for _, v := range before {
			make(len(tr), v)
		}
		var clients sync.WaitGroup
		for client, visits := range tr {
			clients.Go(func() {
				for _, v := range visits {
					make(client, v)
				}
			})
		}
		clients.Wait()
		stop()
		running.Wait()
	})
	return history
}

// make is the visit itself.
func (v visit) make(ctx context.Context, from *memnet.Host) string {
	c, err := from.Dial(ctx, "tcp", "127.0.0.1:5000")
	if err != nil {
		return "no connection: " + err.Error()
	}
	defer c.Close()
	c.Write(v)
	c.(interface{ CloseWrite() error }).CloseWrite()
	answer, err := io.ReadAll(c)
	if err != nil {
		return "broken off: " + err.Error()
	}
	return string(answer)
}

// shorten leaves out visits as long as some history still goes wrong.
func (tr tour) shorten(wrong func(tour) bool) tour {
	for again := true; again; {
		again = false
		for client := range tr {
			for i := range tr[client] {
				less := slices.Clone(tr)
				less[client] = slices.Concat(tr[client][:i], tr[client][i+1:])
				if wrong(less) {
					tr, again = less, true
					break
				}
			}
		}
	}
	return tr
}

// mailboxModel is reference/mailbox's model, as porcupine takes it: a history is
// right if some order of its visits, one at a time, explains every answer.
var mailboxModel = (&porcupine.NondeterministicModel{
	Init:  func() []any { return []any{mailbox.Model{}} },
	Equal: func(a, b any) bool { return reflect.DeepEqual(a, b) },
	Step: func(state, input, output any) (next []any) {
		for _, o := range state.(mailbox.Model).Apply(input.(visit)) {
			if string(o.Answer) == output.(string) {
				next = append(next, o.Next)
			}
		}
		return next
	},
}).ToModel()

// describe shows the end of a history for people, by the order of the calls.
func describe(history []porcupine.Operation) string {
	var s strings.Builder
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	for _, o := range history[max(0, len(history)-20):] {
		fmt.Fprintf(&s, "%3d to %3d: client %d sends %q and is answered %q\n", o.Call, o.Return, o.ClientId, o.Input, o.Output)
	}
	return s.String()
}

// drawTour draws what a few clients do with two mailboxes.
func drawTour(t *rapid.T) tour {
	one := rapid.Custom(func(t *rapid.T) visit {
		user := rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "user")
		r := mailbox.MessageRequest{ID: mailbox.Read, Name: user}
		if rapid.Bool().Draw(t, "create") {
			r = mailbox.MessageRequest{ID: mailbox.Create, Name: "eve", Receiver: user, Message: rapid.StringMatching("[a-z]{1,3}").Draw(t, "message")}
		}
		return r.Append(nil)
	})
	clients := rapid.SliceOfN(rapid.SliceOfN(one, 1, 4), 2, 4)
	return clients.Draw(t, "clients")
}

// full leaves one message less than fit into a response, as many, or a few more.
func full(n int) []visit {
	var visits []visit
	for range n {
		r := mailbox.MessageRequest{ID: mailbox.Create, Name: "eve", Receiver: "bob", Message: "m"}
		visits = append(visits, r.Append(nil))
	}
	return visits
}

// TestMailboxHistories holds the reference to the model with several clients at
// once.
func TestMailboxHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := drawTour(rt)
		before := full(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 254, 255, 256}).Draw(rt, "before"))
		history := tr.play(t, mailboxServer, before)
		if !porcupine.CheckOperations(mailboxModel, history) {
			rt.Fatalf("no order explains this history:\n%s", describe(history))
		}
	})
}

func mailboxServer(ctx context.Context, e reference.Env) int {
	return mailbox.ServerMain(ctx, e.Args, e.Out, e.Listen)
}

// TestWrongHistoryIsFoundAndShortened makes sure that the check can fail: two
// clients that read at the same time are both given the messages.
func TestWrongHistoryIsFoundAndShortened(t *testing.T) {
	create := visit((&mailbox.MessageRequest{ID: mailbox.Create, Name: "eve", Receiver: "bob", Message: "m"}).Append(nil))
	read := visit((&mailbox.MessageRequest{ID: mailbox.Read, Name: "bob"}).Append(nil))
	wrong := func(tr tour) bool {
		return !porcupine.CheckOperations(mailboxModel, tr.play(t, hastyServer, []visit{create}))
	}
	long := tour{{create, read, read}, {read, create, read}, {read, read}}
	require.True(t, wrong(long))
	require.Equal(t, tour{{read}, {read}, nil}, sorted(long.shorten(wrong)))
}

// sorted puts the clients that do most first.
func sorted(tr tour) tour {
	slices.SortStableFunc(tr, func(a, b []visit) int { return len(b) - len(a) })
	return tr
}

// hastyServer serves every client in a goroutine of its own, and removes what
// it has read only a moment after it has read it.
func hastyServer(ctx context.Context, e reference.Env) int {
	s := &mailbox.Server{Store: &hastyStore{store: mailbox.NewStore()}, Log: io.Discard}
	return mailbox.RunServer(ctx, e.Args, e.Out, e.Listen, func(c net.Conn) { go s.Handle(c) })
}

// A hastyStore is safe for several goroutines at once only as far as memory goes.
type hastyStore struct {
	mu    sync.Mutex
	store *mailbox.Store
}

func (s *hastyStore) Append(user string, m mailbox.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.Append(user, m)
}

func (s *hastyStore) Take(user string) ([]mailbox.Message, bool) {
	s.mu.Lock()
	items, more := s.store.Take(user)
	for _, m := range items {
		s.store.Append(user, m)
	}
	s.mu.Unlock()
	time.Sleep(time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.Take(user)
	return items, more
}
