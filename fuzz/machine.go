package fuzz

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"
	"time"

	"netproctor/conformance"
)

// A Machine is what somebody who knows a protocol tells about its server, so that
// it can be fuzzed as a state machine: what clients may do, and what a right
// server may do about it. The protocol is known to whoever makes the value.
type Machine struct {
	// Start is what the server is when it has been started for the first time.
	Start State
	// Draw makes one move: some actions of clients that belong together. It does
	// not know what was done before; an action that is not possible when its
	// time comes is left out.
	Draw func(r Source) []Action
	// Files are laid out in the server's working directory before it starts.
	Files map[string][]byte
	// Pause is how long a client is quiet after what nobody is to answer, so
	// that the server has read it as one piece. 0 is a moment.
	Pause time.Duration
	// Turns says that what is sent ends where its sender waits: nothing is sent
	// behind it before it has been read.
	Turns bool
	// Alone says that the server does one thing after the other: when it tells
	// one client something, it has done all that others sent before.
	Alone bool
	// Datagrams is the port at which the server hears datagrams; 0: it does not.
	Datagrams int
	// Blank are bytes that may stand before and after what a client is told.
	Blank string
}

// A Source makes choices. 0 is the simplest one, for those who look for a simple
// history. A *rand.Rand is one.
type Source interface {
	// IntN gives a number from 0 to below n.
	IntN(n int) int
}

// A Deed is a kind of action.
type Deed string

// The deeds of a client, of whoever looks after the files, and of the user.
const (
	Connecting Deed = "connects"
	Sending    Deed = "sends"       // each turn in one write
	Ending     Deed = "half-closes" // sends no more
	Leaving    Deed = "closes"
	Resetting  Deed = "resets"
	Asking     Deed = "sends the datagram" // Turns[0], to the server
	Calling    Deed = "broadcasts"         // Turns[0], to everybody's port of datagrams
	Visiting   Deed = "visits"             // connects, sends, half-closes, and reads to the end
	Laying     Deed = "lays"               // a file of the name Turns[0] with Turns[1] in it, perhaps another of Turns[2] and Turns[3], and so on
	Looking    Deed = "looks"              // at the files
	Restarting Deed = "interrupts the server and starts it again"
)

// An Action is something that is done at one time.
type Action struct {
	Client int      `json:"client"`
	Deed   Deed     `json:"deed"`
	Turns  [][]byte `json:"turns,omitempty"` // base64, in findings.json
	// Times is how often it is done one after the other, each time by the same
	// client; of Connecting, by so many clients, Client being the first. 0 is once.
	Times int `json:"times,omitempty"`
	// At is the client's own address, known when it is connected.
	At netip.AddrPort `json:"-"`
}

// Files gives each file that is laid out: its name, and what is in it.
func (a Action) Files() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for i := 0; i+1 < len(a.Turns) && yield(string(a.Turns[i]), a.Turns[i+1]); i += 2 {
		}
	}
}

// turnsTold is how many turns are told to people.
const turnsTold = 6

// datagram tells whether it is done without a connection.
func (a Action) datagram() bool { return a.Deed == Asking || a.Deed == Calling }

// times is Times, and 1 for once.
func (a Action) times() int { return max(1, a.Times) }

// Sent is all that is sent. It may be the turn itself, so nobody changes it.
func (a *Action) Sent() []byte {
	if len(a.Turns) == 1 {
		return a.Turns[0]
	}
	return bytes.Join(a.Turns, nil)
}

// String says it for people.
func (a Action) String() string {
	var s strings.Builder
	if a.times() > 1 {
		fmt.Fprintf(&s, "%d × ", a.times())
	}
	switch {
	case a.Deed == Restarting:
		return string(Restarting)
	case a.Deed == Laying || a.Deed == Looking:
		s.WriteString("somebody ")
	case a.Deed == Connecting && a.times() > 1:
		fmt.Fprintf(&s, "clients from %d ", a.Client)
	default:
		fmt.Fprintf(&s, "client %d ", a.Client)
	}
	s.WriteString(string(a.Deed))
	for i, turn := range a.Turns {
		if i > 0 {
			s.WriteString(", then")
		}
		if i == turnsTold {
			fmt.Fprintf(&s, " %d more", len(a.Turns)-i)
			break
		}
		s.WriteString(" " + quote(turn))
	}
	return s.String()
}

// A State is what a right server may be at one moment, with its connections. It
// is a value: Apply gives new states and leaves this one as it is.
type State interface {
	// Can tells whether an action is possible.
	Can(a Action) bool
	// Apply gives what a right server may do about an action that is possible:
	// a set, because sources leave things open.
	Apply(a Action) []Reaction
}

// A Reaction is one of the things that a right server may do.
type Reaction struct {
	// Tells is what clients are told, each at most once. All others are told
	// nothing.
	Tells []Told
	// Kept is what files must hold when Looking is done, Gone are those that must
	// not be there; of others nothing is said. Paths begin in the working
	// directory.
	Kept map[string]string
	Gone []string
	Next State
	// Demands is the requirement that a program breaks which does something else;
	// Quiet, if it is another one, which tells a client of whom Tells says nothing.
	Demands, Quiet string
}

// A Told is one client, by its number, and what it is told. Clients who are told the
// same share it, so nobody changes it.
type Told struct {
	Client int
	Reply  *Reply
}

// Tell is what one client alone is told.
func Tell(client int, r Reply) []Told { return []Told{{client, &r}} }

// to is what a client is told, and whether it is told something.
func (r *Reaction) to(client int) (reply *Reply, told bool) {
	for _, t := range r.Tells {
		if t.Client == client {
			return t.Reply, true
		}
	}
	return &silence, false
}

// silence is what everybody else is told.
var silence Reply

// inOrder is Tells by the clients' numbers, for people.
func (r *Reaction) inOrder() []Told {
	return slices.SortedFunc(slices.Values(r.Tells), func(a, b Told) int { return cmp.Compare(a.Client, b.Client) })
}

// A Reply is what one client is told.
type Reply struct {
	// Want are the bytes, or those that stand for all that Fits allows.
	Want []byte
	// Fits tells how the beginning of got suits, and how many bytes of it are
	// used; nil if only Want does. A datagram is held against it whole.
	Fits func(got []byte) (n int, fit Fit)
	// Steps expects it in a scenario, for a Fits that is more than Want. Without
	// them a scenario expects nothing of it.
	Steps func(conn string) []conformance.Step
	// Open says that anything may follow, from now on.
	Open bool
	// End says whether the server closes the connection then.
	End End
	// Demands is the requirement that asks for it, if not that of the reaction.
	Demands string
}

// A Fit says how bytes suit a reply.
type Fit int

// Not: they are something else. Short: they may be its beginning.
const (
	Not Fit = iota
	Short
	Whole
)

// An End says whether a server closes a connection.
type End int

// Stays open; or is closed at once; or may be closed, now or later.
const (
	Stays End = iota
	Closes
	MayClose
)

// fits is Fits, or a comparison with Want.
func (r *Reply) fits(got []byte) (int, Fit) {
	if r.Fits != nil {
		return r.Fits(got)
	}
	n := min(len(got), len(r.Want))
	switch {
	case !bytes.Equal(got[:n], r.Want[:n]):
		return 0, Not
	case n < len(r.Want):
		return n, Short
	}
	return n, Whole
}

// expects tells whether there is something to be heard.
func (r *Reply) expects() bool { return len(r.Want) > 0 || r.Fits != nil }

// silent tells whether nothing shows that the server has done it.
func (r *Reaction) silent() bool {
	for _, t := range r.Tells {
		if reply := t.Reply; reply.End == Closes || reply.expects() && !reply.Open {
			return false
		}
	}
	return r.Kept == nil && r.Gone == nil
}
