package transfer

import (
	"encoding/binary"
	"fmt"
)

// SizeLen is how many bytes a size has on the wire (§ Protocol).
const SizeLen = 8

// A Size is how many bytes of data follow (§ Protocol 1e, 2d). All values are
// legal, so that only the size itself limits a file; it is a claim of the other
// side, and nothing is allocated by it.
type Size uint64

// Append appends the wire form of s to b: eight bytes, the high byte first.
func (s Size) Append(b []byte) []byte { return binary.BigEndian.AppendUint64(b, uint64(s)) }

// ParseSize reads exactly one Size from b. The error wraps
// [io.ErrUnexpectedEOF] if b is too short, and [ErrErroneous] if it is too long.
func ParseSize(b []byte) (Size, error) {
	if len(b) < SizeLen {
		return 0, short("Size", fmt.Sprintf("%d bytes", SizeLen), len(b))
	}
	if len(b) > SizeLen {
		return 0, erroneous("Size", fmt.Sprintf("%d bytes", SizeLen), len(b))
	}
	return Size(binary.BigEndian.Uint64(b)), nil
}
