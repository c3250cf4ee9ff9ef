package record

import (
	"bytes"
	"fmt"
	"strconv"
)

// Match holds a record against what was wanted: every field that is given in
// want must be equal, the others may be anything, since Decode has found them
// legal. The error is a *FieldError at the first field that differs, and wraps
// ErrMismatch; an error of another type means that want itself is wrong.
func (d *Decoded) Match(want Value) error {
	if err := want.Check(); err != nil {
		return err
	}
	m := matcher{layout: d.Layout}
	if bad := m.record(d, want, ""); bad != nil {
		return bad
	}
	return nil
}

type matcher struct {
	layout *Layout // of the whole record, for messages
}

func (m matcher) record(d *Decoded, want Value, path string) *FieldError {
	if !want.Layout.includes(d.Layout) {
		return m.otherLayout(d, want.Layout, path)
	}
	for i := range d.Fields {
		e := &d.Fields[i]
		given, ok := want.Fields[e.Field.Name]
		if !ok {
			continue
		}
		if bad := m.field(e, given, path+e.Field.Name); bad != nil {
			return bad
		}
	}
	return nil
}

// otherLayout points at the constant by which the two layouts are told apart.
func (m matcher) otherLayout(d *Decoded, want *Layout, path string) *FieldError {
	for i := range min(len(d.Fields), len(want.Fields)) {
		e, f := &d.Fields[i], &want.Fields[i]
		if e.Field.differs(f) {
			return m.mismatch(e, path+e.Field.label(), f.only()+", of "+want.Name, e.shown()+", of "+d.Layout.Name)
		}
	}
	return &FieldError{Layout: m.layout.Name, Field: path, Offset: d.Offset, Want: want.Name, Got: d.Layout.Name, Err: ErrMismatch}
}

// only shows what the field must hold.
func (f *Field) only() string {
	if f.Kind == Lit {
		return quote(f.Bytes)
	}
	return f.limits()
}

// shown is the value in words.
func (e *DecodedField) shown() string {
	if e.Field.number() {
		return e.Field.show(e.Uint)
	}
	return quote(e.Bytes)
}

func (m matcher) field(e *DecodedField, given any, path string) *FieldError {
	switch x := given.(type) {
	case uint64:
		if x != e.Uint {
			return m.mismatch(e, path, e.Field.show(x), e.Field.show(e.Uint))
		}
	case []byte:
		if !bytes.Equal(x, e.Bytes) {
			at := firstDifference(x, e.Bytes)
			return m.mismatch(e, path, quoteAround(x, at), quoteAround(e.Bytes, at))
		}
	case []Value:
		return m.items(e, x, path)
	case Value:
		return m.record(&e.Items[0], x, path+".")
	}
	return nil
}

func (m matcher) items(e *DecodedField, want []Value, path string) *FieldError {
	for i := range min(len(want), len(e.Items)) {
		if bad := m.record(&e.Items[i], want[i], fmt.Sprintf("%s[%d].", path, i)); bad != nil {
			return bad
		}
	}
	if len(want) != len(e.Items) {
		return m.mismatch(e, path, count(uint64(len(want)), "item"), count(uint64(len(e.Items)), "item"))
	}
	return nil
}

func (m matcher) mismatch(e *DecodedField, path, want, got string) *FieldError {
	return &FieldError{Layout: m.layout.Name, Field: path, Offset: e.Offset, Want: want, Got: got, Err: ErrMismatch}
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// quoteAround shows the part of a text in which it differs from another one.
func quoteAround(b []byte, at int) string {
	if at < maxQuoted/2 || len(b) <= maxQuoted {
		return quote(b)
	}
	from := runeStart(b, min(at, len(b)-1)-4)
	part := b[from:min(from+maxQuoted/2, len(b))]
	return fmt.Sprintf("…%s… (%d bytes, from byte %d)", strconv.Quote(string(part)), len(b), from)
}
