package mailbox

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// MagicNo begins every record. Something else is not one of ours.
const MagicNo = 0xAE73

// Sizes of the fixed parts of the records, in bytes.
const (
	RequestHeaderSize  = 2 + 1 + 1 + 1 + 2 // MagicNo, ID, NameLen, ReceiverLen, MessageLen
	ResponseHeaderSize = 2 + 1 + 1 + 1     // MagicNo, ID, NumItems, MoreMsgs
	ItemHeaderSize     = 1 + 2             // SenderLen, MessageLen
)

// The largest values of the length fields, which are one and two bytes wide.
const (
	MaxName  = 255   // bytes of a user's name
	MaxText  = 65535 // bytes of a message's text
	MaxItems = 255   // messages of one response
)

// An ID says what kind of record follows.
type ID byte

// The kinds of records.
const (
	Read     ID = 1 // a request for the user's messages
	Create   ID = 2 // a request to keep a message for another user
	Response ID = 3 // the answer to Read
)

// String returns the name of the kind.
func (id ID) String() string {
	switch id {
	case Read:
		return "read"
	case Create:
		return "create"
	case Response:
		return "response"
	}
	return fmt.Sprintf("ID(%d)", byte(id))
}

// ErrErroneous is what every error about a complete but illegal record wraps.
// An incomplete record is [io.ErrUnexpectedEOF].
var ErrErroneous = errors.New("erroneous record")

// erroneous says which field is wrong, and how.
func erroneous(field, wanted string, got any) error {
	return fmt.Errorf("%s wanted %s, got %v: %w", field, wanted, got, ErrErroneous)
}

// short says that a record ends too early.
func short(record string, wanted, got int) error {
	return fmt.Errorf("%s wanted %d bytes, got %d: %w", record, wanted, got, io.ErrUnexpectedEOF)
}

// checkMagicNo is the first check of every header.
func checkMagicNo(record string, got uint16) error {
	if got != MagicNo {
		return erroneous(record+".MagicNo", fmt.Sprintf("%#04x", MagicNo), fmt.Sprintf("%#04x", got))
	}
	return nil
}

// mustFit panics if a text is too long for its length field: who builds a
// record has to check that first.
func mustFit(field, text string, most int) int {
	if len(text) > most {
		panic(fmt.Sprintf("mailbox: %s wanted at most %d bytes, got %d", field, most, len(text)))
	}
	return len(text)
}

// pieceSize is by how many bytes a buffer grows at least while a record is read.
const pieceSize = 4096

// readBetween fills b from r up to least bytes, and up to most if they arrive
// together with the last of these. The buffer grows with what has arrived, not
// with what was announced: a header is only a claim.
func readBetween(r io.Reader, b []byte, least, most int) ([]byte, error) {
	for len(b) < least {
		b = slices.Grow(b, min(most-len(b), pieceSize))
		n, err := r.Read(b[len(b):min(cap(b), most)])
		b = b[:len(b)+n]
		if err == nil || len(b) >= least {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return b, fmt.Errorf("wanted %d bytes, got %d: %w", least, len(b), err)
	}
	return b, nil
}
