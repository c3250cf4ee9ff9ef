package record

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// everything has each kind of field.
var everything = layout("Everything",
	u16("magic", fixed(0xBEEF)), u32("little", Field{Little: true, Min: new(uint64(2)), Max: new(uint64(70000))}),
	u8("name_len", sizeOf("name")), u16("data_len", sizeOf("data")), u8("n", Field{CountOf: "items"}),
	Field{Name: "padded", Kind: Text, Size: 5}, text("name"), until("line", "\n"), blob("data"),
	decimal("number"), lit("; "), Field{Name: "body", Kind: Choice, Variants: []*Layout{sizedGet, sizedPut, sizedList}},
	repeat("items", OneOf("Item", readRequest, createRequest)), rest("rest"))

// anyValue draws a value of which a legal record can be made.
func anyValue(t *rapid.T, l *Layout) Value {
	if len(l.Variants) > 0 {
		return anyValue(t, rapid.SampledFrom(l.Variants).Draw(t, "variant of "+l.Name))
	}
	v := Value{Layout: l, Fields: fields{}}
	for i := range l.Fields {
		f := &l.Fields[i]
		if f.Const != nil || f.Kind == Lit || f.SizeOf != "" || f.CountOf != "" {
			continue
		}
		v.Fields[f.Name] = anyField(t, l, i)
	}
	return v
}

func anyField(t *rapid.T, l *Layout, i int) any {
	f := &l.Fields[i]
	switch f.Kind {
	case Uint, Decimal:
		least, most := uint64(0), ^uint64(0)>>max(0, 64-8*f.Size)
		if f.Min != nil {
			least = *f.Min
		}
		if f.Max != nil {
			most = *f.Max
		}
		return rapid.Uint64Range(least, most).Draw(t, f.Name)
	case Choice:
		return anyValue(t, f.Elem)
	case Repeat:
		items := make([]Value, rapid.IntRange(0, 5).Draw(t, "items of "+f.Name))
		for j := range items {
			items[j] = anyValue(t, f.Elem)
		}
		return items
	}
	text := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, f.Name)
	if f.Kind == Until {
		text = bytes.ReplaceAll(text, f.Bytes, nil)
	}
	if f.Size > 0 {
		text = bytes.TrimRight(text[:min(f.Size, len(text))], string(f.pad()))
	}
	return text
}

// What is written truthfully is read back, and encodes to the same bytes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(t, everything)
		wire, err := v.Append(nil)
		require.NoError(t, err)
		d, err := everything.Decode(wire, true)
		require.NoError(t, err)
		require.Equal(t, len(wire), d.Size)
		require.NoError(t, d.Match(v))
		again, err := d.Value().Append(nil)
		require.NoError(t, err)
		require.Equal(t, wire, again)
	})
}

// Bytes that are nearly a record: what is accepted encodes to the same bytes,
// what is refused is dumped whole, and nothing panics.
func TestStrictness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom([]*Layout{everything, messageRequest, messageResponse, fileResponse, sizedCommand, greeting, wrapped}).Draw(t, "layout")
		wire, err := anyValue(t, l).Append(nil)
		require.NoError(t, err)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			wire[rapid.IntRange(0, len(wire)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		wire = wire[:rapid.IntRange(0, len(wire)).Draw(t, "cut")]
		d, err := l.Decode(wire, rapid.Bool().Draw(t, "final"))
		if err == nil {
			again, err := d.Value().Append(nil)
			require.NoError(t, err)
			require.Equal(t, wire[:d.Size], again)
		}
		require.NotPanics(t, func() { d.Borders() })
		var bad *FieldError
		if err != nil {
			require.ErrorAs(t, err, &bad)
			require.LessOrEqual(t, bad.Offset, len(wire))
		}
		require.NoError(t, Dump(io.Discard, l, wire, bad))
	})
}
