package record

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// Decode reads one record from the front of b, strictly. final says that
// nothing will come after b: the stream has ended, or the turn has.
//
// The error is a *FieldError that wraps ErrShort if more bytes could still make
// a record of b, and ErrIllegal if none can. With it come the fields that could
// be read, the illegal one included. What follows the record is not looked at.
func (l *Layout) Decode(b []byte, final bool) (Decoded, error) {
	var d Decoded
	err := l.DecodeInto(&d, b, final)
	return d, err
}

// DecodeInto is Decode into a record whose memory is used again, for loops that
// decode often: reading a record of the same shape allocates nothing.
func (l *Layout) DecodeInto(d *Decoded, b []byte, final bool) error {
	r := reader{b: b, final: final}
	if r.layout(l, d, 0) {
		return nil
	}
	return r.fault.fieldError(d.Layout)
}

// A reader reads records from b. Its methods report whether they succeeded;
// if not, fault says why. Nothing is formatted until somebody asks, because the
// variants of a record that it turns out not to be all fail.
type reader struct {
	b     []byte
	final bool
	fault fault

	lenient bool // go on behind an illegal number, and count it: for dumps
	faults  int
}

func (r *reader) layout(l *Layout, d *Decoded, at int) bool {
	if len(l.Variants) > 0 {
		return r.choose(l, d, at)
	}
	d.start(l, at)
	for i := range l.Fields {
		e := d.next(&l.Fields[i])
		ok := r.field(l, i, d, e)
		d.Size += e.Size
		if !ok && e.Size == 0 {
			d.Fields = d.Fields[:i]
		}
		if !ok {
			return false
		}
	}
	return true
}

func (r *reader) field(l *Layout, i int, d *Decoded, e *DecodedField) bool {
	switch e.Field.Kind {
	case Uint:
		return r.uint(e)
	case Lit:
		return r.lit(e)
	case Text, Blob:
		return r.sized(e, l.from[i], d)
	case Until:
		return r.until(e)
	case Rest:
		return r.rest(e)
	case Decimal:
		return r.decimal(e)
	case Repeat:
		return r.repeat(e, l.from[i], d)
	}
	return r.item(e)
}

// left is what follows at the field.
func (r *reader) left(e *DecodedField) []byte { return r.b[e.Offset:] }

// take gives the field its bytes. n is a claim: it is compared, never added.
func (r *reader) take(e *DecodedField, n uint64) bool {
	left := r.left(e)
	if n > uint64(len(left)) {
		return r.short(e, n)
	}
	e.Size = int(n)
	e.Bytes = left[:n:n]
	return true
}

func (r *reader) uint(e *DecodedField) bool {
	if !r.take(e, uint64(e.Field.Size)) {
		return false
	}
	e.Uint = number(e.Bytes, e.Field.Little)
	return r.legal(e, e.Uint)
}

func number(b []byte, little bool) uint64 {
	switch {
	case len(b) == 1:
		return uint64(b[0])
	case len(b) == 2 && !little:
		return uint64(binary.BigEndian.Uint16(b))
	case len(b) == 4 && !little:
		return uint64(binary.BigEndian.Uint32(b))
	case !little:
		return binary.BigEndian.Uint64(b)
	case len(b) == 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case len(b) == 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

func (r *reader) lit(e *DecodedField) bool {
	lit, left := e.Field.Bytes, r.left(e)
	n := min(len(lit), len(left))
	if !bytes.Equal(lit[:n], left[:n]) {
		r.take(e, uint64(n))
		return r.illegal(e)
	}
	return r.take(e, uint64(len(lit)))
}

func (r *reader) sized(e *DecodedField, from int, d *Decoded) bool {
	if from >= 0 {
		return r.take(e, d.Fields[from].Uint)
	}
	if !r.take(e, uint64(e.Field.Size)) {
		return false
	}
	if e.Field.Kind == Text {
		for pad := e.Field.pad(); len(e.Bytes) > 0 && e.Bytes[len(e.Bytes)-1] == pad; {
			e.Bytes = e.Bytes[:len(e.Bytes)-1]
		}
	}
	return true
}

func (r *reader) until(e *DecodedField) bool {
	left, delim := r.left(e), e.Field.Bytes
	n := bytes.Index(left, delim)
	if n >= 0 {
		r.take(e, uint64(n+len(delim)))
		e.Bytes = e.Bytes[:n]
		return r.legal(e, uint64(n))
	}
	// Each byte that cannot begin the delimiter belongs to the value.
	if certain := len(left) - len(delim) + 1; e.Field.Max != nil && certain > 0 && uint64(certain) > *e.Field.Max {
		r.take(e, uint64(len(left)))
		return r.illegal(e)
	}
	return r.short(e, theEnd)
}

func (r *reader) rest(e *DecodedField) bool {
	n := uint64(len(r.left(e)))
	if e.Field.Min != nil && n < *e.Field.Min {
		return r.short(e, *e.Field.Min)
	}
	if tooLong := e.Field.Max != nil && n > *e.Field.Max; !r.final && !tooLong {
		return r.short(e, theEnd)
	}
	r.take(e, n)
	return r.legal(e, n)
}

// maxDigits is the length of the greatest 64-bit number.
const maxDigits = 20

func (r *reader) decimal(e *DecodedField) bool {
	left := r.left(e)
	n := 0
	for n < len(left) && n <= maxDigits && isDigit(left[n]) {
		n++
	}
	if n == len(left) && (n == 0 || !r.final && n <= maxDigits) {
		return r.short(e, theEnd)
	}
	value, err := strconv.ParseUint(string(left[:n]), 10, 64)
	if err != nil || left[0] == '0' && n > 1 {
		r.take(e, uint64(max(n, 1)))
		return r.illegal(e)
	}
	r.take(e, uint64(n))
	e.Uint = value
	return r.legal(e, value)
}

func (r *reader) repeat(e *DecodedField, from int, d *Decoded) bool {
	if from < 0 {
		return r.repeatToEnd(e)
	}
	for range d.Fields[from].Uint {
		if !r.another(e) {
			return false
		}
	}
	e.Bytes = r.b[e.Offset : e.Offset+e.Size]
	return true
}

func (r *reader) repeatToEnd(e *DecodedField) bool {
	for e.Offset+e.Size < len(r.b) {
		if !r.another(e) {
			return false
		}
	}
	e.Bytes = r.left(e)
	if !r.final {
		return r.short(e, theEnd)
	}
	return true
}

// another reads one more item of a Repeat. A dump ends at an item in which
// something is wrong, because where the next one begins is then a guess.
func (r *reader) another(e *DecodedField) bool {
	before := r.faults
	if !r.item(e) {
		return false
	}
	return r.faults == before || r.illegal(e)
}

// item reads one record into the field, which may be a Repeat or a Choice.
func (r *reader) item(e *DecodedField) bool {
	d := e.item()
	ok := r.layout(e.Field.Elem, d, e.Offset+e.Size)
	e.Size += d.Size
	if !ok {
		r.fault.within(e)
	}
	if !ok && d.Size == 0 {
		e.Items = e.Items[:len(e.Items)-1]
	}
	return ok
}

// legal checks a number or a length against the limits of the field.
func (r *reader) legal(e *DecodedField, n uint64) bool {
	if e.Field.legal(n) {
		return true
	}
	if r.lenient {
		r.faults++
		return true
	}
	return r.illegal(e)
}

func (r *reader) short(e *DecodedField, need uint64) bool {
	r.fault = fault{err: ErrShort, field: e.Field, offset: e.Offset, need: need, left: r.left(e)}
	return false
}

func (r *reader) illegal(e *DecodedField) bool {
	r.fault = fault{err: ErrIllegal, field: e.Field, offset: e.Offset, number: e.Uint, left: e.Bytes}
	return false
}
