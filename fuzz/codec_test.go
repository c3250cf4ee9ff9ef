package fuzz_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/internal/record"
)

// A codec is one record or token of a protocol as its reference reads and
// writes it, and all that the targets and properties of this package need to
// know of it.
type codec struct {
	target   string // of Go's engine: Fuzz and this
	protocol string
	illegal  error // what errors wrap that are not about a record that ends too early

	layouts  []string          // the records of protocol.star that state the same together; none where it declares none
	set      map[string]string // the params with which they do
	unstated func(m any) bool  // messages that are legal and that no record states; nil for none
	wider    string            // why the layout allows more; empty if it must not

	head     int  // only so many bytes are parsed, and nothing is said about what follows; 0 for all
	open     bool // nothing marks its end, so that a beginning of it may be legal, too
	datagram bool // comes whole or not at all, so that a beginning of it is illegal
	turn     bool // read takes what one read brings, so that it must not come in pieces

	parse  func(b []byte) (any, error)
	encode func(m any) []byte
	read   func(r io.Reader) (any, error) // from a stream; nil if the reference has no such function
	timed  func(b *testing.B, in []byte)  // parses over and over, by a call that boxes nothing
	fill   func(fill func(p any)) any     // a message that fill has put values into
	draw   func(t *rapid.T) any           // any legal message
	bounds []bound
}

// A bound is a field whose value or length has limits. Its wire form is written
// here by hand, since the codec refuses to write what is beyond.
type bound struct {
	field       string
	least, most uint64
	wire        func(n uint64) []byte // nil for what the field cannot say
}

// of makes a codec of one that is typed. The rest of its row is set by with.
func of[M any](parse func([]byte) (M, error), encode func(M, []byte) []byte, draw func(*rapid.T) M) codec {
	return codec{
		parse:  func(b []byte) (any, error) { return parse(b) },
		encode: func(m any) []byte { return encode(m.(M), nil) },
		draw:   func(t *rapid.T) any { return draw(t) },
		timed: func(b *testing.B, in []byte) {
			for b.Loop() {
				if _, err := parse(in); err != nil {
					b.Fatal(err)
				}
			}
		},
		fill: func(fill func(p any)) any {
			var m M
			fill(&m)
			return m
		},
	}
}

// reading makes a codec's read of a typed function.
func reading[M any](read func(io.Reader) (M, error)) func(io.Reader) (any, error) {
	return func(r io.Reader) (any, error) { return read(r) }
}

// with takes over from row what of does not know.
func (c codec) with(row codec) codec {
	row.parse, row.encode, row.draw, row.fill, row.timed = c.parse, c.encode, c.draw, c.fill, c.timed
	return row
}

// A state is how bytes stand: a record, the beginning of one, or neither.
type state string

const (
	legal   state = "legal"
	short   state = "short"
	illegal state = "illegal"
	unknown state = "unknown" // an error that says neither, which is a mistake
)

func (c *codec) state(err error) state {
	switch {
	case err == nil:
		return legal
	case errors.Is(err, c.illegal):
		return illegal
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return short
	}
	return unknown
}

// check holds the codec against some bytes, and returns how they stand.
func (c *codec) check(t rapid.TB, b []byte) state {
	s, err := c.try(c.record(t), b)
	if err != nil {
		t.Helper()
		t.Fatalf("%s, %d bytes % .64x: %v", c.target, len(b), b, err)
	}
	return s
}

// try says what is wrong with what the codec makes of some bytes, of every
// beginning of them and of any pieces of them, with how much memory that takes,
// and with what the layout makes of them. It is what the engine runs, so it does
// not ask testing for anything.
func (c *codec) try(l *record.Layout, b []byte) (state, error) {
	given := string(b)
	before := allocated()
	m, err := c.parse(b)
	if c.read != nil {
		c.read(bytes.NewReader(b))
	}
	if allocated()-before > coarseMemory {
		if err := c.checkMemory(b); err != nil {
			return unknown, err
		}
	}
	s := c.state(err)
	switch {
	case given != string(b):
		return s, errors.New("parsing has changed them")
	case s == unknown:
		return s, fmt.Errorf("parsing tells neither short nor illegal: %w", err)
	case s == legal && string(c.own(b)) != string(c.encode(m)):
		return s, fmt.Errorf("what they mean is written as % x", c.encode(m))
	}
	return s, errors.Join(c.checkCuts(b, s), c.checkRead(b, s), c.checkLayout(l, b, s, m))
}

// own gives the bytes that are the codec's: all, or the header.
func (c *codec) own(b []byte) []byte {
	if c.head > 0 {
		return b[:min(len(b), c.head)]
	}
	return b
}

// checkCuts makes sure that a beginning of what may be a record may be one, too.
func (c *codec) checkCuts(b []byte, s state) error {
	if s == illegal || c.datagram {
		return nil
	}
	for n := range cuts(len(c.own(b))) {
		_, err := c.parse(b[:n])
		if cut := c.state(err); cut != short && !(cut == legal && c.open) {
			return fmt.Errorf("they are %s, and %s when they are cut after %d bytes: %w", s, cut, n, err)
		}
	}
	return nil
}

// checkLayout sets the two statements of a record against each other.
func (c *codec) checkLayout(l *record.Layout, b []byte, s state, m any) error {
	if l == nil || s == legal && c.unstated != nil && c.unstated(m) {
		return nil
	}
	d, err := l.Decode(b, true)
	allowed := err == nil && (d.Size == len(b) || c.head > 0)
	if bad := new(record.FieldError); c.head > 0 && errors.As(err, &bad) {
		allowed = bad.Offset >= c.head // nothing is wrong with the header
	}
	if allowed != (s == legal) && !(allowed && c.wider != "") {
		return fmt.Errorf("they are %s, but %s says allowed %v: %w", s, l.Name, allowed, err)
	}
	return nil
}

// cuts gives where n bytes are cut: everywhere if they are few, else wherever a
// header may be, in the middle, and at the end.
func cuts(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		const front = 16
		for i := range n {
			if (i < front || i == n/2 || i >= n-2) && !yield(i) {
				return
			}
		}
	}
}

// table gives the row of a target.
func table(t rapid.TB, target string) *codec {
	i := slices.IndexFunc(codecs, func(c codec) bool { return c.target == target })
	require.GreaterOrEqual(t, i, 0, "no codec has the target %s", target)
	return &codecs[i]
}

// join appends anything to bytes: how wire forms are written by hand.
func join(parts ...any) (b []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case uint8:
			b = append(b, p)
		case uint16:
			b = append(b, byte(p>>8), byte(p))
		case uint32:
			b = append(b, byte(p>>24), byte(p>>16), byte(p>>8), byte(p))
		case uint64:
			b = join(b, uint32(p>>32), uint32(p))
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		default:
			panic(fmt.Sprintf("cannot join a %T", p))
		}
	}
	return b
}
