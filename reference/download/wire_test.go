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

// Golden vectors, written by hand from the tables of fields.
var (
	goldenRequest = []byte{
		0x49, 0x7E, 1, 0, 9,
		'h', 'e', 'l', 'l', 'o', '.', 't', 'x', 't',
	}
	goldenMissing = []byte{0x49, 0x7E, 2, 0, 0, 0, 0, 0}
	goldenIgnored = []byte{0x49, 0x7E, 2, 0, 0xDE, 0xAD, 0xBE, 0xEF}
	goldenEmpty   = []byte{0x49, 0x7E, 2, 1, 0, 0, 0, 0}
	goldenFound   = []byte{
		0x49, 0x7E, 2, 1, 0, 0, 0, 5,
		'a', 0, 0xFF, '\n', 'b',
	}
)

func TestExtraBytes(t *testing.T) {
	for name, tt := range requests() {
		extra := append(slices.Clip(tt.wire), 'x')
		_, err := download.ParseFileRequest(extra)
		require.ErrorIs(t, err, download.ErrErroneous, name)
		_, err = download.ReadFileRequest(bytes.NewReader(extra))
		require.ErrorIs(t, err, download.ErrErroneous, name)
		_, err = download.ReadFileRequest(iotest.OneByteReader(bytes.NewReader(extra)))
		require.NoError(t, err, "%s: what comes later is not waited for", name)
	}
	for name, tt := range responses() {
		extra := append(slices.Clip(tt.wire), 'x')
		_, err := download.ParseFileResponse(extra)
		require.ErrorIs(t, err, download.ErrErroneous, name)
		_, err = readResponse(iotest.OneByteReader(bytes.NewReader(extra)))
		if tt.want.Status == download.Missing {
			require.NoError(t, err, "%s: what follows is ignored", name)
			continue
		}
		require.ErrorIs(t, err, download.ErrErroneous, name)
	}
}

// TestByteOrder holds every field against its bytes in the wrong order.
func TestByteOrder(t *testing.T) {
	_, err := download.ParseRequestHeader([]byte{0x7E, 0x49, 1, 0, 9})
	require.ErrorContains(t, err, "FileRequest.MagicNo wanted 0x497e, got 0x7e49")
	_, err = download.ParseResponseHeader([]byte{0x7E, 0x49, 2, 1, 0, 0, 0, 0})
	require.ErrorContains(t, err, "FileResponse.MagicNo wanted 0x497e, got 0x7e49")
	r, err := download.ParseRequestHeader([]byte{0x49, 0x7E, 1, 1, 2})
	require.NoError(t, err)
	require.Equal(t, 0x0102, r.BodyLen())
	h, err := download.ParseResponseHeader([]byte{0x49, 0x7E, 2, 1, 1, 2, 3, 4})
	require.NoError(t, err)
	require.EqualValues(t, 0x01020304, h.BodyLen())
}

func TestStrings(t *testing.T) {
	types := map[download.Type]string{0: "Type(0)", download.Request: "request", download.Response: "response", 3: "Type(3)"}
	for v, want := range types {
		require.Equal(t, want, v.String())
	}
	statuses := map[download.Status]string{download.Missing: "missing", download.Found: "found", 2: "Status(2)"}
	for v, want := range statuses {
		require.Equal(t, want, v.String())
	}
}

// TestClaimIsNotAllocated reads headers that announce the most that there is,
// of which little comes.
func TestClaimIsNotAllocated(t *testing.T) {
	r := &roomReader{r: strings.NewReader("\x49\x7E\x01\x04\x00few")}
	_, err := download.ReadFileRequest(r)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.LessOrEqual(t, r.most, 1025)

	r = &roomReader{r: strings.NewReader("\x49\x7E\x02\x01\xFF\xFF\xFF\xFFfew")}
	_, err = readResponse(r)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.LessOrEqual(t, r.most, 64<<10)
}

// A roomReader notes how much room its user ever had for bytes.
type roomReader struct {
	r    io.Reader
	most int
}

func (r *roomReader) Read(p []byte) (int, error) {
	r.most = max(r.most, len(p))
	return r.r.Read(p)
}
