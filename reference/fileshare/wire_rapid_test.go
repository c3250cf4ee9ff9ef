package fileshare_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/fileshare"
)

func drawDialect(t *rapid.T) fileshare.Dialect {
	return rapid.SampledFrom(fileshare.Dialects()).Draw(t, "dialect")
}

// drawBytes draws least to most bytes, of any value.
func drawBytes(t *rapid.T, label string, least, most int) []byte {
	return rapid.SliceOfN(rapid.Byte(), least, most).Draw(t, label)
}

func drawCommand(t *rapid.T, d fileshare.Dialect) *fileshare.Command {
	kinds := []fileshare.Kind{fileshare.Get, fileshare.Put, fileshare.List}
	if d != fileshare.Handout {
		kinds = append(kinds, fileshare.Bye)
	}
	c := &fileshare.Command{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
	if c.Kind.HasName() {
		c.Name = string(drawBytes(t, "name", 1, fileshare.MaxName))
	}
	return c
}

func drawListing(t *rapid.T, d fileshare.Dialect) *fileshare.Listing {
	l := &fileshare.Listing{}
	for range rapid.IntRange(0, 5).Draw(t, "names") {
		name := string(drawBytes(t, "name", 1, 40))
		if d.CheckListed(name) == nil {
			l.Names = append(l.Names, name)
		}
	}
	return l
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDialect(t)
		command := drawCommand(t, d)
		gotCommand, err := fileshare.ParseCommand(command.Append(nil, d), d)
		require.NoError(t, err)
		require.Equal(t, command, gotCommand)

		listing := drawListing(t, d)
		gotListing, err := fileshare.ParseListing(listing.Append(nil, d), d)
		require.NoError(t, err)
		require.Equal(t, listing, gotListing)

		file := &fileshare.File{Data: drawBytes(t, "data", 1, 300)}
		gotFile, err := fileshare.ParseFile(file.Append(nil, d), d)
		require.NoError(t, err)
		require.Equal(t, file, gotFile)
	})
}

// TestParseAndReadAgree feeds both ways to read a record with the same bytes,
// most of them almost legal. What parses is written again as the same bytes.
func TestParseAndReadAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDialect(t)
		wire := spoil(t, drawCommand(t, d).Append(nil, d))
		command, err := fileshare.ParseCommand(wire, d)
		rest := bytes.NewReader(wire)
		readCommand, readErr := fileshare.ReadCommand(rest, d)
		if err == nil {
			require.NoError(t, readErr)
			require.Equal(t, command, readCommand)
			require.Equal(t, string(wire), string(command.Append(nil, d)))
		} else {
			require.True(t, readErr != nil || rest.Len() > 0, "%v", err)
		}

		wire = spoil(t, drawListing(t, d).Append(nil, d))
		listing, err := fileshare.ParseListing(wire, d)
		rest = bytes.NewReader(wire)
		readListing, readErr := fileshare.ReadListing(rest, d)
		if err == nil {
			require.NoError(t, readErr)
			require.Equal(t, listing, readListing)
			require.Equal(t, string(wire), string(listing.Append(nil, d)))
		} else {
			require.True(t, readErr != nil || rest.Len() > 0, "%v", err)
		}
	})
}

// TestFileInPieces reads a file from a stream that comes in any pieces.
func TestFileInPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDialect(t)
		data := drawBytes(t, "data", 1, 3000)
		wire := (&fileshare.File{Data: data}).Append(nil, d)
		at := rapid.IntRange(0, len(wire)).Draw(t, "cut")
		stream := iotest.DataErrReader(io.MultiReader(bytes.NewReader(wire[:at]), iotest.HalfReader(bytes.NewReader(wire[at:]))))
		r, err := fileshare.ReadFile(stream, d)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, data, got)
	})
}

// spoil changes one byte of a record, or its length.
func spoil(t *rapid.T, wire []byte) []byte {
	at := rapid.IntRange(0, min(12, max(0, len(wire)-1))).Draw(t, "at")
	switch how := rapid.IntRange(0, 3).Draw(t, "how"); {
	case how == 0 && len(wire) > 0:
		wire[at] = rapid.Byte().Draw(t, "value")
	case how == 1:
		wire = wire[:min(at, len(wire))]
	case how == 2:
		wire = append(wire, rapid.Byte().Draw(t, "extra"))
	}
	return wire
}
