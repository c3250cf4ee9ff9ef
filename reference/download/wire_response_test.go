package download_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/download"
)

// longResponse has data whose length needs three bytes.
func longResponse() []byte {
	return append([]byte{0x49, 0x7E, 2, 1, 0, 1, 2, 3}, strings.Repeat("z", 0x010203)...)
}

func responses() map[string]struct {
	wire []byte
	want download.FileResponse
} {
	return map[string]struct {
		wire []byte
		want download.FileResponse
	}{
		"missing": {goldenMissing, download.FileResponse{}},
		"ignored": {goldenIgnored, download.FileResponse{Ignored: 0xDEADBEEF}},
		"empty":   {goldenEmpty, download.FileResponse{Status: download.Found, Data: []byte{}}},
		"found":   {goldenFound, download.FileResponse{Status: download.Found, Data: []byte("a\x00\xff\nb")}},
		"long":    {longResponse(), download.FileResponse{Status: download.Found, Data: []byte(strings.Repeat("z", 0x010203))}},
	}
}

// readResponse reads a response from a stream, as a client does.
func readResponse(r io.Reader) (*download.FileResponse, error) {
	h, err := download.ReadResponseHeader(r)
	if err != nil {
		return nil, err
	}
	if h.Status == download.Missing {
		return &download.FileResponse{Ignored: h.DataLength}, nil
	}
	data := bytes.NewBuffer([]byte{})
	if err := download.CopyData(data, r, h); err != nil {
		return nil, err
	}
	return &download.FileResponse{Status: h.Status, Data: data.Bytes()}, nil
}

func TestFileResponseGolden(t *testing.T) {
	for name, tt := range responses() {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.wire, tt.want.Append(nil))
			require.Equal(t, append([]byte("before"), tt.wire...), tt.want.Append([]byte("before")))
			got, err := download.ParseFileResponse(tt.wire)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
			got, err = readResponse(iotest.OneByteReader(bytes.NewReader(tt.wire)))
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
			h, err := download.ParseResponseHeader(tt.wire)
			require.NoError(t, err)
			require.Equal(t, tt.wire[:download.ResponseHeaderSize], h.Append(nil))
			require.EqualValues(t, len(tt.want.Data), h.BodyLen())
		})
	}
}

func TestFileResponseCut(t *testing.T) {
	for name, tt := range responses() {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire[:min(len(tt.wire), 1000)] {
				_, err := download.ParseFileResponse(tt.wire[:n])
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				_, err = readResponse(bytes.NewReader(tt.wire[:n]))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
		})
	}
}

// TestResponseFields gives the header every value of one byte in turn.
func TestResponseFields(t *testing.T) {
	tests := map[string]struct {
		at   int
		fine []byte
	}{
		"magic, high byte": {0, []byte{0x49}},
		"magic, low byte":  {1, []byte{0x7E}},
		"type":             {2, []byte{2}},
		"status":           {3, []byte{0, 1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for value := range 256 {
				wire := slices.Clone(goldenEmpty)
				wire[tt.at] = byte(value)
				got, err := download.ParseFileResponse(wire)
				h, err2 := download.ReadResponseHeader(bytes.NewReader(wire))
				if slices.Contains(tt.fine, byte(value)) {
					require.NoError(t, err, "%d", value)
					require.Equal(t, wire, got.Append(nil))
					require.NoError(t, err2, "%d", value)
					require.Equal(t, wire, h.Append(nil))
					continue
				}
				require.ErrorIs(t, err, download.ErrErroneous, "%d", value)
				require.ErrorIs(t, err2, download.ErrErroneous, "%d", value)
				require.Zero(t, h)
			}
		})
	}
}

// TestDataLengthBounds reads headers alone: nobody has so much data here.
func TestDataLengthBounds(t *testing.T) {
	for _, length := range []uint32{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 2, 1<<32 - 1} {
		found := download.ResponseHeader{Status: download.Found, DataLength: length}
		got, err := download.ParseResponseHeader(found.Append(nil))
		require.NoError(t, err)
		require.Equal(t, found, got)
		require.EqualValues(t, length, got.BodyLen())

		missing := download.FileResponse{Ignored: length}
		response, err := download.ParseFileResponse(missing.Append(nil))
		require.NoError(t, err)
		require.Equal(t, &missing, response)
	}
}

func TestAppendRefusesWhatIsNoResponse(t *testing.T) {
	tests := map[string]download.FileResponse{
		"missing with data":     {Status: download.Missing, Data: []byte("x")},
		"found with other size": {Status: download.Found, Ignored: 1, Data: []byte("x")},
		"unknown status":        {Status: 2},
	}
	for name, r := range tests {
		t.Run(name, func(t *testing.T) {
			require.Panics(t, func() { r.Append(nil) })
		})
	}
}

func TestCopyData(t *testing.T) {
	tests := map[string]struct {
		stream string
		end    error
		length uint32
		want   error // nil if the data is copied
	}{
		"whole":               {"hello", io.EOF, 5, nil},
		"nothing":             {"", io.EOF, 0, nil},
		"silence afterwards":  {"hello", iotest.ErrTimeout, 5, nil},
		"broken afterwards":   {"hello", io.ErrClosedPipe, 5, nil},
		"one byte less":       {"hell", io.EOF, 5, io.ErrUnexpectedEOF},
		"all missing":         {"", io.EOF, 5, io.ErrUnexpectedEOF},
		"silence in the data": {"hell", iotest.ErrTimeout, 5, iotest.ErrTimeout},
		"one byte more":       {"hello!", io.EOF, 5, download.ErrErroneous},
		"more than nothing":   {"!", io.EOF, 0, download.ErrErroneous},
		"a lie":               {"hello", io.EOF, download.MaxData, io.ErrUnexpectedEOF},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			r := io.MultiReader(strings.NewReader(tt.stream), iotest.ErrReader(tt.end))
			err := download.CopyData(&got, r, download.ResponseHeader{Status: download.Found, DataLength: tt.length})
			if tt.want == nil {
				require.NoError(t, err)
				require.Equal(t, tt.stream, got.String())
				return
			}
			require.ErrorIs(t, err, tt.want)
		})
	}
}
