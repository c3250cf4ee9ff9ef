package fileshare

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// SizeLen is the length of a size on the wire, in bytes.
const SizeLen = 8

// MaxSize is the largest size of a file, in bytes: what an operating system can
// count. A size on the wire could say twice as much.
const MaxSize int64 = math.MaxInt64

// AppendSize appends the wire form of a size to b, the high byte first. It
// panics if n is negative.
func AppendSize(b []byte, n int64) []byte {
	if n < 0 {
		panic(fmt.Sprintf("fileshare: size wanted 0 to %d, got %d", MaxSize, n))
	}
	return binary.BigEndian.AppendUint64(b, uint64(n))
}

// ParseSize reads exactly one size from b.
func ParseSize(b []byte) (int64, error) {
	if len(b) < SizeLen {
		return 0, short("size", SizeLen, len(b))
	}
	n := binary.BigEndian.Uint64(b)
	if n > uint64(MaxSize) {
		return 0, erroneous("size", fmt.Sprintf("at most %d", MaxSize), n)
	}
	return int64(n), noMore("size", b[SizeLen:])
}

// readSize reads one size from r.
func readSize(r io.Reader) (int64, error) {
	b, err := readFull(r, SizeLen)
	if err != nil {
		return 0, fmt.Errorf("reading a size: %w", err)
	}
	return ParseSize(b)
}

// checkSize checks the size of data, in bytes.
func checkSize(n, most int64) error {
	if n > most {
		return erroneous("size", fmt.Sprintf("at most %d", most), n)
	}
	return nil
}
