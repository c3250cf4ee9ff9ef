package transfer_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/transfer"
)

func BenchmarkParseCommand(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transfer.ParseCommand(goldenPut); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseLongestRefusal(b *testing.B) {
	wire := []byte("ERROR: " + strings.Repeat("é", transfer.MaxMessage/2))
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transfer.ParseRefusal(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSendData(b *testing.B) {
	const size = 1 << 20
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if err := transfer.SendData(io.Discard, zeros{}, size); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReceiveData(b *testing.B) {
	const size = 1 << 20
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if err := transfer.ReceiveData(io.Discard, zeros{}, size); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAllocations(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { transfer.ParseWord(goldenReady) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { transfer.ParseSize(goldenSize) }))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { transfer.SendData(io.Discard, zeros{}, 1<<20) }), 2.0)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { transfer.ReceiveData(io.Discard, zeros{}, 1<<20) }), 2.0)
}
