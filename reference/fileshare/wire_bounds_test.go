package fileshare_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

func TestServiceBounds(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := map[string]struct {
		service string
		want    string // in the error; empty if legal
	}{
		"empty":         {"", "DiscoveryAnswer.Service wanted 1 to 1024 bytes, got 0"},
		"1":             {a(1), ""},
		"1023":          {a(1023), ""},
		"1024":          {a(1024), ""},
		"1025":          {a(1025), "DiscoveryAnswer.Service wanted 1 to 1024 bytes, got 1025"},
		"1026 in 513":   {strings.Repeat("é", 513), "got 1026"},
		"not utf-8":     {"a\xff", "DiscoveryAnswer.Service wanted UTF-8"},
		"cut character": {"Zo\xc3", "DiscoveryAnswer.Service wanted UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			answer := &fileshare.DiscoveryAnswer{Service: tt.service}
			got, err := fileshare.ParseDiscoveryAnswer([]byte(tt.service))
			if tt.want == "" {
				require.NoError(t, err)
				require.Equal(t, answer, got)
				require.Equal(t, tt.service, string(answer.Append(nil)))
				return
			}
			require.ErrorIs(t, err, fileshare.ErrErroneous)
			require.ErrorContains(t, err, tt.want)
			require.Panics(t, func() { answer.Append(nil) })
		})
	}
}

// TestVerbs gives the byte of a command every value, and changes every letter
// of its word.
func TestVerbs(t *testing.T) {
	legal := map[string]string{"sized": "\x01\x02\x03\x04", "handout": "\x01\x02\x03"}
	for _, d := range []fileshare.Dialect{fileshare.Sized, fileshare.Handout} {
		for value := range 256 {
			_, err := fileshare.ParseCommand([]byte{byte(value), 1, 'a'}, d)
			if value == 3 || value == 4 && d == fileshare.Sized {
				_, err = fileshare.ParseCommand([]byte{byte(value)}, d)
			}
			if strings.IndexByte(legal[d.Name], byte(value)) >= 0 {
				require.NoError(t, err, "%v: %d", d, value)
				continue
			}
			require.ErrorIs(t, err, fileshare.ErrErroneous, "%v: %d", d, value)
			_, err = fileshare.ReadCommand(bytes.NewReader([]byte{byte(value), 1, 'a'}), d)
			require.ErrorIs(t, err, fileshare.ErrErroneous, "%v: %d", d, value)
		}
	}
	for _, wire := range []string{"get a", "put a", "list", "bye"} {
		for n := range strings.TrimSuffix(wire, "a") {
			for value := range 256 {
				changed := []byte(wire)
				changed[n] = byte(value)
				if changed[n] != wire[n] {
					_, err := fileshare.ParseCommand(changed, fileshare.Text)
					require.ErrorIs(t, err, fileshare.ErrErroneous, "%q", changed)
				}
			}
		}
	}
}

// TestNameBounds tries names of no byte, one, the most, and one more.
func TestNameBounds(t *testing.T) {
	for _, d := range fileshare.Dialects() {
		for n, legal := range map[int]bool{0: false, 1: true, 2: true, 254: true, 255: true, 256: false} {
			c := &fileshare.Command{Kind: fileshare.Get, Name: strings.Repeat("n", n)}
			if !legal {
				require.Panics(t, func() { c.Append(nil, d) }, "%v: %d", d, n)
				continue
			}
			got, err := fileshare.ParseCommand(c.Append(nil, d), d)
			require.NoError(t, err)
			require.Equal(t, c, got)
			got, err = fileshare.ReadCommand(bytes.NewReader(c.Append(nil, d)), d)
			require.NoError(t, err)
			require.Equal(t, c, got)
		}
	}
	long := strings.Repeat("n", 256)
	tests := map[string]struct {
		dialect fileshare.Dialect
		wire    string
	}{
		"sized 0":     {fileshare.Sized, "\x01\x00"},
		"handout 256": {fileshare.Handout, "\x01" + long},
		"text 256":    {fileshare.Text, "get " + long},
		"text 300":    {fileshare.Text, "get " + long + long[:44]},
	}
	for name, tt := range tests {
		_, err := fileshare.ParseCommand([]byte(tt.wire), tt.dialect)
		require.ErrorIs(t, err, fileshare.ErrErroneous, name)
		_, err = fileshare.ReadCommand(strings.NewReader(tt.wire), tt.dialect)
		require.ErrorIs(t, err, fileshare.ErrErroneous, name)
	}
	for _, k := range []fileshare.Kind{fileshare.List, fileshare.Bye} {
		require.Panics(t, func() { (&fileshare.Command{Kind: k, Name: "a"}).Append(nil, fileshare.Sized) })
	}
	require.Panics(t, func() { (&fileshare.Command{Kind: fileshare.Bye}).Append(nil, fileshare.Handout) })
	require.Panics(t, func() { (&fileshare.Command{Kind: 5}).Append(nil, fileshare.Sized) })
	require.Panics(t, func() { (&fileshare.Command{}).Append(nil, fileshare.Text) })
}

func TestSizeBounds(t *testing.T) {
	tests := map[uint64]bool{0: true, 1: true, 1 << 32: true, math.MaxInt64 - 1: true, math.MaxInt64: true,
		math.MaxInt64 + 1: false, math.MaxUint64: false}
	for n, legal := range tests {
		wire := binary.BigEndian.AppendUint64(nil, n)
		got, err := fileshare.ParseSize(wire)
		_, readErr := fileshare.ReadFile(bytes.NewReader(wire), fileshare.Sized)
		if legal {
			require.NoError(t, errors.Join(err, readErr))
			require.Equal(t, wire, fileshare.AppendSize(nil, got))
			continue
		}
		require.ErrorIs(t, err, fileshare.ErrErroneous)
		require.ErrorIs(t, readErr, fileshare.ErrErroneous)
	}
	require.Panics(t, func() { fileshare.AppendSize(nil, -1) })
	for n := range fileshare.SizeLen {
		_, err := fileshare.ParseSize(make([]byte, n))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}

// TestEmptyFile is the one file that not all dialects can carry.
func TestEmptyFile(t *testing.T) {
	require.NoError(t, fileshare.Sized.CheckSize(0))
	require.NoError(t, fileshare.Handout.CheckSize(0))
	require.NoError(t, fileshare.Text.CheckSize(1))
	require.ErrorIs(t, fileshare.Text.CheckSize(0), fileshare.ErrErroneous)
	require.Panics(t, func() { (&fileshare.File{}).Append(nil, fileshare.Text) })
}

// TestClaimIsNotAllocated reads sizes of which few bytes come.
func TestClaimIsNotAllocated(t *testing.T) {
	file := string(fileshare.AppendSize(nil, fileshare.MaxSize)) + "few"
	r := &roomReader{r: strings.NewReader(file)}
	data, err := fileshare.ReadFile(r, fileshare.Sized)
	require.NoError(t, err)
	_, err = io.ReadAll(data)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.LessOrEqual(t, r.most, 8192)

	listing := string(fileshare.AppendSize(nil, fileshare.MaxListing)) + "few"
	r = &roomReader{r: strings.NewReader(listing)}
	_, err = fileshare.ReadListing(r, fileshare.Sized)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.LessOrEqual(t, r.most, 8192)
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

// TestWriteFileTooShort has a file that shrinks while it is sent.
func TestWriteFileTooShort(t *testing.T) {
	err := fileshare.WriteFile(io.Discard, strings.NewReader("ab"), 3, fileshare.Sized)
	require.ErrorContains(t, err, "sending 3 bytes, after 2")
}

func TestKindString(t *testing.T) {
	tests := map[fileshare.Kind]string{0: "Kind(0)", fileshare.Get: "get", fileshare.Put: "put",
		fileshare.List: "list", fileshare.Bye: "bye", 5: "Kind(5)"}
	for k, want := range tests {
		require.Equal(t, want, k.String())
	}
}

func TestDialectByName(t *testing.T) {
	for _, d := range fileshare.Dialects() {
		got, err := fileshare.DialectByName(d.Name)
		require.NoError(t, err)
		require.Equal(t, d, got)
	}
	for _, name := range []string{"", "Sized", "texts"} {
		_, err := fileshare.DialectByName(name)
		require.ErrorContains(t, err, "the dialect wanted [sized handout text], got")
	}
}
