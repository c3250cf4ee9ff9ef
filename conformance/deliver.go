package conformance

import (
	"context"
	"slices"
	"time"

	"netproctor/internal/record"
)

// A Delivery is the way in which messages are cut into pieces on the wire. It
// is an axis of the runner and not part of a scenario: the same steps are
// played, and a TCP program may not notice the difference.
type Delivery string

// The deliveries. Whole is the one that every scenario is judged by.
const (
	Whole        Delivery = ""
	HeaderBody   Delivery = "header-body"   // the header in one piece, the body in another
	InsideHeader Delivery = "inside-header" // a cut in the middle of the header
	InsideBody   Delivery = "inside-body"   // the header with half of the body, then the rest
	Bytewise     Delivery = "bytewise"      // byte by byte; a long message at its borders and some bytes between
)

// Deliveries are the ways in which a message can be cut.
var Deliveries = []Delivery{HeaderBody, InsideHeader, InsideBody, Bytewise}

// A message in pieces takes at most piecesTotal, well below the one second of
// the protocols with a gap rule, and at most piecesMost pieces.
const (
	piecesTotal = 400 * time.Millisecond
	piecesPause = 20 * time.Millisecond
	piecesMost  = 40
	// piecesLate is when a delivery that the machine has slowed down is no
	// longer a legal one.
	piecesLate = 800 * time.Millisecond
)

// cuts gives the offsets at which a delivery cuts a message.
func (d Delivery) cuts(l *record.Layout, b []byte) []int {
	dec, err := l.Decode(b, true)
	if err != nil || len(b) < 2 {
		return nil
	}
	header := headerSize(dec, len(b))
	var at []int
	switch d {
	case HeaderBody:
		at = []int{header}
	case InsideHeader:
		at = []int{header / 2}
	case InsideBody:
		at = []int{header + (len(b)-header)/2}
	case Bytewise:
		at = bytewise(dec.Borders(), len(b))
	}
	return slices.DeleteFunc(at, func(n int) bool { return n <= 0 || n >= len(b) })
}

// headerSize is how far the fields of fixed size reach.
func headerSize(d record.Decoded, whole int) int {
	for _, f := range d.Fields {
		if f.Field.Kind != record.Uint && f.Field.Kind != record.Lit {
			return f.Offset
		}
	}
	return whole
}

// bytewise is every offset of a short message. Of a long one it is the bytes
// of its beginning, both sides of every border and its last byte.
func bytewise(borders []int, size int) []int {
	var at []int
	for n := 1; n < size && n <= 16; n++ {
		at = append(at, n)
	}
	if size > piecesMost {
		for _, b := range borders {
			at = append(at, b-1, b, b+1)
		}
		at = append(at, size/2, size-1)
	} else {
		for n := 17; n < size; n++ {
			at = append(at, n)
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	if len(at) >= piecesMost {
		at = append(at[:piecesMost-2:piecesMost-2], size-1)
	}
	return at
}

// sendPieces writes a message cut at the given offsets, with a short pause
// between two pieces so that they arrive apart.
func (p *player) sendPieces(ctx context.Context, conn string, c *liveConn, b []byte, cuts []int) {
	pause := min(piecesPause, piecesTotal/time.Duration(len(cuts)+1))
	from := 0
	for _, to := range append(cuts, len(b)) {
		if from > 0 {
			p.pause(ctx, pause)
		}
		if !p.write(conn, c, b[from:to]) {
			return
		}
		from = to
	}
}
