package download_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/download"
)

// wideRequest has a name whose length needs the high byte, and counts bytes.
func wideRequest() []byte {
	return append([]byte{0x49, 0x7E, 1, 1, 2}, strings.Repeat("é", 129)...)
}

func requests() map[string]struct {
	wire []byte
	want download.FileRequest
} {
	return map[string]struct {
		wire []byte
		want download.FileRequest
	}{
		"plain": {goldenRequest, download.FileRequest{Filename: "hello.txt"}},
		"wide":  {wideRequest(), download.FileRequest{Filename: strings.Repeat("é", 129)}},
	}
}

func TestFileRequestGolden(t *testing.T) {
	for name, tt := range requests() {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.wire, tt.want.Append(nil))
			require.Equal(t, append([]byte("before"), tt.wire...), tt.want.Append([]byte("before")))
			got, err := download.ParseFileRequest(tt.wire)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
			got, err = download.ReadFileRequest(iotest.OneByteReader(bytes.NewReader(tt.wire)))
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
		})
	}
}

func TestFileRequestCut(t *testing.T) {
	for name, tt := range requests() {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				_, err := download.ParseFileRequest(tt.wire[:n])
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				_, err = download.ReadFileRequest(bytes.NewReader(tt.wire[:n]))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
		})
	}
}

// TestRequestFields gives the header every value of one byte in turn.
func TestRequestFields(t *testing.T) {
	long := append([]byte{0x49, 0x7E, 1, 0, 1}, strings.Repeat("n", 1024)...)
	only := func(want byte) func(byte) bool { return func(b byte) bool { return b == want } }
	tests := map[string]struct {
		at    int
		legal func(b byte) bool
	}{
		"magic, high byte":  {0, only(0x49)},
		"magic, low byte":   {1, only(0x7E)},
		"type":              {2, only(1)},
		"length, high byte": {3, func(b byte) bool { return b < 4 }}, // the low byte is 1
		"length, low byte":  {4, func(b byte) bool { return b > 0 }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for value := range 256 {
				wire := slices.Clone(long)
				wire[tt.at] = byte(value)
				h, err := download.ParseRequestHeader(wire)
				if tt.legal(byte(value)) {
					require.NoError(t, err, "%d", value)
					whole := wire[:download.RequestHeaderSize+h.BodyLen()]
					got, err := download.ParseFileRequest(whole)
					require.NoError(t, err, "%d", value)
					require.Equal(t, whole, got.Append(nil))
					continue
				}
				require.ErrorIs(t, err, download.ErrErroneous, "%d", value)
				require.Zero(t, h)
				_, err = download.ParseFileRequest(wire)
				require.ErrorIs(t, err, download.ErrErroneous, "%d", value)
				_, err = download.ReadFileRequest(bytes.NewReader(wire))
				require.ErrorIs(t, err, download.ErrErroneous, "%d", value)
			}
		})
	}
}

func TestFilenameLenBounds(t *testing.T) {
	for length, legal := range map[uint16]bool{0: false, 1: true, 2: true, 1023: true, 1024: true, 1025: false, 65534: false, 65535: false} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			wire := binary.BigEndian.AppendUint16([]byte{0x49, 0x7E, 1}, length)
			h, err := download.ParseRequestHeader(wire)
			if legal {
				require.NoError(t, err)
				require.EqualValues(t, length, h.BodyLen())
				return
			}
			require.ErrorIs(t, err, download.ErrErroneous)
			require.ErrorContains(t, err, fmt.Sprintf("FileRequest.FilenameLen wanted 1 to 1024, got %d", length))
			_, err = download.ParseFileRequest(append(wire, make([]byte, length)...))
			require.ErrorIs(t, err, download.ErrErroneous)
		})
	}
}

func TestAppendFilenameBounds(t *testing.T) {
	for length, legal := range map[int]bool{0: false, 1: true, 1023: true, 1024: true, 1025: false, 65536: false} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			r := download.FileRequest{Filename: strings.Repeat("n", length)}
			if !legal {
				require.Panics(t, func() { r.Append(nil) })
				return
			}
			got, err := download.ParseFileRequest(r.Append(nil))
			require.NoError(t, err)
			require.Equal(t, &r, got)
		})
	}
}
