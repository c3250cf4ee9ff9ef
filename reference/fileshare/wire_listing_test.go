package fileshare_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

func TestListingWrong(t *testing.T) {
	long := strings.Repeat("n", 256)
	sized := func(data string) string { return string(fileshare.AppendSize(nil, int64(len(data)))) + data }
	tests := map[string]struct {
		dialect fileshare.Dialect
		wire    string
		legal   bool
	}{
		"sized 255":            {fileshare.Sized, sized(long[1:]), true},
		"sized 256":            {fileshare.Sized, sized(long), false},
		"sized, line behind":   {fileshare.Sized, sized("a\n"), false},
		"sized, line before":   {fileshare.Sized, sized("\na"), false},
		"sized, empty name":    {fileshare.Sized, sized("a\n\nb"), false},
		"sized, only a line":   {fileshare.Sized, sized("\n"), false},
		"sized, carriage":      {fileshare.Sized, sized("a\r\nb"), true},
		"handout, empty name":  {fileshare.Handout, sized("a\n\nb"), false},
		"text 255":             {fileshare.Text, long[1:] + " ", true},
		"text 256":             {fileshare.Text, long + " ", false},
		"text, space before":   {fileshare.Text, " a ", false},
		"text, two spaces":     {fileshare.Text, "a  b ", false},
		"text, lines are none": {fileshare.Text, "a\nb ", true},
		// What is wrong already stays wrong, also before the last space has come.
		"text, empty and cut": {fileshare.Text, " a", false},
		"text, 256 and cut":   {fileshare.Text, "a " + long, false},
		"text, long and cut":  {fileshare.Text, long + " a", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := fileshare.ParseListing([]byte(tt.wire), tt.dialect)
			read, readErr := fileshare.ReadListing(strings.NewReader(tt.wire), tt.dialect)
			require.Equal(t, got, read)
			if tt.legal {
				require.NoError(t, errors.Join(err, readErr))
				require.Equal(t, tt.wire, string(got.Append(nil, tt.dialect)))
				return
			}
			require.ErrorIs(t, err, fileshare.ErrErroneous)
			require.ErrorIs(t, readErr, fileshare.ErrErroneous)
		})
	}
}

func TestListedNames(t *testing.T) {
	tests := map[string]struct {
		dialect fileshare.Dialect
		name    string
		legal   bool
	}{
		"sized, space":   {fileshare.Sized, "a b", true},
		"sized, line":    {fileshare.Sized, "a\nb", false},
		"handout, line":  {fileshare.Handout, "a\nb", false},
		"text, space":    {fileshare.Text, "a b", false},
		"text, line":     {fileshare.Text, "a\nb", true},
		"sized, empty":   {fileshare.Sized, "", false},
		"sized, 255":     {fileshare.Sized, strings.Repeat("a", 255), true},
		"sized, 256":     {fileshare.Sized, strings.Repeat("a", 256), false},
		"handout, empty": {fileshare.Handout, "", false},
		"text, empty":    {fileshare.Text, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := &fileshare.Listing{Names: []string{"x", tt.name}}
			if tt.legal {
				require.NoError(t, tt.dialect.CheckListed(tt.name))
				got, err := fileshare.ParseListing(l.Append(nil, tt.dialect), tt.dialect)
				require.NoError(t, err)
				require.Equal(t, l, got)
				return
			}
			require.ErrorIs(t, tt.dialect.CheckListed(tt.name), fileshare.ErrErroneous)
			require.Panics(t, func() { l.Append(nil, tt.dialect) })
		})
	}
}

// TestLongestListing has one byte less than a listing may have, as many, and
// one more.
func TestLongestListing(t *testing.T) {
	for _, d := range fileshare.Dialects() {
		for more, legal := range map[int]bool{-1: true, 0: true, 1: false} {
			l, wire := listingOf(fileshare.MaxListing+more, d)
			got, err := fileshare.ParseListing(wire, d)
			_, readErr := fileshare.ReadListing(bytes.NewReader(wire), d)
			if legal {
				require.NoError(t, errors.Join(err, readErr))
				require.True(t, slices.Equal(l.Names, got.Names))
				require.True(t, bytes.Equal(wire, l.Append(nil, d)))
				continue
			}
			require.ErrorIs(t, err, fileshare.ErrErroneous)
			require.ErrorIs(t, readErr, fileshare.ErrErroneous)
			require.Panics(t, func() { l.Append(nil, d) })
		}
	}
}

// listingOf returns a listing of so many bytes, without its size, and its wire
// form.
func listingOf(size int, d fileshare.Dialect) (*fileshare.Listing, []byte) {
	mark, left := "\n", size+1 // there is no mark behind the last name
	if d == fileshare.Text {
		mark, left = " ", size
	}
	l := &fileshare.Listing{}
	for left > 202 {
		l.Names = append(l.Names, strings.Repeat("n", 100))
		left -= 101
	}
	l.Names = append(l.Names, strings.Repeat("n", left-1))
	data := strings.Join(l.Names, mark)
	if d == fileshare.Text {
		return l, []byte(data + mark)
	}
	return l, append(fileshare.AppendSize(nil, int64(size)), data...)
}
