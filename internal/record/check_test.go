package record

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNewRefuses(t *testing.T) {
	empty := layout("Empty", rest("all"))
	optional := layout("Optional", u8("n", sizeOf("x")), text("x"))
	hollow := layout("Hollow", Field{Name: "none", Kind: Text, Size: 1})
	tests := []struct {
		name   string
		fields []Field
		want   string
	}{
		{"no fields", nil, `R wants at least one field`},
		{"no name", []Field{u8("", Field{})}, `R.uint: field 0 wants a name`},
		{"two of a name", []Field{u8("a", Field{}), u8("a", Field{})}, `R.a: two fields have this name`},
		{"unknown kind", []Field{{Name: "a", Kind: 77}}, `R.a: unknown kind 77`},
		{"odd width", []Field{sizedUint("a", 3, Field{})}, `R.a: wants a size of 1, 2, 4 or 8 bytes, got 3`},
		{"constant too wide", []Field{u8("a", fixed(256))}, `R.a: 256 does not fit into 1 byte`},
		{"bound too wide", []Field{u16("a", Field{Max: new(uint64(65536))})}, `R.a: 65536 does not fit into 2 bytes`},
		{"value too wide", []Field{u8("a", Field{Names: map[uint64]string{300: "x"}})}, `R.a: 300 does not fit into 1 byte`},
		{"bounds crossed", []Field{u8("a", Field{Min: new(uint64(2)), Max: new(uint64(1))})}, `R.a: min 2 is greater than max 1`},
		{"closed and empty", []Field{u8("a", Field{Closed: true})}, `R.a: allows no value at all`},
		{"illegal constant", []Field{u8("a", Field{Const: new(uint64(0)), Min: new(uint64(1))})}, `R.a: its constant 0 is not a legal value`},
		{"empty lit", []Field{{Kind: Lit}}, `R.lit: a lit wants at least one byte`},
		{"empty delimiter", []Field{{Name: "a", Kind: Until}}, `R.a: a until wants at least one byte`},
		{"text without size", []Field{text("a")}, `R.a: nothing says how long it is: give it a size or a size_of field before it, or use until or rest`},
		{"text of negative size", []Field{{Name: "a", Kind: Text, Size: -1}}, `R.a: wants a size of at least 1 byte, got -1`},
		{"text sized twice", []Field{u8("n", sizeOf("a")), {Name: "a", Kind: Text, Size: 4}}, `R.a: has a fixed size, and another field that gives its size`},
		{"two sizes", []Field{u8("m", sizeOf("a")), u8("n", sizeOf("a")), text("a")}, `R.n: size_of a: m gives it already`},
		{"long padding", []Field{{Name: "a", Kind: Text, Size: 4, Bytes: []byte("ab")}}, `R.a: padding is one byte, and for a fixed size only`},
		{"size of nothing", []Field{u8("n", sizeOf("nmae")), {Name: "name", Kind: Rest}}, `R.n: size_of names no field "nmae", did you mean "name"?`},
		{"size of an earlier field", []Field{text("a"), u8("n", sizeOf("a"))}, `R.n: size_of a: the field must stand later in the record`},
		{"size of a repeat", []Field{u8("n", sizeOf("a")), repeat("a", hollow)}, `R.n: size_of a: a repeat has none`},
		{"count of a text", []Field{u8("n", Field{CountOf: "a"}), text("a")}, `R.n: count_of a: a text has none`},
		{"size and count", []Field{u8("n", Field{SizeOf: "a", CountOf: "a"}), text("a")}, `R.n: cannot be a size and a count`},
		{"constant size", []Field{u8("n", Field{SizeOf: "a", Const: new(uint64(1))}), text("a")}, `R.n: size_of a cannot be constant or reserved`},
		{"rest in the middle", []Field{rest("a"), u8("b", Field{})}, `R.a: goes on to the end of the turn, and must be the last field`},
		{"uncounted repeat in the middle", []Field{repeat("a", hollow), u8("b", Field{})}, `R.a: goes on to the end of the turn, and must be the last field`},
		{"open choice in the middle", []Field{{Name: "a", Kind: Choice, Variants: []*Layout{okAnswer, errorAnswer}}, u8("b", Field{})},
			`R.a: goes on to the end of the turn, and must be the last field`},
		{"digits behind a decimal", []Field{decimal("a"), lit("0")},
			`R.a: a decimal must be the last field, or be followed by a lit that does not begin with a digit`},
		{"text behind a decimal", []Field{{Name: "a", Kind: Decimal, SizeOf: "b"}, text("b")},
			`R.a: a decimal must be the last field, or be followed by a lit that does not begin with a digit`},
		{"repeat of nothing", []Field{repeat("a", nil)}, `R.a: a repeat wants the layout of its items`},
		{"repeat of open items", []Field{repeat("a", empty)}, `R.a: an item (Empty) goes on to the end of the turn, so that no other can follow`},
		{"repeat of a literal layout", []Field{repeat("a", &Layout{Name: "X", Fields: []Field{lit("x")}})}, `R.a: X was not made by New`},
		{"choice of one", []Field{{Name: "a", Kind: Choice, Variants: []*Layout{hollow}}}, `R.a: a wants at least two variants, got 1`},
		{"choice of nil", []Field{{Name: "a", Kind: Choice, Variants: []*Layout{hollow, nil}}}, `R.a: a: variant 1 is missing`},
		{"choice without constants", []Field{{Name: "a", Kind: Choice, Variants: []*Layout{hollow, optional}}},
			`R.a: a: Hollow and Optional cannot be told apart: no constant differs at the same place`},
		{"constant text", []Field{{Name: "a", Kind: Text, Size: 1, Const: new(uint64(1))}}, `R.a: const means nothing for a text`},
		{"little text", []Field{{Name: "a", Kind: Text, Size: 1, Little: true}}, `R.a: little-endian means nothing for a text`},
		{"named lit values", []Field{{Kind: Lit, Bytes: []byte("x"), Closed: true}}, `R.lit: a list of values means nothing for a lit`},
		{"size of by a text", []Field{{Name: "a", Kind: Rest, SizeOf: "b"}}, `R.a: size_of or count_of means nothing for a rest`},
		{"bounded text", []Field{u8("n", sizeOf("a")), {Name: "a", Kind: Text, Min: new(uint64(1))}}, `R.a: min or max means nothing for a text`},
		{"sized rest", []Field{{Name: "a", Kind: Rest, Size: 4}}, `R.a: a size means nothing for a rest`},
		{"reserved rest", []Field{{Name: "a", Kind: Rest, Reserved: true}}, `R.a: reserved means nothing for a rest`},
		{"delimited uint", []Field{u8("a", Field{Bytes: []byte("x")})}, `R.a: bytes means nothing for a uint`},
		{"uint of items", []Field{u8("a", Field{Elem: hollow})}, `R.a: an item layout means nothing for a uint`},
		{"uint of variants", []Field{u8("a", Field{Variants: []*Layout{hollow}})}, `R.a: variants means nothing for a uint`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := New("R", tt.fields...)
			require.EqualError(t, err, tt.want)
			require.Nil(t, l)
		})
	}
	_, err := New("", lit("x"))
	require.EqualError(t, err, "a record wants a name")
}

func TestVariantsApart(t *testing.T) {
	number := func(f Field) *Layout { return layout("N", u8("n", f)) }
	one, two := number(fixed(1)), number(fixed(2))
	closed := number(Field{Names: map[uint64]string{2: "b", 3: "c"}, Closed: true})
	reserved := number(Field{Const: new(uint64(3)), Reserved: true})
	tests := []struct {
		name string
		a, b *Layout
		want bool
	}{
		{"two constants", one, two, true},
		{"the same constant", one, number(fixed(1)), false},
		{"constant outside a list", one, closed, true},
		{"constant in a list", two, closed, false},
		{"reserved is no constant", one, reserved, false},
		{"widths differ", one, layout("W", u16("n", fixed(2))), false},
		{"byte orders differ", layout("L", u16("n", Field{Const: new(uint64(2)), Little: true})), layout("B", u16("n", fixed(1))), false},
		{"literals", layout("A", lit("user ")), layout("B", lit("users")), true},
		{"one literal begins the other", layout("A", lit("user")), layout("B", lit("users")), false},
		{"behind text of one shape", layout("A", until("x", ":"), u8("n", fixed(1))), layout("B", until("y", ":"), u8("n", fixed(2))), true},
		{"behind text of another shape", layout("A", until("x", ":"), u8("n", fixed(1))), layout("B", until("y", ","), u8("n", fixed(2))), false},
		{"all of several", OneOf("O", one, two), layout("C", u8("n", fixed(3))), true},
		{"one of several", layout("C", u8("n", fixed(2))), OneOf("O", one, two), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, OneOf("X", tt.a, tt.b).Check() == nil)
		})
	}
}

func TestFieldByName(t *testing.T) {
	f, ok := readRequest.Field("name_len")
	require.True(t, ok)
	require.Equal(t, "name", f.SizeOf)
	_, ok = getCommand.Field("")
	require.False(t, ok, "a lit without a name has none")
	require.Equal(t, "one_of", Choice.String())
}
