package record

import (
	"slices"
	"strings"
)

// choose reads the variant that fits. Check has made sure that at most one does.
func (r *reader) choose(l *Layout, d *Decoded, at int) bool {
	if r.lenient {
		return r.chooseNearest(l, d, at)
	}
	var best fault
	which := -1
	for i, v := range l.Variants {
		if r.layout(v, d, at) {
			return true
		}
		if which < 0 || r.fault.beats(&best) {
			best, which = r.fault, i
		}
	}
	r.explain(l, d, at, which, best)
	return false
}

// explain leaves in d and fault what the variant that came furthest makes of the
// bytes. If others came as far, the bytes did not settle which variant it is:
// then the error is about the whole, and wants what any of them wants.
func (r *reader) explain(l *Layout, d *Decoded, at, which int, best fault) {
	var wants []string
	ties := 0
	for _, v := range l.Variants {
		r.layout(v, d, at)
		if r.fault.err != best.err || r.fault.offset != best.offset {
			continue
		}
		ties++
		if want := r.fault.wanted(); !slices.Contains(wants, want) {
			wants = append(wants, want)
		}
	}
	r.layout(l.Variants[which], d, at)
	if ties > 1 {
		d.Layout = l
	}
	r.fault = best
	r.fault.want = strings.Join(wants, " or ")
}

// beats reports whether f is the better account of why no variant fits. A
// variant that more bytes could complete comes first, then the furthest.
func (f *fault) beats(g *fault) bool {
	if f.err != g.err {
		return f.err == ErrShort
	}
	return f.offset > g.offset
}

// chooseNearest reads the variant in which the least is wrong, so that a dump
// of a record with a wrong constant still shows what was meant.
func (r *reader) chooseNearest(l *Layout, d *Decoded, at int) bool {
	before := r.faults
	which, least, size := 0, -1, 0
	for i, v := range l.Variants {
		r.faults = 0
		n := 0
		if !r.layout(v, d, at) {
			n = 1
		}
		n += r.faults
		if least < 0 || n < least || n == least && d.Size > size {
			which, least, size = i, n, d.Size
		}
	}
	r.faults = before
	return r.layout(l.Variants[which], d, at)
}
