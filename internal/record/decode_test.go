package record

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every illegal record, the place that is named, and what is said.
func TestDecodeIllegal(t *testing.T) {
	tests := []struct {
		name   string
		layout *Layout
		wire   string
		want   string
	}{
		{"magic", messageRequest, "\x73\xAE\x01", "MessageRequest.magic wants 0xAE73 at offset 0, got 0x73AE"},
		{"no such variant", messageRequest, "\xAE\x73\x03", "MessageRequest.id wants 1 or 2 at offset 2, got 3"},
		{"name length 0", messageRequest, "\xAE\x73\x01\x00", "ReadRequest.name_len wants at least 1 at offset 3, got 0"},
		{"receiver on read", messageRequest, "\xAE\x73\x01\x01\x01", "ReadRequest.receiver_len wants 0 at offset 4, got 1"},
		{"no receiver on create", messageRequest, "\xAE\x73\x02\x01\x00", "CreateRequest.receiver_len wants at least 1 at offset 4, got 0"},
		{"message on read", messageRequest, "\xAE\x73\x01\x01\x00\x00\x01", "ReadRequest.message_len wants 0 at offset 5, got 1"},
		{"response id", messageResponse, "\xAE\x73\x02\x00\x00", "MessageResponse.id wants 3 at offset 2, got 2"},
		{"more", messageResponse, "\xAE\x73\x03\x00\x02", "MessageResponse.more wants 0 (that is all) or 1 (more are waiting) at offset 4, got 2"},
		{"in an item", messageResponse, "\xAE\x73\x03\x02\x00\x01\x00\x01ab\x00", "MessageResponse.messages[1].sender_len wants at least 1 at offset 10, got 0"},
		{"status", fileResponse, "\x49\x7E\x02\x02", "FileResponse.status wants 1 (found) or 0 (missing) at offset 3, got 2"},
		{"name too long", fileRequest, "\x49\x7E\x01\x04\x01", "FileRequest.name_len wants 1 to 1024 at offset 3, got 1025"},
		{"token", layout("Ready", lit("READY")), "Ready", `Ready.lit wants "READY" at offset 0, got "Ready"`},
		{"beginning of a token", layout("Ready", lit("READY")), "H", `Ready.lit wants "READY" at offset 0, got "H"`},
		{"no such answer", answer, "Ok", `Answer.lit wants "OK" or "ERROR: " at offset 0, got "Ok"`},
		{"no digits", upload, "#upload 'f' x", `Upload.size wants a decimal number at offset 12, got "x"`},
		{"negative", upload, "#upload 'f' -1", `Upload.size wants a decimal number at offset 12, got "-"`},
		{"leading zero", upload, "#upload 'f' 007 ", `Upload.size wants a decimal number at offset 12, got "007"`},
		{"beyond 64 bits", upload, "#upload 'f' 18446744073709551616 ", `Upload.size wants a decimal number at offset 12, got "18446744073709551616"`},
		{"digits without end", upload, "#upload 'f' " + strings.Repeat("9", 500), `Upload.size wants a decimal number at offset 12, got "999999999999999999999"`},
		{"line too long", layout("L", Field{Name: "line", Kind: Until, Bytes: []byte("\r\n"), Max: new(uint64(3))}), "abcd\r", "L.line wants at most 3 bytes at offset 0, got 5 bytes"},
		{"line too short", layout("L", Field{Name: "line", Kind: Until, Bytes: []byte("\n"), Min: new(uint64(1))}), "\n", "L.line wants at least 1 byte at offset 0, got 0 bytes"},
		{"rest too long", layout("L", Field{Name: "all", Kind: Rest, Max: new(uint64(3))}), "abcd", "L.all wants at most 3 bytes at offset 0, got 4 bytes"},
		{"choice inside", wrapped, "\x07\x09", "Wrapped.body.cmd wants 1 or 2 or 3 at offset 1, got 9"},
		{"little-endian", layout("L", u16("n", Field{Little: true, Const: new(uint64(0x0102))})), "\x01\x02", "L.n wants 0x0102 at offset 0, got 0x0201"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, final := range []bool{true, false} {
				_, err := tt.layout.Decode([]byte(tt.wire), final)
				require.EqualError(t, err, tt.want)
				require.ErrorIs(t, err, ErrIllegal)
			}
		})
	}
}

// What is said of a record that ends too early.
func TestDecodeShort(t *testing.T) {
	tests := []struct {
		name   string
		layout *Layout
		wire   string
		final  bool
		want   string
	}{
		{"number", fileRequest, "\x49", true, "FileRequest.magic wants 2 bytes at offset 0, have 1"},
		{"number of any variant", messageRequest, "\xAE", true, "MessageRequest.magic wants 2 bytes at offset 0, have 1"},
		{"one byte", messageRequest, "\xAE\x73", true, "MessageRequest.id wants 1 byte at offset 2, have 0"},
		{"claim", found, "\x49\x7E\x02\x01\x0d\x00\x00\x00hello, world!", true, "Found.data wants 218103808 bytes at offset 8, have 13"},
		{"item", messageResponse, "\xAE\x73\x03\x01\x00\x01\x00\x05ahi", true, "MessageResponse.messages[0].message wants 5 bytes at offset 9, have 2"},
		{"missing item", messageResponse, "\xAE\x73\x03\x01\x00", true, "MessageResponse.messages[0].sender_len wants 1 byte at offset 5, have 0"},
		{"token", okAnswer, "O", true, `OK.lit wants "OK" at offset 0, have "O"`},
		{"delimiter", nulGet, "\x01abc", true, `NulGet.name wants a "\x00" behind it at offset 1, have 3`},
		{"turn", turnGet, "\x01abc", false, "TurnGet.name wants the end at offset 1, have 3"},
		{"empty rest", serviceName, "", true, "ServiceName.name wants 1 byte at offset 0, have 0"},
		{"list", listing, "a b ", false, "Listing.names wants the end at offset 0, have 4"},
		{"no digits yet", upload, "#upload 'f' ", true, `Upload.size wants a decimal number at offset 12, have ""`},
		{"more digits may come", upload, "#upload 'f' 12", false, "Upload.size wants the end of the number at offset 12, have \"12\""},
		{"one answer is possible", answer, "ERR", false, `Error.lit wants "ERROR: " at offset 0, have "ERR"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.layout.Decode([]byte(tt.wire), tt.final)
			require.EqualError(t, err, tt.want)
			require.ErrorIs(t, err, ErrShort)
		})
	}
}

// Every constant of every record, wrong in every bit, is refused.
func TestDecodeWrongConstants(t *testing.T) {
	for _, v := range vectors {
		d, err := v.layout.Decode([]byte(v.wire), true)
		require.NoError(t, err)
		for _, e := range d.Fields {
			if e.Field.Kind != Lit && (e.Field.Const == nil || e.Field.Reserved) {
				continue
			}
			for bit := range 8 * e.Size {
				wrong := []byte(v.wire)
				wrong[e.Offset+bit/8] ^= 1 << (bit % 8)
				got, err := v.layout.Decode(wrong, true)
				if err == nil {
					require.NotSame(t, d.Layout, got.Layout, "%s: %s with bit %d flipped", v.name, e.Field.label(), bit)
				}
			}
		}
	}
}

// The bounds of a number, at -1, 0 and +1.
func TestDecodeBounds(t *testing.T) {
	l := layout("L", u16("n", Field{Min: new(uint64(10)), Max: new(uint64(1000))}))
	for n, legal := range map[uint16]bool{9: false, 10: true, 11: true, 999: true, 1000: true, 1001: false, 0: false, 65535: false} {
		d, err := l.Decode(binary.BigEndian.AppendUint16(nil, n), false)
		if legal {
			require.NoError(t, err)
			require.Equal(t, uint64(n), d.Fields[0].Uint)
			continue
		}
		require.ErrorIs(t, err, ErrIllegal, n)
	}
}

func TestDecodeNumbers(t *testing.T) {
	for _, size := range []int{1, 2, 4, 8} {
		for _, little := range []bool{false, true} {
			l := layout("L", sizedUint("n", size, Field{Little: little}))
			n := uint64(0x0123456789ABCDEF) >> (64 - 8*size)
			b, err := Value{l, fields{"n": n}}.Append(nil)
			require.NoError(t, err)
			require.Len(t, b, size)
			d, err := l.Decode(b, false)
			require.NoError(t, err)
			require.Equal(t, n, d.Fields[0].Uint, "size %d, little %v", size, little)
			require.Equal(t, little && size > 1, b[0] == byte(n) && size > 1)
		}
	}
}

func TestDecodeReservedAcceptsAnything(t *testing.T) {
	d, err := fileResponse.Decode([]byte("\x49\x7E\x02\x00\xff\xff\xff\xff"), true)
	require.NoError(t, err)
	require.Same(t, missing, d.Layout)
}

// What could be read comes with the error, the illegal field included.
func TestDecodeReturnsWhatItRead(t *testing.T) {
	d, err := messageResponse.Decode([]byte("\xAE\x73\x03\x02\x00\x01\x00\x01ab\x01\x00\x00"), false)
	require.ErrorIs(t, err, ErrIllegal)
	messages, ok := d.Field("messages")
	require.True(t, ok)
	require.Len(t, messages.Items, 2)
	require.Len(t, messages.Items[1].Fields, 2)
	require.Equal(t, 13, d.Size)

	d, err = messageResponse.Decode([]byte("\xAE\x73\x03\x02\x00\x01\x00\x01ab"), false)
	require.ErrorIs(t, err, ErrShort)
	messages, _ = d.Field("messages")
	require.Len(t, messages.Items, 1)
	_, ok = d.Field("nothing")
	require.False(t, ok)
}

func TestDecodedAliasesAndCannotGrowIntoTheInput(t *testing.T) {
	wire := []byte("\x01\x01f\xEE")
	d, err := sizedGet.Decode(wire, false)
	require.NoError(t, err)
	name, _ := d.Field("name")
	require.Same(t, &wire[2], &name.Bytes[0])
	_ = append(name.Bytes, 'x')
	require.Equal(t, byte(0xEE), wire[3])
}

// A claim costs nothing, however large it is.
func TestClaimsAllocateNothing(t *testing.T) {
	items := layout("Items", u64("n", Field{CountOf: "items"}), repeat("items", message))
	tests := []struct {
		name         string
		layout       *Layout
		small, great string
	}{
		{"size", found, "\x49\x7E\x02\x01\x00\x00\x00\x09x", "\x49\x7E\x02\x01\xff\xff\xff\xffx"},
		{"64-bit size", sizeThenData, "\x00\x00\x00\x00\x00\x00\x00\x09x", "\xff\xff\xff\xff\xff\xff\xff\xffx"},
		{"count", items, "\x00\x00\x00\x00\x00\x00\x00\x09\x01\x00\x01ab", "\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x01ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			small, great := []byte(tt.small), []byte(tt.great)
			require.Equal(t, allocations(tt.layout, small), allocations(tt.layout, great))
			require.Less(t, bytesAllocated(tt.layout, great), uint64(16<<10))
		})
	}
}

func allocations(l *Layout, b []byte) float64 {
	return testing.AllocsPerRun(100, func() {
		var d Decoded
		r := reader{b: b}
		r.layout(l, &d, 0)
	})
}

// bytesAllocated counts what a decode and its error allocate, on average.
func bytesAllocated(l *Layout, b []byte) uint64 {
	const runs = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		_, _ = l.Decode(b, false)
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / runs
}

func TestDecodeIntoAllocatesNothing(t *testing.T) {
	var d Decoded
	for _, v := range vectors {
		b := []byte(v.wire)
		require.NoError(t, v.layout.DecodeInto(&d, b, true))
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = v.layout.DecodeInto(&d, b, true) }), v.name)
		require.NoError(t, d.Match(v.value))
	}
}

func TestBorders(t *testing.T) {
	d, err := messageRequest.Decode([]byte("\xAE\x73\x01\x05\x00\x00\x00alice"), true)
	require.NoError(t, err)
	require.Equal(t, []int{2, 3, 4, 5, 7}, d.Borders())

	d, err = messageResponse.Decode([]byte("\xAE\x73\x03\x02\x01\x01\x00\x02ahi\x03\x00\x01bobx"), true)
	require.NoError(t, err)
	require.Equal(t, []int{2, 3, 4, 5, 6, 8, 9, 11, 12, 14, 17}, d.Borders())

	d, err = okAnswer.Decode([]byte("OK"), true)
	require.NoError(t, err)
	require.Empty(t, d.Borders())
}
