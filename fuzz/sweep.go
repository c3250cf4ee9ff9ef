package fuzz

import (
	"bytes"
	"slices"

	"netproctor/internal/record"
)

// A kindOf is a kind of message: a short legal one, and its fields with texts.
type kindOf struct {
	d     record.Decoded
	texts []string
}

// kindsOf gives one of each layout.
func kindsOf(g *generator) (kinds []kindOf) {
	for i := range g.pool {
		m := &g.pool[i]
		d, err := m.layout.Decode(m.bytes, true)
		if err != nil || len(m.bytes) > 64 || slices.ContainsFunc(kinds, func(k kindOf) bool { return k.d.Layout == d.Layout }) {
			continue
		}
		kinds = append(kinds, kindOf{d, texts(&d)})
	}
	return kinds
}

// Bounds of what is swept: constants of one source, and all that waits. A visit
// is swept over repetitions up to sweepRepeats.
const (
	sweepConstants = 300
	sweepMost      = 1 << 14
	sweepRepeats   = 40
)

// sweepOver makes cases that try each constant of the source once where it may
// stand in the last visit of a history: that is not left to chance. A text is
// replaced wherever it stands, and what has to do with it follows.
func (k *guide) sweepOver(h []Visit) {
	last := len(h) - 1
	d, is := k.parse(h[last])
	if !is || len(k.sweep) > sweepMost {
		return
	}
	var list []func() []Visit
	renamed := func(field string, old, text []byte) {
		if sharesText(&d, field) { // and once without the other
			list = append(list, func() []Visit { return append(slices.Clone(h[:last]), replaced(&d, field, text)) })
		}
		list = append(list, func() []Visit {
			changed := k.renamed(h, old, text)
			return append(changed, k.echoes(changed[last], 4)...)
		})
	}
	for _, name := range texts(&d) {
		e, _ := d.Field(name)
		for _, w := range k.words[:min(len(k.words), sweepConstants)] {
			renamed(name, e.Bytes, w)
			renamed(name, e.Bytes, slices.Concat(w, e.Bytes))
			renamed(name, e.Bytes, slices.Concat(e.Bytes, w))
		}
		for _, n := range k.numbers[:min(len(k.numbers), sweepConstants)] {
			if n > 0 && n < visitMost {
				renamed(name, e.Bytes, bytes.Repeat([]byte("x"), int(n)))
				renamed(name, e.Bytes, bytes.Repeat([]byte("x"), int(n+1)))
			}
		}
	}
	for _, e := range d.Fields {
		for _, n := range k.numbers[:min(len(k.numbers), sweepConstants)] {
			if e.Field.Kind == record.Uint && (e.Field.Size == 8 || n>>(8*e.Field.Size) == 0) {
				list = append(list, func() []Visit { return append(slices.Clone(h[:last]), lying(&d, e.Field.Name, n)) })
			}
		}
	}
	for _, n := range k.counts {
		if n <= sweepRepeats {
			list = append(list, func() []Visit { return append(slices.Clone(h), slices.Repeat(h[last:], n)...) })
		}
	}
	k.r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	k.sweep = append(k.sweep, list...)
}

// sharesText tells whether the text of a field stands in another one, too.
func sharesText(d *record.Decoded, field string) bool {
	e, _ := d.Field(field)
	return slices.ContainsFunc(texts(d), func(name string) bool {
		other, _ := d.Field(name)
		return name != field && bytes.Equal(other.Bytes, e.Bytes)
	})
}
