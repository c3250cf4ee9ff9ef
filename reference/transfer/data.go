package transfer

import (
	"errors"
	"fmt"
	"io"
)

// BlockSize is how many bytes of a file are in memory, and are sent, at once
// (§ Protocol: data goes in blocks of 1024 bytes, never a whole file).
const BlockSize = 1024

// SendData sends size bytes of file to w, each block with one Write. A file that
// has become shorter since its size was announced is [io.ErrUnexpectedEOF].
func SendData(w io.Writer, file io.Reader, size Size) error {
	block := make([]byte, BlockSize)
	for left := size; left > 0; {
		b := block[:min(left, BlockSize)]
		if _, err := io.ReadFull(file, b); err != nil {
			return fmt.Errorf("reading the file, %d of %d bytes left: %w", left, size, unexpected(err))
		}
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("sending data, %d of %d bytes left: %w", left, size, err)
		}
		left -= Size(len(b))
	}
	return nil
}

// ReceiveData writes size bytes from r to file, as they arrive, and reads no
// further. If r ends before, the error wraps [io.ErrUnexpectedEOF].
func ReceiveData(file io.Writer, r io.Reader, size Size) error {
	block := make([]byte, BlockSize)
	for left := size; left > 0; {
		n, err := r.Read(block[:min(left, BlockSize)])
		if _, err := file.Write(block[:n]); err != nil {
			return fmt.Errorf("writing the file, %d of %d bytes left: %w", left, size, err)
		}
		left -= Size(n)
		if err != nil && left > 0 {
			return fmt.Errorf("receiving data, %d of %d bytes left: %w", left, size, unexpected(err))
		}
	}
	return nil
}

// unexpected returns err as it is when more was to come: an end is too early.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
