package record

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Check says what is wrong with the layout itself: a size of no field, a rest
// that is not last, variants that no constant tells apart. New calls it; for a
// OneOf it is called by whoever made it.
func (l *Layout) Check() error {
	switch {
	case l.Name == "":
		return errors.New("a record wants a name")
	case len(l.Variants) > 0:
		return l.checkVariants()
	case len(l.Fields) == 0:
		return fmt.Errorf("%s wants at least one field", l.Name)
	case len(l.from) != len(l.Fields):
		return fmt.Errorf("%s was not made by New", l.Name)
	}
	for i := range l.Fields {
		if err := l.checkField(i); err != nil {
			return fmt.Errorf("%s.%s: %w", l.Name, l.Fields[i].label(), err)
		}
	}
	return nil
}

func (l *Layout) checkField(i int) error {
	f := &l.Fields[i]
	if err := l.checkName(i); err != nil {
		return err
	}
	if word := f.stray(); word != "" {
		return fmt.Errorf("%s means nothing for a %s", word, f.Kind)
	}
	if err := f.checkKind(l.from[i] >= 0); err != nil {
		return err
	}
	if err := f.checkRange(); err != nil {
		return err
	}
	if err := l.checkTarget(i); err != nil {
		return err
	}
	return l.checkPlace(i)
}

func (l *Layout) checkName(i int) error {
	name := l.Fields[i].Name
	if name == "" {
		if l.Fields[i].Kind == Lit {
			return nil
		}
		return fmt.Errorf("field %d wants a name", i)
	}
	if slices.ContainsFunc(l.Fields[:i], func(f Field) bool { return f.Name == name }) {
		return errors.New("two fields have this name")
	}
	return nil
}

// stray names a member that is set and has no meaning for the field's kind.
func (f *Field) stray() string {
	sized := f.Kind == Text || f.Kind == Blob
	switch {
	case !f.number() && f.Const != nil:
		return "const"
	case !f.number() && (f.Names != nil || f.Closed):
		return "a list of values"
	case !f.number() && (f.SizeOf != "" || f.CountOf != ""):
		return "size_of or count_of"
	case !f.number() && f.Kind != Until && f.Kind != Rest && (f.Min != nil || f.Max != nil):
		return "min or max"
	case f.Kind != Uint && f.Little:
		return "little-endian"
	case f.Kind != Uint && !sized && f.Size != 0:
		return "a size"
	case f.Kind != Uint && !sized && f.Reserved:
		return "reserved"
	case f.Kind != Lit && f.Kind != Until && f.Kind != Text && f.Bytes != nil:
		return "bytes"
	case f.Kind != Repeat && f.Kind != Choice && f.Elem != nil:
		return "an item layout"
	case f.Kind != Choice && f.Variants != nil:
		return "variants"
	}
	return ""
}

// checkKind looks at what the kind needs; given tells whether another field
// gives this one's size or count.
func (f *Field) checkKind(given bool) error {
	switch f.Kind {
	case Uint:
		if !slices.Contains([]int{1, 2, 4, 8}, f.Size) {
			return fmt.Errorf("wants a size of 1, 2, 4 or 8 bytes, got %d", f.Size)
		}
	case Lit, Until:
		if len(f.Bytes) == 0 {
			return fmt.Errorf("a %s wants at least one byte", f.Kind)
		}
	case Text, Blob:
		return f.checkSized(given)
	case Rest, Decimal:
	case Repeat:
		return f.checkRepeat()
	case Choice:
		return f.Elem.checkVariants()
	default:
		return fmt.Errorf("unknown %s", f.Kind)
	}
	return nil
}

func (f *Field) checkSized(given bool) error {
	switch {
	case f.Size < 0:
		return fmt.Errorf("wants a size of at least 1 byte, got %d", f.Size)
	case f.Size > 0 && given:
		return errors.New("has a fixed size, and another field that gives its size")
	case f.Size == 0 && !given:
		return errors.New("nothing says how long it is: give it a size or a size_of field before it, or use until or rest")
	case len(f.Bytes) > 1 || len(f.Bytes) == 1 && f.Size == 0:
		return errors.New("padding is one byte, and for a fixed size only")
	}
	return nil
}

// checkRepeat needs not ask whether items can be empty, so that a count of
// millions would cost no bytes: only an open layout can make an empty record.
func (f *Field) checkRepeat() error {
	switch {
	case f.Elem == nil:
		return errors.New("a repeat wants the layout of its items")
	case f.Elem.Check() != nil:
		return f.Elem.Check()
	case f.Elem.open():
		return fmt.Errorf("an item (%s) goes on to the end of the turn, so that no other can follow", f.Elem.Name)
	}
	return nil
}

// checkRange looks at the limits of numbers and lengths.
func (f *Field) checkRange() error {
	limits := []*uint64{f.Const, f.Min, f.Max}
	for value := range f.Names {
		limits = append(limits, &value)
	}
	for _, limit := range limits {
		if limit != nil && f.Kind == Uint && !fits(*limit, f.Size) {
			return fmt.Errorf("%d does not fit into %s", *limit, count(uint64(f.Size), "byte"))
		}
	}
	switch {
	case f.Min != nil && f.Max != nil && *f.Min > *f.Max:
		return fmt.Errorf("min %d is greater than max %d", *f.Min, *f.Max)
	case f.Closed && len(f.Names) == 0:
		return errors.New("allows no value at all")
	case f.Const != nil && !f.legal(*f.Const):
		return fmt.Errorf("its constant %d is not a legal value", *f.Const)
	}
	return nil
}

// checkTarget looks at the field whose size or count this one is.
func (l *Layout) checkTarget(i int) error {
	f := &l.Fields[i]
	name, word := f.SizeOf, "size_of"
	if f.CountOf != "" {
		name, word = f.CountOf, "count_of"
	}
	if name == "" {
		return nil
	}
	target := slices.IndexFunc(l.Fields, func(t Field) bool { return t.Name == name })
	switch {
	case f.SizeOf != "" && f.CountOf != "":
		return errors.New("cannot be a size and a count")
	case f.Const != nil || f.Reserved:
		return fmt.Errorf("%s %s cannot be constant or reserved", word, name)
	case target < 0:
		return fmt.Errorf("%s names no field %q%s", word, name, didYouMean(name, l.names()))
	case target <= i:
		return fmt.Errorf("%s %s: the field must stand later in the record", word, name)
	case l.from[target] != i:
		return fmt.Errorf("%s %s: %s gives it already", word, name, l.Fields[l.from[target]].Name)
	}
	if kind := l.Fields[target].Kind; f.CountOf != "" && kind != Repeat || f.SizeOf != "" && kind != Text && kind != Blob {
		return fmt.Errorf("%s %s: a %s has none", word, name, kind)
	}
	return nil
}

// checkPlace looks at what follows a field that does not say where it ends.
func (l *Layout) checkPlace(i int) error {
	f := &l.Fields[i]
	last := i == len(l.Fields)-1
	if last {
		return nil
	}
	if f.Kind != Decimal {
		if l.openField(i) {
			return errors.New("goes on to the end of the turn, and must be the last field")
		}
		return nil
	}
	if next := &l.Fields[i+1]; next.Kind != Lit || isDigit(next.Bytes[0]) {
		return errors.New("a decimal must be the last field, or be followed by a lit that does not begin with a digit")
	}
	return nil
}

// openField reports whether field i ends only with the turn.
func (l *Layout) openField(i int) bool {
	f := &l.Fields[i]
	switch f.Kind {
	case Rest:
		return true
	case Decimal:
		return i == len(l.Fields)-1
	case Repeat:
		return l.from[i] < 0
	case Choice:
		return f.Elem.open()
	}
	return false
}

// open reports whether a record of this layout ends only with the turn.
func (l *Layout) open() bool {
	if len(l.Variants) > 0 {
		return slices.ContainsFunc(l.Variants, (*Layout).open)
	}
	return l.openField(len(l.Fields) - 1)
}

// checkVariants makes sure that every two variants can be told apart, so that
// no bytes can be read in two ways.
func (l *Layout) checkVariants() error {
	if len(l.Variants) < 2 {
		return fmt.Errorf("%s wants at least two variants, got %d", l.Name, len(l.Variants))
	}
	for i, a := range l.Variants {
		if a == nil {
			return fmt.Errorf("%s: variant %d is missing", l.Name, i)
		}
		if err := a.Check(); err != nil {
			return err
		}
		for _, b := range l.Variants[:i] {
			if !apart(a, b) {
				return fmt.Errorf("%s: %s and %s cannot be told apart: no constant differs at the same place", l.Name, b.Name, a.Name)
			}
		}
	}
	return nil
}

// apart reports whether no bytes can be a record of both layouts.
func apart(a, b *Layout) bool {
	if len(a.Variants) > 0 {
		return !slices.ContainsFunc(a.Variants, func(v *Layout) bool { return !apart(v, b) })
	}
	if len(b.Variants) > 0 {
		return apart(b, a)
	}
	for i := range min(len(a.Fields), len(b.Fields)) {
		fa, fb := &a.Fields[i], &b.Fields[i]
		if fa.differs(fb) {
			return true
		}
		if !fa.sameShape(fb) || a.from[i] != b.from[i] {
			return false
		}
	}
	return false
}

// differs reports whether two fields at the same place have no value in common.
func (f *Field) differs(g *Field) bool {
	if f.Kind == Lit && g.Kind == Lit {
		n := min(len(f.Bytes), len(g.Bytes))
		return !bytes.Equal(f.Bytes[:n], g.Bytes[:n])
	}
	if f.Kind != Uint || !f.sameShape(g) {
		return false
	}
	return f.excludes(g) || g.excludes(f)
}

// excludes reports whether f allows one value only, which g does not allow.
func (f *Field) excludes(g *Field) bool {
	return f.Const != nil && !f.Reserved && !g.legal(*f.Const)
}

// sameShape reports whether the two fields end at the same place in any bytes.
func (f *Field) sameShape(g *Field) bool {
	return f.Kind == g.Kind && f.Size == g.Size && f.Little == g.Little &&
		bytes.Equal(f.Bytes, g.Bytes) && (f.Kind == Choice || f.Elem == g.Elem) && slices.Equal(f.Variants, g.Variants)
}

// fits reports whether n can be written in size bytes.
func fits(n uint64, size int) bool { return size >= 8 || n>>(8*size) == 0 }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
