package chat_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

// largest returns as much text as is read at once.
func largest() []byte { return bytes.Repeat([]byte("x"), chat.ReadSize) }

func BenchmarkAppendSaid(b *testing.B) {
	m := &chat.Said{User: alice, Text: chat.Text(strings.Repeat("x", 100))}
	buf := make([]byte, 0, 200)
	b.ReportAllocs()
	for b.Loop() {
		buf = m.Append(buf[:0])
	}
}

func BenchmarkParseEntered(b *testing.B) {
	wire := (&chat.Entered{User: alice, Users: 50}).Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := chat.ParseEntered(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCutUpload(b *testing.B) {
	wire := (&chat.Upload{Name: "google.png", Size: 3082}).Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := chat.CutUpload(wire); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCutLargestText looks for an announcement that is not there.
func BenchmarkCutLargestText(b *testing.B) {
	text := largest()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		chat.Cut(text, false)
	}
}

func TestAllocations(t *testing.T) {
	said := &chat.Said{User: alice, Text: "hello"}
	buf := make([]byte, 0, 100)
	require.Zero(t, testing.AllocsPerRun(100, func() { said.Append(buf) }))

	text := largest()
	require.Zero(t, testing.AllocsPerRun(10, func() { chat.Incomplete(text, false) }))
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() { chat.Cut(text, false) }), 2.0)
}
