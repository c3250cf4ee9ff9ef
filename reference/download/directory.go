package download

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"unicode/utf8"
)

// A Directory is where a server has its files. No name leads out of it: not
// "../x", not "/x", and not that of a link. The source does not speak of this,
// but who listens on a network must not give away what it was not given.
type Directory struct {
	root *os.Root
}

// OpenDirectory opens the directory at path; an empty path is the working
// directory of the process. Who opens it has to close it.
func OpenDirectory(path string) (*Directory, error) {
	root, err := os.OpenRoot(cmp.Or(path, "."))
	if err != nil {
		return nil, fmt.Errorf("opening the directory of the files: %w", err)
	}
	return &Directory{root: root}, nil
}

// Close closes the directory.
func (d *Directory) Close() error { return d.root.Close() }

// A File is open to be sent. Who opens it has to close it.
type File struct {
	io.ReadCloser
	Size uint32 // in bytes, as it was when the file was opened
}

// Open opens the file of that name. It is an error if there is none, if it must
// not be read, or if it cannot be sent: a directory, a pipe, a file that is too
// large for DataLength, a name that is not UTF-8.
func (d *Directory) Open(name string) (*File, error) {
	if !utf8.ValidString(name) {
		return nil, errors.New("the name of a file wanted UTF-8, got other bytes")
	}
	// To open a pipe waits for somebody who writes to it; O_NONBLOCK does not.
	f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	size, err := sizeToSend(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &File{ReadCloser: f, Size: size}, nil
}

// sizeToSend returns how many bytes are in the file, if it can be sent at all.
func sizeToSend(f *os.File) (uint32, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("wanted a regular file, got %v", info.Mode())
	}
	if info.Size() > MaxData {
		return 0, fmt.Errorf("wanted a file of at most %d bytes, got %d", int64(MaxData), info.Size())
	}
	return uint32(info.Size()), nil
}
