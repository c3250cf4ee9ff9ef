package fileshare

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Listing is the names of the files that a server shares, in any order
// (§3.1.3).
type Listing struct {
	Names []string // each 1 to 255 bytes, and as [Dialect.CheckListed] wants it
}

// Append appends the wire form of l to b. It panics if the dialect cannot carry
// a name, or all of them are longer than MaxListing.
func (l *Listing) Append(b []byte, d Dialect) []byte {
	for _, name := range l.Names {
		must(d.CheckListed(name))
	}
	data := d.joinNames(l.Names)
	must(checkSize(int64(len(data)), MaxListing))
	if d.dataSize {
		b = AppendSize(b, int64(len(data)))
	}
	return append(b, data...)
}

// joinNames returns the names as data.
func (d Dialect) joinNames(names []string) string {
	if d.dataSize {
		return strings.Join(names, lineEnd)
	}
	var data strings.Builder
	for _, name := range names {
		data.WriteString(name + spaceEnd)
	}
	return data.String()
}

// CheckListed returns an error that wraps [ErrErroneous] if a listing of the
// dialect cannot carry the name: it would be taken for two.
func (d Dialect) CheckListed(name string) error {
	if err := checkNameLen(len(name)); err != nil {
		return err
	}
	if mark := d.nameMark(); strings.Contains(name, mark) {
		return erroneous("Listing.Names", fmt.Sprintf("names without %q", mark), fmt.Sprintf("%q", name))
	}
	return nil
}

// nameMark returns what tells names of a listing apart.
func (d Dialect) nameMark() string {
	if d.dataSize {
		return lineEnd
	}
	return spaceEnd
}

// ParseListing reads exactly one Listing from b.
func ParseListing(b []byte, d Dialect) (*Listing, error) {
	data, err := d.parseData(b, MaxListing)
	if err != nil {
		return nil, err
	}
	return d.parseNames(string(data))
}

// ReadListing reads one Listing from r. In a dialect without sizes r has to end
// with the Listing: see [Conn.Turn].
func ReadListing(r io.Reader, d Dialect) (*Listing, error) {
	if d.dataSize {
		size, err := readSize(r)
		if err != nil {
			return nil, err
		}
		if err := checkSize(size, MaxListing); err != nil {
			return nil, err
		}
		r = &exactBytes{r: r, size: size, left: size}
	}
	// The buffer of ReadAll grows with what arrives, not with what was
	// announced. One more byte is enough to see that it is too long.
	data, err := io.ReadAll(io.LimitReader(r, MaxListing+1))
	if err != nil {
		return nil, fmt.Errorf("reading a listing: %w", err)
	}
	if err := checkSize(int64(len(data)), MaxListing); err != nil {
		return nil, err
	}
	return d.parseNames(string(data))
}

// parseNames cuts data into names.
func (d Dialect) parseNames(data string) (*Listing, error) {
	if data == "" {
		return &Listing{}, nil
	}
	names := strings.Split(data, d.nameMark())
	begun := "" // a name that has no mark behind it yet
	if last := len(names) - 1; !d.dataSize {
		names, begun = slices.Clip(names[:last]), names[last]
	}
	for _, name := range names {
		if err := checkNameLen(len(name)); err != nil {
			return nil, err
		}
	}
	if begun != "" {
		return nil, unmarked(begun)
	}
	return &Listing{Names: names}, nil
}

// unmarked says what is wrong with a name that no mark follows: more bytes can
// bring it, unless the name is too long already.
func unmarked(name string) error {
	if err := checkNameLen(len(name)); err != nil {
		return err
	}
	return fmt.Errorf("the last name of a listing wanted a space behind it, got %q: %w", name, io.ErrUnexpectedEOF)
}
