package conformance_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/internal/memnet"
	"netproctor/reference"
	"netproctor/reference/chat"
)

// An act is what a guest of a chat does at one time: it comes, goes, says
// something, or does nothing.
type act string

const (
	comes   act = "+"
	goes    act = "-"
	nothing act = ""
)

// A party is a chat in rounds. In a round all guests act at the same time; then
// it is quiet until all have heard what there is to hear.
type party [][]act

// A deed is an act of a guest that is there, or with kind hears what it heard.
type deed struct {
	who  int
	at   netip.AddrPort // the guest's address
	does act
}

// hears is the deed of listening until nothing more comes.
const hears act = "?"

// A guest is a client in a party.
type guest struct {
	conn net.Conn
	mu   sync.Mutex
	got  strings.Builder
}

func (g *guest) listen() {
	b := make([]byte, 4096)
	for {
		n, err := g.conn.Read(b)
		g.mu.Lock()
		g.got.Write(b[:n])
		g.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// heard is what has come since it was asked last.
func (g *guest) heard() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.got.Reset()
	return g.got.String()
}

func (g *guest) address() netip.AddrPort { return netip.MustParseAddrPort(g.conn.LocalAddr().String()) }

// play holds the party at a server, in virtual time.
func (p party) play(t *testing.T, server mainFunc) []porcupine.Operation {
	var history []porcupine.Operation
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			server(ctx, reference.Env{Args: []string{"127.0.0.1", "5000"}, Dir: dir, Out: io.Discard, Listen: n.Host("server").Listen})
		})
		synctest.Wait()
		there := map[int]*guest{}
		clock := int64(0)
		for _, round := range p {
			clock += 2
			for _, d := range p.round(ctx, n, there, round) {
				history = append(history, porcupine.Operation{ClientId: d.who, Input: d, Output: "", Call: clock, Return: clock + 1})
			}
			time.Sleep(2 * chat.Moment)
			synctest.Wait()
			for _, who := range slices.Sorted(maps.Keys(there)) {
				clock += 2
				history = append(history, porcupine.Operation{ClientId: who, Input: deed{who, there[who].address(), hears}, Output: there[who].heard(), Call: clock, Return: clock + 1})
			}
		}
		stop()
		running.Wait()
		for _, g := range there {
			g.conn.Close()
		}
	})
	return history
}

// round lets all guests act at once.
func (p party) round(ctx context.Context, n *memnet.Network, there map[int]*guest, acts []act) []deed {
	var deeds []deed
	var all sync.WaitGroup
	for who, a := range acts {
		g := there[who]
		switch {
		case a == nothing, (g == nil) != (a == comes):
			continue
		case a == comes:
			c, err := n.Host("guests").Dial(ctx, "tcp", "127.0.0.1:5000")
			if err != nil {
				continue
			}
			g = &guest{conn: c}
			there[who] = g
			go g.listen()
		case a == goes:
			delete(there, who)
			all.Go(func() { g.conn.Close() })
		default:
			all.Go(func() { io.WriteString(g.conn, string(a)) })
		}
		deeds = append(deeds, deed{who, g.address(), a})
	}
	all.Wait()
	return deeds
}

// A hall is a chat's state in a history: what the server knows, and what each
// guest has to hear.
type hall struct {
	model chat.Model
	ears  map[netip.AddrPort]string
}

// chatModel is reference/chat's model, as porcupine takes it: a history is right
// if some order of what was done at one time explains what everybody heard.
var chatModel = (&porcupine.NondeterministicModel{
	Init:  func() []any { return []any{hall{}} },
	Equal: func(a, b any) bool { return reflect.DeepEqual(a, b) },
	Step: func(state, input, output any) (next []any) {
		h, d := state.(hall), input.(deed)
		if d.does == hears {
			if h.ears[d.at] == output.(string) {
				next = append(next, h.tell(h.model, d.at, func(netip.AddrPort, string) string { return "" }))
			}
			return next
		}
		for _, o := range h.outcomes(d) {
			told := h.tell(o.Next, netip.AddrPort{}, func(_ netip.AddrPort, before string) string { return before + string(o.Others) })
			told.ears[d.at] = h.ears[d.at] + string(o.Self)
			if d.does == goes {
				delete(told.ears, d.at)
			}
			next = append(next, told)
		}
		return next
	},
}).ToModel()

// outcomes are what a right server may do that ends messages without a newline.
func (h hall) outcomes(d deed) []chat.Outcome {
	var all []chat.Outcome
	switch d.does {
	case comes:
		all = h.model.Join(d.at)
	case goes:
		all = h.model.Leave(d.at)
	default:
		all = h.model.Send(d.at, []byte(d.does))
	}
	return slices.DeleteFunc(all, func(o chat.Outcome) bool { return strings.Contains(string(o.Self)+string(o.Others), "\n") })
}

// tell is the hall with other things to hear, for one guest or for all.
func (h hall) tell(m chat.Model, who netip.AddrPort, change func(at netip.AddrPort, before string) string) hall {
	ears := map[netip.AddrPort]string{}
	for at, before := range h.ears {
		ears[at] = before
		if at == who || !who.IsValid() {
			ears[at] = change(at, before)
		}
	}
	return hall{m, ears}
}

// shorten leaves out acts as long as the history still goes wrong.
func (p party) shorten(wrong func(party) bool) party {
	for again := true; again; {
		again = false
		for i, round := range p {
			for who, a := range round {
				less := slices.Clone(p)
				less[i] = slices.Clone(round)
				less[i][who] = nothing
				if a != nothing && wrong(less) {
					p, again = less, true
					round = less[i]
				}
			}
		}
	}
	return slices.DeleteFunc(p, func(round []act) bool { return !slices.ContainsFunc(round, func(a act) bool { return a != nothing }) })
}

// tellStory shows a history for people.
func tellStory(history []porcupine.Operation) string {
	var s strings.Builder
	for _, o := range history {
		if d := o.Input.(deed); d.does == hears {
			fmt.Fprintf(&s, "%3d: guest %d hears %q\n", o.Call, d.who, o.Output)
		} else {
			fmt.Fprintf(&s, "%3d: guest %d (%s) does %q\n", o.Call, d.who, d.at, d.does)
		}
	}
	return s.String()
}

// drawParty draws a party of a few guests that come, go, talk and upload.
func drawParty(t *rapid.T) party {
	one := rapid.Custom(func(t *rapid.T) act {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0, 1, 2:
			return comes
		case 3:
			return goes
		case 4:
			return chat.Announcement
		case 5:
			return "#upload 'a' 3"
		case 6:
			return nothing
		}
		return act(rapid.StringMatching("[a-z]{1,4}").Draw(t, "text"))
	})
	return rapid.SliceOfN(rapid.SliceOfN(one, 4, 4), 1, 6).Draw(t, "rounds")
}

// TestChatHistories holds the reference to the model with several clients at
// once.
func TestChatHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawParty(rt)
		history := p.play(t, chatServer)
		if !porcupine.CheckOperations(chatModel, history) {
			p = p.shorten(func(p party) bool { return !porcupine.CheckOperations(chatModel, p.play(t, chatServer)) })
			rt.Fatalf("no order explains this history, or, if it is the same again, %q:\n%s", p, tellStory(history))
		}
	})
}

func chatServer(ctx context.Context, e reference.Env) int {
	return chat.ServerMain(ctx, e.Args, e.Dir, e.Out, e.Listen)
}

// TestWrongChatIsFoundAndShortened makes sure that the check can fail: of two who
// come at the same time, both are the first.
func TestWrongChatIsFoundAndShortened(t *testing.T) {
	wrong := func(p party) bool { return !porcupine.CheckOperations(chatModel, p.play(t, hastyChat)) }
	require.False(t, wrong(party{{comes}}))
	long := party{{comes, nothing, nothing}, {"hello", comes, comes}, {goes, "hi", "ho"}}
	require.True(t, wrong(long))
	require.Equal(t, party{{nothing, comes, comes}}, long.shorten(wrong))
}

// hastyChat greets every client in a goroutine of its own, and counts it a moment
// after it has looked at the count.
func hastyChat(ctx context.Context, e reference.Env) int {
	l, err := e.Listen("tcp", ":"+e.Args[1])
	if err != nil {
		return 1
	}
	context.AfterFunc(ctx, func() { l.Close() })
	var mu sync.Mutex
	users := map[net.Conn]bool{}
	count := 0
	var serving sync.WaitGroup
	defer serving.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			for c := range users {
				c.Close()
			}
			return 0
		}
		serving.Go(func() {
			mu.Lock()
			n := count
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			count = n + 1
			c.Write((&chat.Connected{Users: count}).Append(nil))
			for other := range users {
				other.Write((&chat.Entered{User: netip.MustParseAddrPort(c.RemoteAddr().String()), Users: count}).Append(nil))
			}
			users[c] = true
		})
	}
}
