package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrShort is wrapped by errors about bytes that end too early: more of them
// could still make a record.
var ErrShort = errors.New("more bytes are needed")

// ErrIllegal is wrapped by errors about bytes that the layout does not allow,
// whatever follows them.
var ErrIllegal = errors.New("not legal")

// ErrMismatch is wrapped by errors about a legal record that is not the one
// that was wanted.
var ErrMismatch = errors.New("not what was wanted")

// A FieldError says which field of a record is wrong, where it stands, and what
// was wanted and what was got there.
type FieldError struct {
	Layout string // the record's name
	Field  string // the field's name; within items a path such as messages[3].sender_len
	Offset int    // in bytes, where the field begins
	Want   string
	Got    string
	Err    error // ErrShort, ErrIllegal or ErrMismatch
}

// Error says everything but the wrapped error, in one line.
func (e *FieldError) Error() string {
	verb := "got"
	if e.Err == ErrShort {
		verb = "have"
	}
	return fmt.Sprintf("%s.%s wants %s at offset %d, %s %s", e.Layout, e.Field, e.Want, e.Offset, verb, e.Got)
}

// Unwrap returns Err.
func (e *FieldError) Unwrap() error { return e.Err }

// A fault is a FieldError that has not been put into words.
type fault struct {
	err    error // ErrShort or ErrIllegal
	field  *Field
	path   string // of the items that the field is in, ending with a dot
	offset int
	need   uint64 // ErrShort: the bytes that the field needs, or theEnd
	number uint64 // ErrIllegal: the number read
	left   []byte // what there is of the field
	want   string // set where several variants want different things
}

// within puts the items field e, whose last item the fault is in, before the path.
func (f *fault) within(e *DecodedField) {
	step := e.Field.Name
	if e.Field.Kind == Repeat {
		step = fmt.Sprintf("%s[%d]", step, len(e.Items)-1)
	}
	f.path = step + "." + f.path
}

// theEnd stands for the size of a field that does not know its size.
const theEnd = 0

func (f *fault) name() string { return f.path + f.field.label() }

func (f *fault) fieldError(l *Layout) *FieldError {
	return &FieldError{Layout: l.Name, Field: f.name(), Offset: f.offset, Want: f.wanted(), Got: f.got(), Err: f.err}
}

func (f *fault) wanted() string {
	switch {
	case f.want != "":
		return f.want
	case f.field.Kind == Lit:
		return quote(f.field.Bytes)
	case f.field.Kind == Decimal && f.err == ErrShort && len(f.left) > 0:
		return "the end of the number"
	case f.malformed():
		return "a decimal number"
	case f.err == ErrIllegal:
		return f.field.limits()
	case f.field.Kind == Until:
		return "a " + quote(f.field.Bytes) + " behind it"
	case f.need == theEnd:
		return "the end"
	}
	return count(f.need, "byte")
}

func (f *fault) got() string {
	switch {
	case f.field.Kind == Lit || f.malformed():
		return quote(f.left)
	case f.err == ErrIllegal && f.field.number():
		return f.field.show(f.number)
	case f.err == ErrIllegal:
		return count(uint64(len(f.left)), "byte")
	}
	return strconv.Itoa(len(f.left))
}

// malformed reports whether the fault is a decimal that is no number at all.
func (f *fault) malformed() bool {
	return f.field.Kind == Decimal && strconv.FormatUint(f.number, 10) != string(f.left)
}

// limits says which numbers or lengths are legal.
func (f *Field) limits() string {
	amount := func(n uint64) string { return count(n, "byte") }
	if f.number() {
		amount = func(n uint64) string { return strconv.FormatUint(n, 10) }
	}
	switch {
	case f.Const != nil:
		return f.show(*f.Const)
	case f.Closed:
		return f.alternatives()
	case f.Min != nil && f.Max != nil:
		return fmt.Sprintf("%d to %s", *f.Min, amount(*f.Max))
	case f.Min != nil:
		return fmt.Sprintf("at least %s", amount(*f.Min))
	case f.Max != nil:
		return fmt.Sprintf("at most %s", amount(*f.Max))
	}
	return "anything"
}

func (f *Field) alternatives() string {
	var all []uint64
	for n := range f.Names {
		if f.legal(n) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	words := make([]string, len(all))
	for i, n := range all {
		words[i] = f.show(n)
	}
	return strings.Join(words, " or ")
}

// show writes a number as a person would: with its meaning if it has one, magic
// numbers in hexadecimal, everything else in decimal.
func (f *Field) show(n uint64) string {
	if name := f.Names[n]; name != "" {
		return fmt.Sprintf("%d (%s)", n, name)
	}
	if f.Kind == Uint && f.Size > 1 && f.Const != nil && *f.Const > 0xFF {
		return fmt.Sprintf("0x%0*X", 2*f.Size, n)
	}
	return strconv.FormatUint(n, 10)
}

// maxQuoted is how many bytes of a text are shown.
const maxQuoted = 40

// quote shows text, or its beginning and its length.
func quote(b []byte) string {
	if len(b) <= maxQuoted {
		return strconv.Quote(string(b))
	}
	return fmt.Sprintf("%s… (%d bytes)", strconv.Quote(string(b[:runeStart(b, maxQuoted)])), len(b))
}

// runeStart moves n back to the beginning of a character, if it is inside one.
func runeStart(b []byte, n int) int {
	for back := range min(n, utf8.UTFMax) {
		if utf8.RuneStart(b[n-back]) {
			return n - back
		}
	}
	return n
}

func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
