package mailbox_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/mailbox"
)

// largest returns the largest legal response.
func largest() *mailbox.MessageResponse {
	m := mailbox.Message{Sender: strings.Repeat("s", mailbox.MaxName), Text: strings.Repeat("t", mailbox.MaxText)}
	return &mailbox.MessageResponse{Items: slices.Repeat([]mailbox.Message{m}, mailbox.MaxItems)}
}

func BenchmarkParseRequestHeader(b *testing.B) {
	header := goldenCreate[:mailbox.RequestHeaderSize]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mailbox.ParseRequestHeader(header); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLargestResponse(b *testing.B) {
	wire := largest().Append(nil)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mailbox.ParseMessageResponse(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadLargestResponse(b *testing.B) {
	wire := largest().Append(nil)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mailbox.ReadMessageResponse(bytes.NewReader(wire)); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAllocations(t *testing.T) {
	header := goldenCreate[:mailbox.RequestHeaderSize]
	require.Zero(t, testing.AllocsPerRun(100, func() { mailbox.ParseRequestHeader(header) }))

	wire := largest().Append(nil)
	require.Len(t, wire, 16_777_220)
	perItem := testing.AllocsPerRun(1, func() { mailbox.ParseMessageResponse(wire) }) / mailbox.MaxItems
	require.Less(t, perItem, 1.1)
}
