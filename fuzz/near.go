package fuzz

import (
	"bytes"
	"fmt"
	"slices"

	"netproctor/internal/record"
)

// everyCut is up to how many bytes a record is cut after every byte, and not
// only around the borders of its fields.
const everyCut = 64

// Near gives bytes that are almost the legal record b: each number at its edges,
// so that lengths and counts lie, its bytes the other way round; each literal
// spoilt; the record cut around every border; and something behind it.
func Near(l *record.Layout, b []byte) [][]byte {
	d, err := l.Decode(b, true)
	if err != nil {
		return nil
	}
	var list set
	for _, e := range leaves(&d, nil) {
		for _, other := range others(&e) {
			list.add(slices.Concat(b[:e.Offset], other, b[e.Offset+e.Size:]))
		}
	}
	for _, n := range Cuts(&d) {
		list.add(b[:n])
	}
	for _, behind := range [][]byte{{0}, {0xff}, []byte("\n"), b} {
		list.add(slices.Concat(b, behind))
	}
	return list.all
}

// Cuts gives where a record is worth cutting: at the borders of its fields, one
// byte before and behind them, and if it is short everywhere.
func Cuts(d *record.Decoded) (cuts []int) {
	for _, n := range append(d.Borders(), d.Offset, d.Offset+d.Size) {
		cuts = append(cuts, n-1, n, n+1)
	}
	for n := range min(d.Size, everyCut) {
		cuts = append(cuts, d.Offset+n)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	return slices.DeleteFunc(cuts, func(n int) bool { return n < d.Offset || n >= d.Offset+d.Size })
}

// leaves appends the fields of a record that are not made of other records. Of
// many items the first and the last speak for all.
func leaves(d *record.Decoded, all []record.DecodedField) []record.DecodedField {
	for _, e := range d.Fields {
		switch n := len(e.Items); {
		case e.Field.Kind != record.Repeat && e.Field.Kind != record.Choice:
			all = append(all, e)
		case n > 1:
			all = leaves(&e.Items[n-1], leaves(&e.Items[0], all))
		case n > 0:
			all = leaves(&e.Items[0], all)
		}
	}
	return all
}

// others gives what could stand in place of a field.
func others(e *record.DecodedField) (all [][]byte) {
	wire := e.Bytes
	switch e.Field.Kind {
	case record.Uint:
		for _, n := range numbers(e.Field) {
			all = append(all, integer(n, e.Field))
		}
		for _, n := range []uint64{e.Uint - 1, e.Uint + 1, e.Uint + 256} { // a neighbour of the truth
			all = append(all, integer(n, e.Field))
		}
		swapped := bytes.Clone(wire)
		slices.Reverse(swapped)
		return append(all, swapped)
	case record.Decimal:
		for _, n := range numbers(e.Field) {
			all = append(all, fmt.Append(nil, n))
		}
		for _, s := range []string{"", "-1", "+1", "01", "1.5", "0x1", "1e3", "18446744073709551616", " 1"} {
			all = append(all, []byte(s))
		}
	case record.Lit:
		for i := range wire {
			spoilt := bytes.Clone(wire)
			spoilt[i] ^= 0x20
			all = append(all, spoilt)
		}
	}
	return all
}

// integer writes a number as the field does, without what does not fit.
func integer(n uint64, f *record.Field) []byte {
	b := make([]byte, f.Size)
	for i := range b {
		b[i] = byte(n >> (8 * (f.Size - 1 - i)))
	}
	if f.Little {
		slices.Reverse(b)
	}
	return b
}
