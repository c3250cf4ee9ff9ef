package fileshare

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// A File is the content of a file on its way: from the server after a Get, from
// the client after a Put (§2.3, §3.3). It is here to be whole, for tests; the
// programs use [WriteFile] and [ReadFile], which never hold all of it.
type File struct {
	Data []byte // at least 1 byte in Text, which cannot carry an empty file
}

// Append appends the wire form of f to b. It panics if the dialect cannot carry
// the file.
func (f *File) Append(b []byte, d Dialect) []byte {
	must(d.CheckSize(int64(len(f.Data))))
	if d.dataSize {
		b = AppendSize(slices.Grow(b, SizeLen+len(f.Data)), int64(len(f.Data)))
	}
	return append(b, f.Data...)
}

// ParseFile reads exactly one File from b. Its data are a part of b.
func ParseFile(b []byte, d Dialect) (*File, error) {
	data, err := d.parseData(b, MaxSize)
	if err != nil {
		return nil, err
	}
	if !d.dataSize && len(data) == 0 {
		return nil, short("File", 1, 0)
	}
	return &File{Data: data}, nil
}

// parseData returns the data in b: what follows their size, or all of b.
func (d Dialect) parseData(b []byte, most int64) ([]byte, error) {
	if !d.dataSize {
		return b, checkSize(int64(len(b)), most)
	}
	n, err := ParseSize(b[:min(SizeLen, len(b))])
	if err != nil {
		return nil, err
	}
	if err := checkSize(n, most); err != nil {
		return nil, err
	}
	data := b[SizeLen:]
	if int64(len(data)) < n {
		return nil, fmt.Errorf("data wanted %d bytes, got %d: %w", n, len(data), io.ErrUnexpectedEOF)
	}
	return data[:n], noMore("data", data[n:])
}

// CheckSize returns an error that wraps [ErrErroneous] if the dialect cannot
// carry a file of so many bytes.
func (d Dialect) CheckSize(n int64) error {
	if n == 0 && !d.dataSize {
		return erroneous("File", "at least 1 byte in the dialect "+d.Name, n)
	}
	return nil
}

// WriteFile writes the wire form of a File of so many bytes to w, piece by
// piece. If there is less to read from data, that is an error, and w has part
// of a record.
func WriteFile(w io.Writer, data io.Reader, size int64, d Dialect) error {
	if d.dataSize {
		if _, err := w.Write(AppendSize(nil, size)); err != nil {
			return fmt.Errorf("sending a size: %w", err)
		}
	}
	if n, err := io.CopyN(w, data, size); err != nil {
		return fmt.Errorf("sending %d bytes, after %d: %w", size, n, err)
	}
	return nil
}

// ReadFile reads the beginning of a File from r, and returns a reader of its
// data. That ends where the File ends; if r ends before, it fails with
// [io.ErrUnexpectedEOF]. In a dialect without sizes r has to end with the File:
// see [Conn.Turn].
func ReadFile(r io.Reader, d Dialect) (io.Reader, error) {
	if !d.dataSize {
		return &someBytes{r: r}, nil
	}
	n, err := readSize(r)
	if err != nil {
		return nil, err
	}
	return &exactBytes{r: r, size: n, left: n}, nil
}

// An exactBytes reads so many bytes of another reader, no more and no less.
type exactBytes struct {
	r          io.Reader
	size, left int64
}

func (e *exactBytes) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if e.left > 0 && errors.Is(err, io.EOF) {
		err = fmt.Errorf("data wanted %d bytes, got %d: %w", e.size, e.size-e.left, io.ErrUnexpectedEOF)
	}
	return n, err
}

// A someBytes reads all of another reader, which must be something.
type someBytes struct {
	r     io.Reader
	begun bool
}

func (s *someBytes) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.begun = s.begun || n > 0
	if !s.begun && errors.Is(err, io.EOF) {
		return 0, short("File", 1, 0)
	}
	return n, err
}
