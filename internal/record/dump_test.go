package record

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// manyMessages is a response with n messages.
func manyMessages(n int, text string) []byte {
	items := make([]Value, n)
	for i := range items {
		items[i] = Value{message, fields{"sender": fmt.Appendf(nil, "user%d", i), "message": []byte(text)}}
	}
	b, err := Value{messageResponse, fields{"messages": items}}.Append(nil)
	if err != nil {
		panic(err)
	}
	return b
}

func TestDump(t *testing.T) {
	badItem := manyMessages(255, "hello")
	d, err := messageResponse.Decode(badItem, true)
	require.NoError(t, err)
	badItem[d.Fields[4].Items[100].Offset] = 0
	tests := []struct {
		name   string
		layout *Layout
		wire   string
	}{
		{"legal", messageRequest, "\xAE\x73\x02\x05\x03\x00\x02alicebobhi"},
		{"little-endian size", fileResponse, "\x49\x7E\x02\x01\x0d\x00\x00\x00hello, world!"},
		{"magic swapped", messageRequest, "\x73\xAE\x02\x05\x03\x00\x02alicebobhi"},
		{"no such variant", messageRequest, "\xAE\x73\x09\x05\x00\x00\x00alice"},
		{"wrong token", answer, "Ok, here you are"},
		{"cut in a number", fileResponse, "\x49\x7E\x02\x01\x00\x00"},
		{"cut before a number", fileResponse, "\x49\x7E\x02"},
		{"nothing", fileResponse, ""},
		{"extra", okAnswer, "OK\x00\x00\x00\x00\x00\x00\x00\x01"},
		{"reserved", fileResponse, "\x49\x7E\x02\x00\x00\x00\x00\x09"},
		{"no items", messageResponse, "\xAE\x73\x03\x00\x00"},
		{"long text", serviceName, strings.Repeat("é", 100)},
		{"not utf-8", serviceName, "\xff\xfe\n"},
		{"padded", paddedGet, "\x01f.txt\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"choice inside", wrapped, "\x07\x02\x01f\x00\x00\x00\x00\x00\x00\x00\x02hi\x00\x01"},
		{"decimal", upload, "#upload 'x.bin' 12"},
		{"item cut", messageResponse, "\xAE\x73\x03\x02\x00\x01\x00\x02ahi\x03\x00\x01bo"},
		{"bad item", messageResponse, string(badItem)},
	}
	var out bytes.Buffer
	for _, tt := range tests {
		_, err := tt.layout.Decode([]byte(tt.wire), true)
		var bad *FieldError
		errors.As(err, &bad)
		fmt.Fprintf(&out, "-- %s: %v\n", tt.name, err)
		require.NoError(t, Dump(&out, tt.layout, []byte(tt.wire), bad))
	}
	golden(t, "dump.txt", out.String())
}

// A field that Match found different is marked as well, and so is the place of
// an error that names a field which the dump does not show.
func TestDumpMarksOtherErrors(t *testing.T) {
	wire := []byte("\xAE\x73\x03\x00\x00")
	d, err := messageResponse.Decode(wire, true)
	require.NoError(t, err)
	tests := []struct {
		name, field string
		want        Value
	}{
		{"number", "more", Value{messageResponse, fields{"more": uint64(1)}}},
		{"items", "messages", Value{messageResponse, fields{"messages": []Value{{Layout: message}}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var bad *FieldError
			require.ErrorAs(t, d.Match(tt.want), &bad)
			require.Equal(t, []string{tt.field}, markedFields(t, wire, bad))
		})
	}
	require.Equal(t, []string{"num_items"}, markedFields(t, wire, &FieldError{Field: "header", Offset: 3}))
	require.Empty(t, markedFields(t, wire, nil))
}

func markedFields(t *testing.T, wire []byte, bad *FieldError) (marked []string) {
	var out strings.Builder
	require.NoError(t, Dump(&out, messageResponse, wire, bad))
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "! ") {
			marked = append(marked, strings.Fields(line[34:])[0])
		}
	}
	return marked
}

func TestDumpReportsTheWriter(t *testing.T) {
	closed, err := os.Create(filepath.Join(t.TempDir(), "f"))
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	require.Error(t, Dump(closed, okAnswer, []byte("OK"), nil))
}

func golden(t *testing.T, name, got string) {
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
