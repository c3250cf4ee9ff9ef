package download_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/download"
)

func BenchmarkParseFileRequest(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := download.ParseFileRequest(goldenRequest); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseFileResponse(b *testing.B) {
	wire := response(random(16 << 20))
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := download.ParseFileResponse(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCopyData(b *testing.B) {
	data := random(16 << 20)
	h := download.ResponseHeader{Status: download.Found, DataLength: uint32(len(data))}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := download.CopyData(onlyWriter{io.Discard}, onlyReader{bytes.NewReader(data)}, h); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSendFile(b *testing.B) {
	data := random(16 << 20)
	s := &download.Server{}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f := &download.File{ReadCloser: io.NopCloser(bytes.NewReader(data)), Size: uint32(len(data))}
		if err := s.SendFile(onlyWriter{io.Discard}, f); err != nil {
			b.Fatal(err)
		}
	}
}

func TestAllocations(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() { download.ParseRequestHeader(goldenRequest) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { download.ParseResponseHeader(goldenFound) }))
	wire := response(random(1 << 20))
	require.LessOrEqual(t, testing.AllocsPerRun(10, func() { download.ParseFileResponse(wire) }), 1.0)
}

// An onlyReader and an onlyWriter can do no more than connections can: they know
// no shorter way to copy.
type onlyReader struct{ io.Reader }

type onlyWriter struct{ io.Writer }
