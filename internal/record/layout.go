// Package record describes the messages of a protocol as data, and reads,
// writes and explains bytes by that description.
//
// A [Layout] is a list of fields. It is declared once and used in four ways:
//
//	Value  --Append--> bytes     what a scenario sends, truthful or not
//	bytes  --Decode--> Decoded   what a program sent, read strictly
//	Decoded --Match--> error     whether it is what a scenario expects
//	bytes  --Dump----> text      the same bytes for a person, field by field
//
// Encoding and decoding are deliberately unequal. Append fills in what was not
// given and writes what was given even if it lies, because a test must be able
// to say that a name is 200 bytes long and send five. Decode accepts only what
// the layout allows: every constant, bound and size is checked, and what it
// accepts encodes to the same bytes again.
//
// A size on the wire is a claim. Decode compares it with the bytes at hand and
// never allocates by it, so that a record that claims four gigabytes costs no
// more than one that claims four bytes.
//
// The package does no input or output besides Dump's writer, knows no protocol,
// and has no expressions or conditions: a record that needs them ends in a Blob.
package record

import (
	"fmt"
	"slices"
)

// Kind says how a field is laid out on the wire.
type Kind uint8

// The kinds of fields. In comments, "the turn" is everything that a program
// sends before it waits for the other side, or before it closes.
const (
	Uint    Kind = iota + 1 // an unsigned integer of Size bytes
	Lit                     // exactly Bytes
	Text                    // characters, of a fixed Size or sized by another field; any bytes are legal
	Blob                    // the same for bytes that are not meant to be read by people
	Until                   // bytes up to the delimiter Bytes, which is consumed and not part of the value
	Rest                    // everything up to the end of the turn
	Decimal                 // an unsigned integer in decimal digits, without leading zeros
	Repeat                  // records of layout Elem: as many as the CountOf field says, or up to the end of the turn
	Choice                  // one record of one of Variants
)

var kindNames = [...]string{Uint: "uint", Lit: "lit", Text: "text", Blob: "blob", Until: "until",
	Rest: "rest", Decimal: "decimal", Repeat: "repeat", Choice: "one_of"}

// String returns the word for the kind that a protocol file uses.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kindNames[k]
}

// A Field is one part of a record. Which of its members count depends on Kind;
// New refuses a member that means nothing there.
type Field struct {
	Name   string // unique in its layout; only a Lit may have none
	Kind   Kind
	Size   int  // width in bytes. Uint: 1, 2, 4 or 8. Text and Blob: 0 means that another field's SizeOf gives it
	Little bool // Uint: least significant byte first

	Const  *uint64           // numbers: the only legal value
	Names  map[uint64]string // numbers: what values mean, for dumps
	Closed bool              // numbers: only the values in Names are legal
	Min    *uint64           // numbers: the least legal value; Until and Rest: the least legal length in bytes
	Max    *uint64           // the same, the greatest

	SizeOf  string // numbers: this is the length in bytes of that later Text or Blob
	CountOf string // numbers: this is the number of items of that later Repeat

	Bytes    []byte // Lit: the bytes; Until: the delimiter; Text of a fixed Size: the one byte that pads it, NUL if empty
	Reserved bool   // Uint, Text, Blob: writers set it (to Const), readers accept anything

	Elem     *Layout   // Repeat: the layout of each item. New sets it for a Choice too
	Variants []*Layout // Choice: told apart by the first constant or literal in which they differ
}

// A Layout is one kind of record: its fields in the order of the wire, or the
// variants that it can be. Layouts are made by New and OneOf and not changed
// afterwards; they may be used by many goroutines at once.
type Layout struct {
	Name     string
	Fields   []Field
	Variants []*Layout // of a OneOf, which has no fields of its own

	from []int // for each field, the index of the field that gives its size or count, or -1
}

// New makes a layout and checks it, so that a slip in a protocol file is
// reported where it was made, and not as a failure of every program.
func New(name string, fields ...Field) (*Layout, error) {
	l := &Layout{Name: name, Fields: slices.Clone(fields)}
	l.from = make([]int, len(l.Fields))
	for i := range l.Fields {
		l.from[i] = l.source(i)
		if f := &l.Fields[i]; f.Kind == Choice && f.Elem == nil {
			f.Elem = OneOf(f.Name, f.Variants...)
		}
	}
	if err := l.Check(); err != nil {
		return nil, err
	}
	return l, nil
}

// OneOf makes a layout that is any one of the variants. Whoever cannot be sure
// that they can be told apart asks Check.
func OneOf(name string, variants ...*Layout) *Layout {
	return &Layout{Name: name, Variants: variants}
}

// Field returns the field of that name. A OneOf has none: ask its variants.
func (l *Layout) Field(name string) (*Field, bool) {
	for i := range l.Fields {
		if l.Fields[i].Name == name && name != "" {
			return &l.Fields[i], true
		}
	}
	return nil, false
}

// includes reports whether a record of layout v is a record of layout l.
func (l *Layout) includes(v *Layout) bool {
	if l == v {
		return true
	}
	return slices.ContainsFunc(l.Variants, func(w *Layout) bool { return w.includes(v) })
}

// source returns the index of the field that gives field i its size or count.
func (l *Layout) source(i int) int {
	name := l.Fields[i].Name
	return slices.IndexFunc(l.Fields, func(f Field) bool {
		return name != "" && (f.SizeOf == name || f.CountOf == name)
	})
}

// names lists the names of the fields that have one.
func (l *Layout) names() []string {
	var names []string
	for _, f := range l.Fields {
		if f.Name != "" {
			names = append(names, f.Name)
		}
	}
	return names
}

// label is the name under which messages and dumps show the field.
func (f *Field) label() string {
	if f.Name == "" {
		return f.Kind.String()
	}
	return f.Name
}

// number reports whether values of the field are integers.
func (f *Field) number() bool { return f.Kind == Uint || f.Kind == Decimal }

// legal reports whether a reader accepts the integer, or the length, n.
func (f *Field) legal(n uint64) bool {
	switch {
	case f.Reserved:
		return true
	case f.Const != nil && n != *f.Const, f.Min != nil && n < *f.Min, f.Max != nil && n > *f.Max:
		return false
	case f.Closed:
		_, ok := f.Names[n]
		return ok
	}
	return true
}

// pad is the byte that fills a Text of fixed size.
func (f *Field) pad() byte {
	if len(f.Bytes) == 0 {
		return 0
	}
	return f.Bytes[0]
}
