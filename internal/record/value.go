package record

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Value is a record to be written, or what a record read is held against.
//
// Fields holds, by field name, a uint64 for Uint and Decimal, []byte for Text,
// Blob, Until, Rest and Lit (and for a Decimal that is not to be a number),
// []Value for Repeat and Value for Choice. Where the layout is a OneOf, Layout
// is the variant.
type Value struct {
	Layout *Layout
	Fields map[string]any
}

// Append appends the wire form of v to b.
//
// Fields that are not given are filled in: constants and literals, sizes and
// counts as they really are, otherwise the least legal number and empty text.
// A field that is given is written as it is given, even if that is a lie. Only
// what cannot be written at all is an error.
func (v Value) Append(b []byte) ([]byte, error) {
	if err := v.Check(); err != nil {
		return b, err
	}
	return v.append(slices.Grow(b, v.texts()))
}

// texts is how many bytes of the value are not numbers: nearly all of a long one.
func (v Value) texts() int {
	n := 0
	for _, x := range v.Fields {
		switch x := x.(type) {
		case []byte:
			n += len(x)
		case []Value:
			for _, item := range x {
				n += item.texts()
			}
		case Value:
			n += x.texts()
		default:
			n += 4
		}
	}
	return n
}

// Check reports a value that Append or Match could not use whatever the bytes
// are: a name that the layout does not have, a wrong type, an integer that is
// too wide for its field.
func (v Value) Check() error {
	if v.Layout == nil {
		return errors.New("a value wants a layout")
	}
	if len(v.Layout.Variants) > 0 && len(v.Fields) > 0 {
		return v.undecided()
	}
	for _, name := range slices.Sorted(maps.Keys(v.Fields)) {
		f, ok := v.Layout.Field(name)
		if !ok {
			return fmt.Errorf("%s has no field %q%s", v.Layout.Name, name, didYouMean(name, v.Layout.names()))
		}
		if err := f.accepts(v.Fields[name]); err != nil {
			return fmt.Errorf("%s.%s: %w", v.Layout.Name, name, err)
		}
	}
	return nil
}

// accepts reports why a value cannot be written into the field.
func (f *Field) accepts(value any) error {
	switch x := value.(type) {
	case uint64:
		if f.Kind == Uint && !fits(x, f.Size) {
			return fmt.Errorf("%d does not fit into %s", x, count(uint64(f.Size), "byte"))
		}
		if f.number() {
			return nil
		}
	case []byte:
		if f.Kind != Uint && f.Kind != Repeat && f.Kind != Choice {
			return nil
		}
	case []Value:
		if f.Kind == Repeat {
			return f.acceptItems(x)
		}
	case Value:
		if f.Kind == Choice {
			return f.acceptItems([]Value{x})
		}
	}
	return fmt.Errorf("a %s wants %s, got %T", f.Kind, f.wantType(), value)
}

func (f *Field) acceptItems(items []Value) error {
	for i, item := range items {
		if item.Layout == nil || !f.Elem.includes(item.Layout) {
			return fmt.Errorf("item %d wants to be a %s", i, f.Elem.Name)
		}
		if err := item.Check(); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	return nil
}

func (f *Field) wantType() string {
	switch f.Kind {
	case Uint, Decimal:
		return "an integer"
	case Repeat:
		return "a list of " + f.Elem.Name
	case Choice:
		return "a " + f.Elem.Name
	}
	return "bytes"
}

func (v Value) undecided() error {
	return fmt.Errorf("%s is one of several records, choose one: %s", v.Layout.Name, variantNames(v.Layout))
}

func (v Value) append(b []byte) ([]byte, error) {
	if len(v.Layout.Variants) > 0 {
		return b, v.undecided()
	}
	for i := range v.Layout.Fields {
		var err error
		if b, err = v.appendField(b, &v.Layout.Fields[i]); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (v Value) appendField(b []byte, f *Field) ([]byte, error) {
	switch x := v.Fields[f.Name].(type) {
	case uint64:
		return appendNumber(b, f, x), nil
	case []byte:
		return appendBytes(b, f, x), nil
	case []Value:
		return appendItems(b, x)
	case Value:
		return x.append(b)
	}
	return v.appendDefault(b, f)
}

// appendDefault writes a field that was not given.
func (v Value) appendDefault(b []byte, f *Field) ([]byte, error) {
	switch f.Kind {
	case Uint, Decimal:
		n := v.number(f)
		if f.Kind == Uint && !fits(n, f.Size) {
			return b, fmt.Errorf("%s.%s (%s) cannot hold %d, which is how much there is of %s; give it too if it is to lie",
				v.Layout.Name, f.Name, count(uint64(f.Size), "byte"), n, f.SizeOf+f.CountOf)
		}
		return appendNumber(b, f, n), nil
	case Lit:
		return append(b, f.Bytes...), nil
	case Repeat:
		return b, nil
	case Choice:
		return b, fmt.Errorf("%s.%s is not given, choose one: %s", v.Layout.Name, f.Name, variantNames(f.Elem))
	case Blob:
		return append(b, make([]byte, f.Size)...), nil
	}
	return appendBytes(b, f, nil), nil
}

// number is what a number that was not given says: the truth.
func (v Value) number(f *Field) uint64 {
	switch {
	case f.SizeOf != "":
		given, _ := v.Fields[f.SizeOf].([]byte)
		return uint64(len(given))
	case f.CountOf != "":
		given, _ := v.Fields[f.CountOf].([]Value)
		return uint64(len(given))
	case f.Const != nil:
		return *f.Const
	case f.Min != nil:
		return *f.Min
	case f.Closed && !f.legal(0):
		return slices.Min(slices.Collect(maps.Keys(f.Names)))
	}
	return 0
}

func appendNumber(b []byte, f *Field, n uint64) []byte {
	if f.Kind == Decimal {
		return strconv.AppendUint(b, n, 10)
	}
	for i := range f.Size {
		shift := f.Size - 1 - i
		if f.Little {
			shift = i
		}
		b = append(b, byte(n>>(8*shift)))
	}
	return b
}

func appendBytes(b []byte, f *Field, x []byte) []byte {
	b = append(b, x...)
	switch {
	case f.Kind == Until:
		b = append(b, f.Bytes...)
	case f.Kind == Text && len(x) < f.Size:
		b = append(b, bytes.Repeat([]byte{f.pad()}, f.Size-len(x))...)
	}
	return b
}

func appendItems(b []byte, items []Value) (_ []byte, err error) {
	for _, item := range items {
		if b, err = item.append(b); err != nil {
			return b, err
		}
	}
	return b, nil
}

func variantNames(l *Layout) string {
	names := make([]string, len(l.Variants))
	for i, v := range l.Variants {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}
