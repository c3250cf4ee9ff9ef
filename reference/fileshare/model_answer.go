package fileshare

import (
	"bytes"
	"slices"
)

// An Answer is what a server may send.
type Answer struct {
	Pieces []Piece
	Open   bool // anything may follow
}

// A Piece is a part of an answer.
type Piece struct {
	Bytes []byte
	// AnyOrder says that the bytes are a listing, whose names may come in
	// another order.
	AnyOrder bool

	dialect Dialect // of the listing
}

// Allows reports whether got, which is all that came, is this answer.
func (a Answer) Allows(got []byte) bool {
	for _, p := range a.Pieces {
		n := len(p.Bytes) // the same in any order
		if len(got) < n || !p.allows(got[:n]) {
			return false
		}
		got = got[n:]
	}
	return a.Open || len(got) == 0
}

// allows reports whether got is this piece.
func (p Piece) allows(got []byte) bool {
	if bytes.Equal(got, p.Bytes) {
		return true
	}
	if !p.AnyOrder {
		return false
	}
	listing, err := ParseListing(got, p.dialect)
	wanted, err2 := ParseListing(p.Bytes, p.dialect)
	if err != nil || err2 != nil {
		return false
	}
	slices.Sort(listing.Names)
	slices.Sort(wanted.Names)
	return slices.Equal(listing.Names, wanted.Names)
}

// names is the walk with a listing behind its answer.
func (w walk) names(names []string) walk {
	d := w.model.dialect
	return w.with(Piece{Bytes: d.sized(d.joinNames(names)), AnyOrder: true, dialect: d})
}

// data is the walk with a file behind its answer.
func (w walk) data(data string) walk {
	return w.with(Piece{Bytes: w.model.dialect.sized(data)})
}

// sized returns data with their size before them, in a dialect that has one.
func (d Dialect) sized(data string) []byte {
	if !d.dataSize {
		return []byte(data)
	}
	return append(AppendSize(nil, int64(len(data))), data...)
}

// with is the walk with one more piece of its answer. Behind an open answer
// there is nothing to say.
func (w walk) with(p Piece) walk {
	if !w.answer.Open {
		w.answer.Pieces = append(slices.Clip(w.answer.Pieces), p)
	}
	return w
}
