package fileshare_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

// Golden vectors, written by hand from the table of the dialects.
var goldenCommands = map[string]struct {
	dialect fileshare.Dialect
	wire    string
	want    fileshare.Command
}{
	"sized get":    {fileshare.Sized, "\x01\x05a.txt", fileshare.Command{Kind: fileshare.Get, Name: "a.txt"}},
	"sized put":    {fileshare.Sized, "\x02\x06\xc3\xa9.txt", fileshare.Command{Kind: fileshare.Put, Name: "é.txt"}},
	"sized list":   {fileshare.Sized, "\x03", fileshare.Command{Kind: fileshare.List}},
	"sized bye":    {fileshare.Sized, "\x04", fileshare.Command{Kind: fileshare.Bye}},
	"handout get":  {fileshare.Handout, "\x01a.txt", fileshare.Command{Kind: fileshare.Get, Name: "a.txt"}},
	"handout put":  {fileshare.Handout, "\x02\xc3\xa9.txt", fileshare.Command{Kind: fileshare.Put, Name: "é.txt"}},
	"handout list": {fileshare.Handout, "\x03", fileshare.Command{Kind: fileshare.List}},
	"text get":     {fileshare.Text, "get a.txt", fileshare.Command{Kind: fileshare.Get, Name: "a.txt"}},
	"text put":     {fileshare.Text, "put my \xc3\xa9.txt", fileshare.Command{Kind: fileshare.Put, Name: "my é.txt"}},
	"text list":    {fileshare.Text, "list", fileshare.Command{Kind: fileshare.List}},
	"text bye":     {fileshare.Text, "bye", fileshare.Command{Kind: fileshare.Bye}},
}

var goldenFiles = map[string]struct {
	dialect    fileshare.Dialect
	wire, want string
}{
	"sized":         {fileshare.Sized, "\x00\x00\x00\x00\x00\x00\x00\x03a\x00\n", "a\x00\n"},
	"sized empty":   {fileshare.Sized, "\x00\x00\x00\x00\x00\x00\x00\x00", ""},
	"sized 258":     {fileshare.Sized, "\x00\x00\x00\x00\x00\x00\x01\x02" + strings.Repeat("x", 258), strings.Repeat("x", 258)},
	"handout":       {fileshare.Handout, "\x00\x00\x00\x00\x00\x00\x00\x03a\x00\n", "a\x00\n"},
	"handout empty": {fileshare.Handout, "\x00\x00\x00\x00\x00\x00\x00\x00", ""},
	"text":          {fileshare.Text, "a\x00\n", "a\x00\n"},
}

var goldenListings = map[string]struct {
	dialect fileshare.Dialect
	wire    string
	want    []string
}{
	"sized":         {fileshare.Sized, "\x00\x00\x00\x00\x00\x00\x00\x08a b\n\xc3\xa9.c", []string{"a b", "é.c"}},
	"sized one":     {fileshare.Sized, "\x00\x00\x00\x00\x00\x00\x00\x01a", []string{"a"}},
	"sized empty":   {fileshare.Sized, "\x00\x00\x00\x00\x00\x00\x00\x00", nil},
	"handout":       {fileshare.Handout, "\x00\x00\x00\x00\x00\x00\x00\x08a b\n\xc3\xa9.c", []string{"a b", "é.c"}},
	"handout empty": {fileshare.Handout, "\x00\x00\x00\x00\x00\x00\x00\x00", nil},
	"text":          {fileshare.Text, "ab \xc3\xa9.c ", []string{"ab", "é.c"}},
	"text empty":    {fileshare.Text, "", nil},
}

func TestCommandGolden(t *testing.T) {
	for name, tt := range goldenCommands {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.wire, string(tt.want.Append(nil, tt.dialect)))
			got, err := fileshare.ParseCommand([]byte(tt.wire), tt.dialect)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
			got, err = fileshare.ReadCommand(strings.NewReader(tt.wire), tt.dialect)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
		})
	}
}

func TestFileGolden(t *testing.T) {
	for name, tt := range goldenFiles {
		t.Run(name, func(t *testing.T) {
			file := &fileshare.File{Data: []byte(tt.want)}
			require.Equal(t, tt.wire, string(file.Append(nil, tt.dialect)))
			got, err := fileshare.ParseFile([]byte(tt.wire), tt.dialect)
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got.Data))

			var written bytes.Buffer
			require.NoError(t, fileshare.WriteFile(&written, strings.NewReader(tt.want), int64(len(tt.want)), tt.dialect))
			require.Equal(t, tt.wire, written.String())
			read, err := readAll(tt.wire, tt.dialect, iotest.OneByteReader)
			require.NoError(t, err)
			require.Equal(t, tt.want, read)
		})
	}
}

func TestListingGolden(t *testing.T) {
	for name, tt := range goldenListings {
		t.Run(name, func(t *testing.T) {
			want := &fileshare.Listing{Names: tt.want}
			require.Equal(t, tt.wire, string(want.Append(nil, tt.dialect)))
			got, err := fileshare.ParseListing([]byte(tt.wire), tt.dialect)
			require.NoError(t, err)
			require.Equal(t, want, got)
			got, err = fileshare.ReadListing(iotest.OneByteReader(strings.NewReader(tt.wire)), tt.dialect)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// readAll reads a file from a stream.
func readAll(wire string, d fileshare.Dialect, through func(io.Reader) io.Reader) (string, error) {
	r, err := fileshare.ReadFile(through(strings.NewReader(wire)), d)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(r)
	return string(data), err
}

func TestDiscoveryGolden(t *testing.T) {
	request := &fileshare.DiscoveryRequest{}
	require.Equal(t, "SERVICE DISCOVERY", string(request.Append(nil)))
	require.Len(t, request.Append(nil), 17)
	got, err := fileshare.ParseDiscoveryRequest([]byte("SERVICE DISCOVERY"))
	require.NoError(t, err)
	require.Equal(t, request, got)

	answer := &fileshare.DiscoveryAnswer{Service: "Zoë's File Sharing Service"}
	require.Equal(t, "Zo\xc3\xab's File Sharing Service", string(answer.Append(nil)))
	gotAnswer, err := fileshare.ParseDiscoveryAnswer([]byte("Zo\xc3\xab's File Sharing Service"))
	require.NoError(t, err)
	require.Equal(t, answer, gotAnswer)
}

// TestDiscoveryRequestWrong changes, cuts and lengthens the request everywhere.
func TestDiscoveryRequestWrong(t *testing.T) {
	wire := (&fileshare.DiscoveryRequest{}).Append(nil)
	wrong := func(b []byte) {
		_, err := fileshare.ParseDiscoveryRequest(b)
		require.ErrorIs(t, err, fileshare.ErrErroneous, "%q", b)
	}
	for n := range wire {
		wrong(wire[:n])
		for value := range 256 {
			changed := slices.Clone(wire)
			changed[n] = byte(value)
			if changed[n] != wire[n] {
				wrong(changed)
			}
		}
	}
	for _, extra := range []string{"X", "\n", "\x00", " "} {
		wrong(append(slices.Clone(wire), extra...))
	}
}

// TestCommandCut cuts every command after every byte. Where the name ends with
// its turn, a shorter name is legal.
func TestCommandCut(t *testing.T) {
	for name, tt := range goldenCommands {
		t.Run(name, func(t *testing.T) {
			begun := len(tt.wire)
			if tt.dialect != fileshare.Sized && tt.want.Name != "" {
				begun = len(tt.wire) - len(tt.want.Name) + 1
			}
			for n := range begun {
				_, err := fileshare.ParseCommand([]byte(tt.wire[:n]), tt.dialect)
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				_, err = fileshare.ReadCommand(strings.NewReader(tt.wire[:n]), tt.dialect)
				if n == 0 {
					require.ErrorIs(t, err, io.EOF, "nothing at all is a goodbye")
					require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
					continue
				}
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
			for n := begun; n < len(tt.wire); n++ {
				got, err := fileshare.ParseCommand([]byte(tt.wire[:n]), tt.dialect)
				require.NoError(t, err)
				require.Equal(t, tt.wire[:n], string(got.Append(nil, tt.dialect)))
			}
		})
	}
}

// TestFileCut cuts every file after every byte. Without a size, all that is cut
// is legal, but for nothing.
func TestFileCut(t *testing.T) {
	for name, tt := range goldenFiles {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				_, err := fileshare.ParseFile([]byte(tt.wire[:n]), tt.dialect)
				_, err2 := readAll(tt.wire[:n], tt.dialect, iotest.HalfReader)
				if tt.dialect == fileshare.Text && n > 0 {
					require.NoError(t, errors.Join(err, err2))
					continue
				}
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				require.ErrorIs(t, err2, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
		})
	}
}

// TestListingCut cuts every listing after every byte. Without a size, a listing
// may end behind any name.
func TestListingCut(t *testing.T) {
	for name, tt := range goldenListings {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				_, err := fileshare.ParseListing([]byte(tt.wire[:n]), tt.dialect)
				_, err2 := fileshare.ReadListing(strings.NewReader(tt.wire[:n]), tt.dialect)
				if tt.dialect == fileshare.Text && (n == 0 || tt.wire[n-1] == ' ') {
					require.NoError(t, errors.Join(err, err2))
					continue
				}
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				require.ErrorIs(t, err2, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
		})
	}
}

func TestExtraBytes(t *testing.T) {
	for name, tt := range goldenCommands {
		if tt.dialect != fileshare.Sized && tt.want.Name != "" {
			continue // it would belong to the name
		}
		_, err := fileshare.ParseCommand([]byte(tt.wire+"x"), tt.dialect)
		require.ErrorIs(t, err, fileshare.ErrErroneous, name)
		if tt.dialect != fileshare.Text {
			rest := strings.NewReader(tt.wire + "x")
			_, err = fileshare.ReadCommand(rest, tt.dialect)
			require.NoError(t, err, name)
			require.Equal(t, 1, rest.Len(), "a reader stops at the end of the record")
		}
	}
	for _, d := range []fileshare.Dialect{fileshare.Sized, fileshare.Handout} {
		_, err := fileshare.ParseFile([]byte(goldenFiles["sized"].wire+"x"), d)
		require.ErrorIs(t, err, fileshare.ErrErroneous)
		_, err = fileshare.ParseListing([]byte(goldenListings["sized"].wire+"x"), d)
		require.ErrorIs(t, err, fileshare.ErrErroneous)
		rest := strings.NewReader(goldenFiles["sized"].wire + "x")
		r, err := fileshare.ReadFile(rest, d)
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "a\x00\n", string(data))
		require.Equal(t, 1, rest.Len())
	}
	_, err := fileshare.ParseSize([]byte("\x00\x00\x00\x00\x00\x00\x00\x00x"))
	require.ErrorIs(t, err, fileshare.ErrErroneous)
}
