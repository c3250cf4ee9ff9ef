package download

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// MagicNo begins every record (§3.3). Something else is not one of ours.
const MagicNo = 0x497E

// Sizes of the fixed parts of the records, in bytes.
const (
	RequestHeaderSize  = 2 + 1 + 2     // MagicNo, Type, FilenameLen (§3.3.1)
	ResponseHeaderSize = 2 + 1 + 1 + 4 // MagicNo, Type, StatusCode, DataLength (§3.3.2)
)

// Limits of the length fields, in bytes.
const (
	MinFilename = 1
	MaxFilename = 1024           // FilenameLen has room for more, but must not say it (§3.3.1)
	MaxData     = math.MaxUint32 // what fits into DataLength: one byte less than 4 GiB (§3.3.2)
)

// A Type says what kind of record follows.
type Type byte

// The types of records.
const (
	Request  Type = 1 // a FileRequest (§3.3.1)
	Response Type = 2 // a FileResponse (§3.3.2)
)

// String returns the name of the type.
func (t Type) String() string {
	switch t {
	case Request:
		return "request"
	case Response:
		return "response"
	}
	return fmt.Sprintf("Type(%d)", byte(t))
}

// A Status says whether a response brings the file (§3.3.2).
type Status byte

// The statuses.
const (
	Missing Status = 0 // there is no such file, or it cannot be opened
	Found   Status = 1 // the file follows
)

// String returns the name of the status.
func (s Status) String() string {
	switch s {
	case Missing:
		return "missing"
	case Found:
		return "found"
	}
	return fmt.Sprintf("Status(%d)", byte(s))
}

// ErrErroneous is what every error about a complete but illegal record wraps.
// An incomplete record is [io.ErrUnexpectedEOF].
var ErrErroneous = errors.New("erroneous record")

// erroneous says which field is wrong, and how.
func erroneous(field, wanted string, got any) error {
	return fmt.Errorf("%s wanted %s, got %v: %w", field, wanted, got, ErrErroneous)
}

// short says that a record ends too early.
func short(record string, wanted, got int64) error {
	return fmt.Errorf("%s wanted %d bytes, got %d: %w", record, wanted, got, io.ErrUnexpectedEOF)
}

// checkStart holds the two fields that begin every header against what they
// must be.
func checkStart(record string, magicNo uint16, got, wanted Type) error {
	if magicNo != MagicNo {
		return erroneous(record+".MagicNo", fmt.Sprintf("%#04x", MagicNo), fmt.Sprintf("%#04x", magicNo))
	}
	if got != wanted {
		return erroneous(record+".Type", fmt.Sprintf("%d (%v)", byte(wanted), wanted), byte(got))
	}
	return nil
}

// readAtLeast reads least bytes from r into b, and more of them, as far as b has
// room, if they arrive together with the last of these. It returns the part of b
// that it filled.
func readAtLeast(r io.Reader, b []byte, least int) ([]byte, error) {
	n, err := io.ReadAtLeast(r, b, least)
	if err != nil {
		return nil, fmt.Errorf("wanted %d bytes, got %d: %w", least, n, unexpected(err))
	}
	return b[:n], nil
}

// unexpected turns the end of a stream into an error: inside a record it is one.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
