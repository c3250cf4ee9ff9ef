package record

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkDecodeRequest(b *testing.B) {
	wire := []byte("\xAE\x73\x02\x05\x03\x00\x02alicebobhi")
	var d Decoded
	b.ReportAllocs()
	for b.Loop() {
		if err := messageRequest.DecodeInto(&d, wire, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeRequestFresh(b *testing.B) {
	wire := []byte("\xAE\x73\x02\x05\x03\x00\x02alicebobhi")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := messageRequest.Decode(wire, false); err != nil {
			b.Fatal(err)
		}
	}
}

// The largest response: 255 messages of 65535 bytes from names of 255.
func largestResponse(b *testing.B) []byte {
	items := make([]Value, 255)
	for i := range items {
		items[i] = Value{message, fields{"sender": bytes.Repeat([]byte("s"), 255), "message": bytes.Repeat([]byte("m"), 65535)}}
	}
	wire, err := Value{messageResponse, fields{"messages": items}}.Append(nil)
	require.NoError(b, err)
	require.Len(b, wire, 16_777_220)
	return wire
}

func BenchmarkDecodeLargestResponse(b *testing.B) {
	wire := largestResponse(b)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := messageResponse.Decode(wire, false); err != nil {
			b.Fatal(err)
		}
	}
}

// The same as it arrives, decoded again after each of 256 pieces.
func BenchmarkDecodeLargestResponseArriving(b *testing.B) {
	wire := largestResponse(b)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		var d Decoded
		for n := 1 << 16; n < len(wire); n += 1 << 16 {
			_ = messageResponse.DecodeInto(&d, wire[:n], false)
		}
		if err := messageResponse.DecodeInto(&d, wire, false); err != nil {
			b.Fatal(err)
		}
	}
}
