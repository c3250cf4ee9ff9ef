package fuzz

import (
	"bytes"
	"slices"

	"netproctor/internal/record"
)

// Legal gives records that the layout allows, of at most so many bytes: a small
// one first, and then, one field at a time, its edges. A OneOf gives those of
// each variant. Lengths and counts say the truth.
func Legal(l *record.Layout, most int) [][]byte {
	var list set
	for _, v := range variants(l) {
		base := small(v)
		for _, fields := range append([]map[string]any{base}, varied(v, base, most)...) {
			b, err := record.Value{Layout: v, Fields: fields}.Append(nil)
			if err != nil || len(b) > most {
				continue
			}
			if d, err := l.Decode(b, true); err == nil && d.Size == len(b) {
				list.add(b)
			}
		}
	}
	return list.all
}

// variants gives the layouts of a OneOf, or the one layout that l is.
func variants(l *record.Layout) []*record.Layout {
	if len(l.Variants) == 0 {
		return []*record.Layout{l}
	}
	var all []*record.Layout
	for _, v := range l.Variants {
		all = append(all, variants(v)...)
	}
	return all
}

// small gives the fields of a small record: texts of two bytes, two items, and
// numbers as Append fills them in.
func small(l *record.Layout) map[string]any {
	fields := map[string]any{}
	for i := range l.Fields {
		f := &l.Fields[i]
		switch f.Kind {
		case record.Text, record.Blob, record.Until, record.Rest:
			fields[f.Name] = letters(max(2, f.Size))
		case record.Repeat:
			item := record.Value{Layout: variants(f.Elem)[0], Fields: small(variants(f.Elem)[0])}
			fields[f.Name] = []record.Value{item, item}
		case record.Choice:
			fields[f.Name] = record.Value{Layout: variants(f.Elem)[0], Fields: small(variants(f.Elem)[0])}
		}
	}
	return fields
}

// varied gives the base with one field after the other at each of its edges.
func varied(l *record.Layout, base map[string]any, most int) (all []map[string]any) {
	for i := range l.Fields {
		f := &l.Fields[i]
		for _, value := range edges(l, f, most) {
			fields := map[string]any{f.Name: value}
			for name, v := range base {
				if name != f.Name {
					fields[name] = v
				}
			}
			all = append(all, fields)
		}
	}
	return all
}

// edges gives values of a field that are worth trying. Which of them are legal
// is for Decode to say.
func edges(l *record.Layout, f *record.Field, most int) (values []any) {
	switch f.Kind {
	case record.Uint, record.Decimal:
		if f.SizeOf+f.CountOf != "" || f.Const != nil {
			return nil
		}
		for _, n := range numbers(f) {
			values = append(values, n)
		}
	case record.Text, record.Blob, record.Until, record.Rest:
		for _, n := range lengths(l, f, most) {
			values = append(values, letters(n))
		}
		for _, s := range []string{"\x00", "\xff\xfe", "é€🐧", "../x", "\x1b[2J", "\r\n", "%s%n"} {
			values = append(values, []byte(s))
		}
	case record.Repeat:
		for _, n := range lengths(l, f, most/4) {
			values = append(values, repeated(f.Elem, n))
		}
	case record.Choice:
		for _, v := range variants(f.Elem) {
			values = append(values, record.Value{Layout: v, Fields: small(v)})
		}
	}
	return values
}

// repeated gives so many items, of each variant in turn.
func repeated(l *record.Layout, n int) []record.Value {
	all := variants(l)
	items := make([]record.Value, n)
	for i := range items {
		v := all[i%len(all)]
		items[i] = record.Value{Layout: v, Fields: small(v)}
	}
	return items
}

// numbers gives the edges of an integer field: of its width, of its limits and of
// its listed values.
func numbers(f *record.Field) []uint64 {
	top := ^uint64(0)
	if f.Kind == record.Uint {
		top >>= 64 - 8*f.Size
	}
	all := append(limits(f), 0, 1, 2, top, top-1, top/2+1, top/2)
	for n := range f.Names {
		all = append(all, n)
	}
	return below(all, top)
}

// limits gives what a field says of its number or length, and the neighbours.
func limits(f *record.Field) (all []uint64) {
	for _, n := range []*uint64{f.Const, f.Min, f.Max} {
		if n != nil {
			all = append(all, *n-1, *n, *n+1)
		}
	}
	return all
}

// lengths gives the edges of the length of a text or of the number of items,
// as its own limits are and those of the number that gives it.
func lengths(l *record.Layout, f *record.Field, most int) (all []int) {
	wanted := append(limits(f), 0, 1, 2, 3)
	for _, g := range l.Fields {
		if f.Name != "" && (g.SizeOf == f.Name || g.CountOf == f.Name) {
			wanted = append(wanted, numbers(&g)...)
		}
	}
	for _, n := range below(wanted, uint64(most)) {
		all = append(all, int(n))
	}
	return all
}

// below gives those numbers that are not above a limit, sorted, each only once.
func below(all []uint64, most uint64) []uint64 {
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(n uint64) bool { return n > most })
}

// letters gives a text of so many bytes.
func letters(n int) []byte { return bytes.Repeat([]byte("abcdefghij"), n/10+1)[:n] }
