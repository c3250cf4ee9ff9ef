package conformance

import (
	"bytes"
	"fmt"
	"maps"
	"math/bits"
	"strings"
	"unicode/utf8"

	"netproctor/internal/record"
)

// describe says in one line what message was wanted: the fields that were
// given, in the order of the wire.
func describe(v record.Value) string {
	var parts []string
	for _, f := range v.Layout.Fields {
		x, given := v.Fields[f.Name]
		if !given {
			continue
		}
		switch x := x.(type) {
		case uint64:
			parts = append(parts, fmt.Sprintf("%s = %d", f.Name, x))
		case []byte:
			parts = append(parts, f.Name+" = "+quote(x))
		case []record.Value:
			parts = append(parts, count(len(x), strings.TrimSuffix(f.Name, "s")))
		}
	}
	if len(parts) == 0 {
		return article(v.Layout.Name)
	}
	return article(v.Layout.Name) + " with " + strings.Join(parts, ", ")
}

// article puts "a" or "an" before a name.
func article(name string) string {
	if strings.ContainsAny(name[:1], "AEIOUaeiou") {
		return "an " + name
	}
	return "a " + name
}

// A mistake is a way to write a record wrongly: it gives the integer that a
// program that makes it writes in place of n. text is what the integer gives
// the length of, if it does.
type mistake struct {
	says  string
	write func(f *record.Field, n uint64, text []byte) uint64
}

// mistakes are those that can be told by the bytes alone.
var mistakes = []mistake{
	{"these are the right numbers in the other byte order: integers go big-endian (network byte order)", func(f *record.Field, n uint64, _ []byte) uint64 {
		return swap(f, n)
	}},
	{"these are the right lengths and counts in the other byte order: integers go big-endian (network byte order)", func(f *record.Field, n uint64, _ []byte) uint64 {
		if f.Const != nil {
			return n
		}
		return swap(f, n)
	}},
	{"this is the right magic number in the other byte order: integers go big-endian (network byte order)", func(f *record.Field, n uint64, _ []byte) uint64 {
		if f.Const == nil {
			return n
		}
		return swap(f, n)
	}},
	{"the lengths are those in characters: count the bytes of the encoded text", func(f *record.Field, n uint64, text []byte) uint64 {
		if text == nil {
			return n
		}
		return uint64(utf8.RuneCount(text))
	}},
}

// swap turns the bytes of an integer round.
func swap(f *record.Field, n uint64) uint64 { return bits.ReverseBytes64(n) >> (64 - 8*f.Size) }

// hint explains what came in place of a message. It says nothing unless a
// mistake gives just these bytes.
func hint(want record.Value, got []byte) string {
	right, err := want.Append(nil)
	if err != nil || len(right) != len(got) || bytes.Equal(right, got) {
		return "" // no mistake changes the length
	}
	for _, m := range mistakes {
		wrong, err := m.spoil(want).Append(nil)
		if err == nil && bytes.Equal(wrong, got) && !bytes.Equal(wrong, right) {
			return m.says
		}
	}
	return ""
}

// spoil gives the record with the mistake in it.
func (m mistake) spoil(v record.Value) record.Value {
	out := record.Value{Layout: v.Layout, Fields: maps.Clone(v.Fields)}
	for i := range v.Layout.Fields {
		f := &v.Layout.Fields[i]
		switch f.Kind {
		case record.Uint:
			n, text := meant(f, v)
			out.Fields[f.Name] = m.write(f, n, text)
		case record.Repeat:
			items, _ := v.Fields[f.Name].([]record.Value)
			spoilt := make([]record.Value, len(items))
			for i, item := range items {
				spoilt[i] = m.spoil(item)
			}
			out.Fields[f.Name] = spoilt
		}
	}
	return out
}

// meant is what an integer field should hold, and the text that it gives the
// length of, if any.
func meant(f *record.Field, v record.Value) (uint64, []byte) {
	if n, given := v.Fields[f.Name].(uint64); given {
		return n, nil
	}
	if f.Const != nil {
		return *f.Const, nil
	}
	if text, given := v.Fields[f.SizeOf].([]byte); given {
		return uint64(len(text)), text
	}
	if items, given := v.Fields[f.CountOf].([]record.Value); given {
		return uint64(len(items)), nil
	}
	if f.Min != nil {
		return *f.Min, nil
	}
	return 0, nil
}
