package fuzz

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// turnCases makes the histories of a campaign of turns. A worker's i-th one follows
// from the seed, the worker and i alone: some moves, or moves that somebody does wrong, and
// at the end all clients leave.
type turnCases struct {
	seed    uint64
	share   Share
	machine *Machine
	layouts []*record.Layout
	moves   [][]Action // drawn when they are first needed
	source  rand.PCG
	draws   rand.Rand
	buf     []Action
	seen    []int // clients of a history
}

// Each server is played so many histories, of which the first are all right: what
// is wrong makes doubtful what comes after it.
const (
	freshHistories = 300
	rightHistories = 120
)

// movesKept is how many different moves there are.
const movesKept = 4096

// movesAtOnce is how many moves a history has, at most.
const movesAtOnce = 3

func newTurnCases(o *MachineOptions) *turnCases {
	g := &turnCases{seed: o.Seed, share: o.Share, machine: o.Machine, moves: make([][]Action, movesKept)}
	g.draws = *rand.New(&g.source)
	for _, s := range o.Protocol.Scenarios {
		if s.Role() != conformance.Server {
			continue
		}
		for _, step := range conformance.PreviewUpTo(s, o.Seed, 1) {
			if step.Layout != nil && !slices.Contains(g.layouts, step.Layout) {
				g.layouts = append(g.layouts, step.Layout)
			}
		}
	}
	return g
}

// move gives the k-th move, each turn as an action of its own. A server that
// stays up is not restarted.
func (g *turnCases) move(k int) []Action {
	if g.moves[k] != nil {
		return g.moves[k]
	}
	r := rand.New(rand.NewPCG(g.seed, math.MaxUint64-uint64(k)))
	drawn := []Action{{Deed: Restarting}}
	for slices.ContainsFunc(drawn, func(a Action) bool { return a.Deed == Restarting }) {
		drawn = g.machine.Draw(r)
	}
	var move []Action
	for _, a := range drawn {
		if a.Deed != Sending {
			move = append(move, a)
			continue
		}
		for _, turn := range a.Turns {
			one := a
			one.Turns = [][]byte{turn}
			move = append(move, one)
		}
	}
	g.moves[k] = move
	return move
}

// at gives the i-th history, and whether something in it is wrong. It is good
// until the next call.
func (g *turnCases) at(i int) (history []Action, wrong bool) {
	g.source.Seed(g.seed, uint64(g.share.number(i)))
	r := &g.draws
	g.buf = g.buf[:0]
	for range 1 + r.IntN(movesAtOnce) {
		g.buf = append(g.buf, g.move(r.IntN(movesKept))...)
	}
	wrong = i%freshHistories >= rightHistories && r.IntN(4) > 0
	if wrong {
		g.buf = g.spoil(r, g.buf)
	}
	g.buf = g.leave(g.buf)
	return g.buf, wrong
}

// leave has all clients leave who may be there.
func (g *turnCases) leave(history []Action) []Action {
	g.seen = g.seen[:0]
	for _, a := range history {
		for n := a.Client; n < a.Client+a.times() && (a.Deed == Connecting || a.Deed == Visiting); n++ {
			if !slices.Contains(g.seen, n) {
				g.seen = append(g.seen, n)
			}
			if a.Deed == Visiting {
				break
			}
		}
	}
	for _, n := range g.seen {
		history = append(history, Action{Client: n, Deed: Ending}, Action{Client: n, Deed: Leaving})
	}
	return history
}

// spoil has somebody do something wrong at one place of a history, which it may
// change.
func (g *turnCases) spoil(r *rand.Rand, history []Action) []Action {
	at := g.place(r, history)
	a := history[at]
	sends := len(a.Turns) == 1 && (a.Deed == Sending || a.datagram())
	insert := func(at int, more ...Action) []Action { return slices.Insert(history, at, more...) }
	k := r.IntN(16)
	switch {
	case k < 6 && sends:
		history[at].Turns = [][]byte{g.change(r, a.Turns[0])}
	case k < 8 && a.Deed == Sending && len(a.Turns[0]) > 1:
		return slices.Replace(history, at, at+1, g.pieces(r, a)...)
	case k < 9 && a.Deed == Sending:
		next := slices.IndexFunc(history[at+1:], func(b Action) bool { return b.Deed == Sending && b.Client == a.Client })
		if next < 0 {
			break
		}
		history[at].Turns = [][]byte{slices.Concat(a.Turns[0], history[at+1+next].Turns[0])}
		return slices.Delete(history, at+1+next, at+2+next)
	case k < 12: // gone, perhaps in the middle of a turn
		if a.Deed == Sending && r.IntN(2) == 0 {
			history[at].Turns = [][]byte{a.Turns[0][:g.border(r, a.Turns[0])]}
		}
		deeds := []Deed{Ending, Resetting, Leaving}
		return insert(at+1, Action{Client: a.Client, Deed: deeds[r.IntN(len(deeds))]})
	case k < 13:
		return slices.Delete(history, at, at+1)
	case k < 14:
		return insert(at+1, a)
	case at+1 < len(history):
		history[at], history[at+1] = history[at+1], history[at]
	}
	return history
}

// place chooses an action, most often one that sends something.
func (g *turnCases) place(r *rand.Rand, history []Action) int {
	at := r.IntN(len(history))
	for try := 0; try < 4 && len(history[at].Turns) == 0; try++ {
		at = r.IntN(len(history))
	}
	return at
}

// record is the layout that a turn has; nil if none.
func (g *turnCases) record(turn []byte) *record.Layout {
	if len(turn) > templateMost {
		return nil
	}
	for _, l := range g.layouts {
		if d, err := l.Decode(turn, true); err == nil && d.Size == len(turn) {
			return l
		}
	}
	return nil
}

// change changes a turn: one field, a cut, or something behind it.
func (g *turnCases) change(r *rand.Rand, turn []byte) []byte {
	if len(turn) == 0 {
		return bytes.Clone(odd[r.IntN(len(odd))])
	}
	return seed{layout: g.record(turn), message: turn}.spoil(r)
}

// border chooses where a turn is cut: at a border of a field, or one byte beside
// it, or anywhere.
func (g *turnCases) border(r *rand.Rand, turn []byte) int {
	if l := g.record(turn); l != nil && r.IntN(3) > 0 {
		if d, err := l.Decode(turn, true); err == nil {
			if cuts := Cuts(&d); len(cuts) > 0 {
				return cuts[r.IntN(len(cuts))]
			}
		}
	}
	return r.IntN(len(turn))
}

// mostPieces is into how many pieces a turn is cut, at most.
const mostPieces = 24

// pieces cuts a turn into pieces: two, or many of the same size.
func (g *turnCases) pieces(r *rand.Rand, a Action) (all []Action) {
	turn := a.Turns[0]
	size := 1 + r.IntN(max(1, len(turn)/2))
	if r.IntN(3) > 0 {
		size = max(1, g.border(r, turn))
	} else {
		size = max(size, (len(turn)+mostPieces-1)/mostPieces)
	}
	for len(turn) > 0 {
		n := min(size, len(turn))
		if len(all) == mostPieces-1 {
			n = len(turn)
		}
		a.Turns = [][]byte{turn[:n:n]}
		all = append(all, a)
		turn = turn[n:]
	}
	return all
}
