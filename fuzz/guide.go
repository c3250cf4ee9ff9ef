package fuzz

import (
	"context"
	"fmt"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"slices"

	"netproctor/conformance"
	"netproctor/internal/probe"
)

// Guidance is what guided cases are made with. They come between the others,
// which are the same with it and without: it only adds findings.
type Guidance struct {
	// Dictionary holds the constants of the program's source.
	Dictionary Dictionary
	// Probe and Target are the program with counters; nil if it cannot have
	// them. Then what is new is told from outside. Findings are verified on
	// the program without counters.
	Probe  *probe.Probe
	Target conformance.Target

	blind bool // for comparisons: nothing is told from what happens
}

// A guide makes cases of what was new before. A nil guide does nothing.
type guide struct {
	o         *Options
	with      *Guidance
	generator *generator
	r         *rand.Rand
	words     [][]byte
	numbers   []uint64
	counts    []int // numbers that a visit can be repeated by

	kinds   []kindOf
	sweep   []func() []Visit // what is tried before chance; see sweepOver
	corpus  []*entry
	hits    map[uint64]uint32 // how often each sign was seen
	reached []bool            // counters, ever
	far     []bool            // counters that are no places
	cells   []byte
	signs   []uint64
	seed    maphash.Seed
	shown   int // how much of the program's output was looked at

	trail   []Visit           // the last visits, in order
	between map[int][][]Visit // guided cases since the program's start, by the case before them

	cases, visits  int
	long, scripted int // visits: those of long histories, and those of what people thought of
}

// An entry of the corpus is a history that showed something new.
type entry struct {
	history []Visit
	sign    uint64 // what was new
	chosen  uint32
}

// Bounds of what is kept and made.
const (
	trailKept    = 4    // visits before a new one that may have to do with it
	corpusMost   = 4096 // entries
	signsMost    = 1 << 16
	historyVisit = 32 // visits of a guided case, if none is repeated often
	repeatMost   = 1024
	visitMost    = 70_000 // bytes
)

// newGuide gives nil without guidance.
func newGuide(o *Options, g *generator) *guide {
	if o.Guidance == nil {
		return nil
	}
	d := o.Guidance.Dictionary.Usable()
	k := &guide{
		o: o, with: o.Guidance, generator: g, r: rand.New(rand.NewPCG(o.Seed, 0x6775696465+uint64(o.Worker))), seed: maphash.MakeSeed(),
		words: d.Words, numbers: d.Numbers, hits: map[uint64]uint32{}, between: map[int][][]Visit{},
	}
	for _, n := range d.Numbers {
		if n > 1 && n < repeatMost {
			k.counts = append(k.counts, int(n))
		}
	}
	if p := o.Guidance.Probe; p != nil {
		k.cells, k.reached = make([]byte, p.Size), make([]bool, p.Size)
		k.far = make([]bool, p.Size)
		for _, cell := range p.Far {
			k.far[cell] = true
		}
	}
	k.kinds = kindsOf(g)
	for i := range k.kinds {
		if b, err := k.kinds[i].d.Value().Append(nil); err == nil {
			k.sweepOver([]Visit{b})
		}
	}
	return k
}

// start starts the program, with counters if there are any.
func (k *guide) start(ctx context.Context, o *Options) (*program, error) {
	if k == nil || k.with.Probe == nil {
		return o.start(ctx)
	}
	counted := *o
	counted.Target, counted.probe, counted.warm = k.with.Target, k.with.Probe, nil
	return counted.start(ctx)
}

// openCounters makes the counters of a program that is about to be started.
func (p *program) openCounters(of *probe.Probe) error {
	if of == nil {
		return nil
	}
	root, err := p.box.Files()
	if err != nil {
		return err
	}
	defer root.Close()
	p.counters, err = of.Open(root)
	return err
}

// count is how many guided cases were played.
func (k *guide) count() int {
	if k == nil {
		return 0
	}
	return k.cases
}

// size is how many histories are in the corpus.
func (k *guide) size() int {
	if k == nil {
		return 0
	}
	return len(k.corpus)
}

// reach notes what a program has reached at its end.
func (k *guide) reach(p *program) {
	if k == nil || p.counters == nil || !p.counters.Take(k.cells) {
		return
	}
	for cell, n := range k.cells {
		k.reached[cell] = k.reached[cell] || n > 0
	}
}

// forget says that another program will be played.
func (k *guide) forget() {
	if k == nil {
		return
	}
	k.trail, k.between, k.shown = nil, map[int][][]Visit{}, 0
}

// learn looks at what the n-th visit of a history has brought about. The history
// is kept if that is new, and so is what came before a single visit.
func (k *guide) learn(p *program, history []Visit, n int, guided bool) {
	if k == nil || k.with.blind {
		return
	}
	if len(k.trail) == trailKept {
		k.trail = slices.Delete(k.trail, 0, 1)
	}
	k.trail = append(k.trail, slices.Clone(history[n]))
	sign, is, place := k.novel(p, history[n])
	if !is || len(k.corpus) == corpusMost {
		return
	}
	// What a program does when it has answered is seen at the next visit.
	kept := k.trail
	if guided {
		kept = kept[max(0, len(kept)-2):]
	}
	kept = slices.Clone(kept)
	if n+1 >= len(kept) {
		kept = nil
		for _, v := range history[:n+1] {
			kept = append(kept, slices.Clone(v))
		}
	}
	k.corpus = append(k.corpus, &entry{history: kept, sign: sign})
	if k.cases > 0 && place {
		k.sweepOver(kept)
	}
}

// novel tells whether something was seen for the first time, and whether that is a
// place in the program, or seen from outside, and not only how often.
func (k *guide) novel(p *program, v Visit) (sign uint64, is, place bool) {
	k.signs = k.signs[:0]
	if p.counters != nil && p.counters.Take(k.cells) {
		for cell, n := range k.cells[1:] {
			if n > 0 {
				place = place || !k.reached[cell+1] && !k.far[cell+1]
				k.reached[cell+1] = true
				k.signs = append(k.signs, uint64(cell+1)<<8|uint64(bits.Len8(n)))
			}
		}
	} else {
		k.outside(p, v)
		place = true
	}
	for _, s := range k.signs {
		if len(k.hits) > signsMost && k.hits[s] == 0 {
			continue // a program that says something else each time
		}
		k.hits[s]++
		if k.hits[s] == 1 {
			sign, is = s, true
		}
	}
	return sign, is, place
}

// guides tells whether a guided case is due behind the i-th one: they begin when
// what people thought of has been played, and get as many visits as the others
// from then on.
func (k *guide) guides(i, visits int) bool {
	if k == nil || len(k.generator.pool) == 0 {
		return false
	}
	if k.generator.share.number(i) < len(k.generator.histories) {
		k.scripted = visits
	}
	return 2*k.visits < visits-k.scripted
}

// A reached says which counters of a program were reached, ever.
type reached struct {
	probe *probe.Probe
	cells []bool
}

// all is what was reached; nothing without counters.
func (k *guide) all() reached {
	if k == nil {
		return reached{}
	}
	return reached{k.with.Probe, k.reached}
}

// with adds what another worker has reached.
func (r reached) with(other reached) reached {
	r.cells = slices.Clone(r.cells)
	for cell, is := range other.cells {
		r.cells[cell] = r.cells[cell] || is
	}
	return r
}

// missed are the lines that were never reached.
func (r reached) missed() []probe.Missed {
	if r.probe == nil || !slices.Contains(r.cells, true) {
		return nil
	}
	return r.probe.Missed(func(cell int) bool { return r.cells[cell] })
}

// guided plays a guided case behind the i-th one, if it is due.
func (c *campaign) guided(ctx context.Context, i int) error {
	k := c.guide
	for k.guides(i, c.visits) {
		history := k.next()
		k.cases++
		f, n, err := c.visit(ctx, history, true)
		k.visits += n + 1
		k.between[i] = append(k.between[i], history[:n+1])
		switch {
		case err != nil:
			return err
		case f != nil:
			return c.follow(ctx, f, i, -1)
		}
		if err := c.look(ctx, i+1); err != nil || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// behind gives the visits of the guided cases that were played behind the i-th
// case, the last one first.
func (k *guide) behind(i int) (list []Visit) {
	if k == nil {
		return nil
	}
	for _, history := range slices.Backward(k.between[i]) {
		for _, v := range slices.Backward(history) {
			list = append(list, v)
		}
	}
	return list
}

// String tells how much was learned.
func (k *guide) String() string {
	if k == nil {
		return "no guided cases"
	}
	return fmt.Sprintf("%d guided cases, %d visits, %d entries, %d signs, %d left of the sweep", k.cases, k.visits, len(k.corpus), len(k.hits), len(k.sweep))
}
