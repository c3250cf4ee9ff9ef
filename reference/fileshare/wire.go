package fileshare

import (
	"errors"
	"fmt"
	"io"
)

// Limits of what may be on the wire, in bytes.
const (
	// MaxName is the longest name of a file: as much as the length field of
	// Sized can say and as file systems take.
	MaxName = 255

	// MaxService is the longest name of a service. The source has no limit;
	// more than this would not fit a line of anybody's screen.
	MaxService = 1024

	// MaxListing is the longest listing. The source has no limit; this is room
	// for 4,096 of the longest names.
	MaxListing = 1 << 20
)

// What stands between the parts of a record.
const (
	wordEnd  = " "  // between the word of a command and a name (§2.1.1)
	lineEnd  = "\n" // between two names of a listing that has a size
	spaceEnd = " "  // behind every name of a listing that has none (§3.1.3)
)

// A Kind says what a command asks for. Its number is its byte on the wire.
type Kind byte

// The kinds of commands (§3.1.3).
const (
	Get  Kind = 1 // send a file
	Put  Kind = 2 // take a file, which follows
	List Kind = 3 // send the names of all files
	Bye  Kind = 4 // close the connection
)

// kinds are all of them.
var kinds = [...]Kind{Get, Put, List, Bye}

// String returns the name of the kind. The dialect Text has it on the wire.
func (k Kind) String() string {
	switch k {
	case Get:
		return "get"
	case Put:
		return "put"
	case List:
		return "list"
	case Bye:
		return "bye"
	}
	return fmt.Sprintf("Kind(%d)", byte(k))
}

// HasName reports whether a command of this kind names a file.
func (k Kind) HasName() bool { return k == Get || k == Put }

// named reports whether k is one of the constants.
func (k Kind) named() bool { return k >= Get && k <= Bye }

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

// must panics if err is one: who builds a record has to give it what it can
// carry.
func must(err error) {
	if err != nil {
		panic("fileshare: " + err.Error())
	}
}

// readFull reads n bytes. It allocates them, so n must be small.
func readFull(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	got, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("wanted %d bytes, got %d: %w", n, got, io.ErrUnexpectedEOF)
	}
	return b, err
}

// readTurn returns what the next read brings, at most n bytes. The error is
// [io.EOF] if the other side has closed before it sent anything.
func readTurn(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	for {
		got, err := r.Read(b)
		if got > 0 {
			return b[:got], nil // an error comes again with the next read
		}
		if err != nil {
			return nil, err
		}
	}
}
