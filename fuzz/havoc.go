package fuzz

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"

	"netproctor/internal/record"
)

// next makes a guided case: a history that showed something new, or one of good
// messages, changed in one or a few ways.
func (k *guide) next() []Visit {
	if n := len(k.sweep); n > 0 && k.r.IntN(4) > 0 {
		h := k.sweep[n-1]()
		k.sweep = k.sweep[:n-1]
		if len(h) > 0 {
			return k.short(h)
		}
	}
	history := k.short(k.base())
	for more := true; more; more = k.r.IntN(3) == 0 {
		if changed := k.change(history); len(changed) > 0 {
			history = changed
		}
	}
	return k.short(history)
}

// short leaves out the beginning of a long history, unless few visits were spent
// on long ones.
func (k *guide) short(h []Visit) []Visit {
	if len(h) <= historyVisit {
		return h
	}
	if 4*(k.long+len(h)) > k.visits {
		return h[len(h)-historyVisit:]
	}
	k.long += len(h)
	return h
}

// base chooses what to change. Of the corpus what was chosen seldom and shows
// what was seen seldom is chosen first.
func (k *guide) base() []Visit {
	if len(k.corpus) == 0 || k.r.IntN(5) == 0 {
		var history []Visit
		for range 1 + k.r.IntN(4) {
			history = append(history, k.generator.legal(k.r).bytes)
		}
		return history
	}
	best := k.corpus[k.r.IntN(len(k.corpus))]
	for range 3 {
		if e := k.corpus[k.r.IntN(len(k.corpus))]; k.hits[e.sign]+e.chosen < k.hits[best.sign]+best.chosen {
			best = e
		}
	}
	best.chosen++
	return slices.Clone(best.history)
}

// change makes one change to a history, which it may write to.
func (k *guide) change(h []Visit) []Visit {
	r, at := k.r, k.r.IntN(len(h))
	switch n := r.IntN(100); {
	case n < 40:
		return k.altered(h, at)
	case n < 60:
		return k.bounded(slices.Insert(h, at+1, k.echoes(h[at], 1)...))
	case n < 67:
		return k.related(h)
	case n < 80:
		return k.repeated(h, at)
	case n < 85:
		return k.bounded(slices.Insert(h, at+r.IntN(2), Visit(k.generator.legal(r).bytes)))
	case n < 91:
		return slices.Delete(h, at, at+1)
	case n < 95:
		other := k.base()
		return k.bounded(slices.Concat(h[:at+1], other[r.IntN(len(other)):]))
	case n < 97:
		return k.bounded(slices.Concat(h, h))
	}
	h[at] = k.generator.wrong(r, nil)
	return h
}

// bounded leaves out what is too much, at the beginning.
func (k *guide) bounded(h []Visit) []Visit { return h[max(0, len(h)-historyVisit):] }

// repeated repeats a visit, or it and the next one: a few times, or as often as
// a number of the source says.
func (k *guide) repeated(h []Visit, at int) []Visit {
	times := 2 + k.r.IntN(3)
	if len(k.counts) > 0 && k.r.IntN(3) == 0 {
		times = max(1, k.counts[k.r.IntN(len(k.counts))]+k.r.IntN(3)-1)
	}
	to := min(len(h), at+1+k.r.IntN(2))
	if len(h) > historyVisit {
		times = min(times, 4)
	}
	var again []Visit
	for len(again) < times*(to-at) {
		again = append(again, h[at:to]...)
	}
	return slices.Concat(h[:at], again, h[to:])[:min(repeatMost, at+len(again)+len(h)-to)]
}

// parse reads a visit by a layout, so that fields can be changed.
func (k *guide) parse(v Visit) (record.Decoded, bool) {
	if len(v) > visitMost {
		return record.Decoded{}, false
	}
	for _, l := range k.o.layouts() {
		if d, err := l.Decode(v, true); err == nil && d.Size == len(v) {
			return d, true
		}
	}
	return record.Decoded{}, false
}

// isText tells whether a field holds a text, or other bytes of any length.
func isText(f *record.Field) bool {
	return f.Kind == record.Text || f.Kind == record.Blob || f.Kind == record.Until || f.Kind == record.Rest
}

// texts are the names of the fields that hold texts.
func texts(d *record.Decoded) (names []string) {
	for _, e := range d.Fields {
		if isText(e.Field) && e.Field.Name != "" {
			names = append(names, e.Field.Name)
		}
	}
	return names
}

// replaced gives a record with another value in one field. Lengths follow it.
func replaced(d *record.Decoded, name string, value any) Visit {
	v := d.Value()
	for _, f := range d.Layout.Fields {
		if f.SizeOf != "" || f.CountOf != "" {
			delete(v.Fields, f.Name)
		}
	}
	v.Fields[name] = value
	b, err := v.Append(nil)
	if err != nil {
		return nil
	}
	return b
}

// lying gives a record with another number in one field, and nothing else
// changed: lengths lie then.
func lying(d *record.Decoded, name string, n uint64) Visit {
	v := d.Value()
	v.Fields[name] = n
	b, _ := v.Append(nil)
	return b
}

// related gives one visit a text of another one, so that they have to do with
// each other.
func (k *guide) related(h []Visit) []Visit {
	from, to := k.r.IntN(len(h)), k.r.IntN(len(h))
	a, readable := k.parse(h[from])
	b, changeable := k.parse(h[to])
	if !readable || !changeable {
		return h
	}
	given, taken := texts(&a), texts(&b)
	if len(given) == 0 || len(taken) == 0 {
		return h
	}
	e, _ := a.Field(given[k.r.IntN(len(given))])
	if v := replaced(&b, taken[k.r.IntN(len(taken))], bytes.Clone(e.Bytes)); v != nil {
		h[to] = v
	}
	return h
}

// altered changes a visit: mostly a text in it, and then also where it stands in
// other visits.
func (k *guide) altered(h []Visit, at int) []Visit {
	d, is := k.parse(h[at])
	if !is || len(d.Fields) == 0 {
		h[at] = k.spoilt(h[at])
		return h
	}
	if names := texts(&d); len(names) > 0 && k.r.IntN(4) > 0 {
		e, _ := d.Field(names[k.r.IntN(len(names))])
		text := k.text(e.Bytes)
		if k.r.IntN(4) > 0 {
			return k.renamed(h, e.Bytes, text)
		}
		if v := replaced(&d, e.Field.Name, text); v != nil {
			h[at] = v
		}
		return h
	}
	e := &d.Fields[k.r.IntN(len(d.Fields))]
	if e.Field.Kind != record.Uint && e.Field.Kind != record.Decimal {
		h[at] = k.spoilt(h[at])
		return h
	}
	n := k.number()
	if e.Field.Kind == record.Uint && e.Field.Size < 8 {
		n &= 1<<(8*e.Field.Size) - 1
	}
	h[at] = lying(&d, e.Field.Name, n)
	return h
}

// renamed gives a history in which another text stands wherever one did, so that
// visits that have to do with each other still have.
func (k *guide) renamed(h []Visit, old, text []byte) []Visit {
	old, h = bytes.Clone(old), slices.Clone(h)
	for i, v := range h {
		d, is := k.parse(v)
		if !is {
			continue
		}
		for _, name := range texts(&d) {
			if e, _ := d.Field(name); !bytes.Equal(e.Bytes, old) {
				continue
			}
			if changed := replaced(&d, name, text); changed != nil {
				h[i] = changed
				d, _ = k.parse(changed)
			}
		}
	}
	return h
}

// echoes gives messages of other layouts that have to do with a visit: each takes
// a short text from it.
func (k *guide) echoes(v Visit, most int) (list []Visit) {
	d, is := k.parse(v)
	if !is {
		return nil
	}
	var others []*kindOf
	for i := range k.kinds {
		if k.kinds[i].d.Layout != d.Layout && len(k.kinds[i].texts) > 0 {
			others = append(others, &k.kinds[i])
		}
	}
	if len(others) == 0 {
		return nil
	}
	names := texts(&d)
	k.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		e, _ := d.Field(name)
		if len(e.Bytes) == 0 || len(e.Bytes) > 255 || len(list) == most {
			continue
		}
		to := others[k.r.IntN(len(others))]
		if echo := replaced(&to.d, to.texts[k.r.IntN(len(to.texts))], bytes.Clone(e.Bytes)); echo != nil {
			list = append(list, echo)
		}
	}
	return list
}

// text gives a text in place of another one: mostly with a word of the source in it.
func (k *guide) text(old []byte) []byte {
	r, word := k.r, k.word()
	switch r.IntN(10) {
	case 0, 1, 2, 3:
		return word
	case 4, 5:
		return slices.Concat(word, old)
	case 6:
		return slices.Concat(old, word)
	case 7:
		at := r.IntN(len(old) + 1)
		return slices.Concat(old[:at], word, old[at:])
	case 8:
		return k.generator.names[r.IntN(len(k.generator.names))]
	}
	n := int(min(k.number(), visitMost))
	if r.IntN(2) == 0 {
		n = r.IntN(256)
	}
	if len(old) == 0 {
		old = []byte("x")
	}
	return bytes.Repeat(old, n/len(old)+1)[:n]
}

// word gives a word of the source, now and then in other letters, or a number of
// it in digits.
func (k *guide) word() []byte {
	n := k.r.IntN(12)
	if len(k.words) == 0 || n == 0 {
		return strconv.AppendUint(nil, k.number(), 10)
	}
	word := k.words[k.r.IntN(len(k.words))]
	switch n {
	case 1:
		return bytes.ToUpper(word)
	case 2:
		return bytes.ToLower(word)
	}
	return word
}

// number gives a number of the source, or one beside it, or any small one.
func (k *guide) number() uint64 {
	if len(k.numbers) == 0 || k.r.IntN(8) == 0 {
		return k.r.Uint64N(256)
	}
	return k.numbers[k.r.IntN(len(k.numbers))] + [...]uint64{0, 0, 0, 1, ^uint64(0)}[k.r.IntN(5)]
}

// spoilt changes bytes.
func (k *guide) spoilt(v Visit) Visit {
	r, at := k.r, k.r.IntN(len(v)+1)
	switch r.IntN(5) {
	case 0:
		return v[:at]
	case 1:
		return slices.Concat(v[:at], k.word(), v[at:])
	case 2:
		word := k.wire(r)
		return slices.Concat(v[:at], word, v[min(len(v), at+len(word)):])
	case 3:
		return slices.Concat(v[:at], v[min(len(v), at+1+r.IntN(8)):])
	}
	b := bytes.Clone(v)
	if len(b) > 0 {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
	}
	return b
}

// wire gives a number as it may stand on the wire.
func (k *guide) wire(r *rand.Rand) []byte {
	b := binary.BigEndian.AppendUint64(nil, k.number())
	b = b[8-1<<r.IntN(4):]
	if r.IntN(4) == 0 {
		slices.Reverse(b)
	}
	return b
}
