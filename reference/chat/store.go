package chat

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Folder is where the server keeps files, under its working directory (§IV.1).
const Folder = "server"

// Permissions of what the server creates, before the umask.
const (
	folderMode = 0o755
	fileMode   = 0o644
)

// partPrefix begins the name that a file has until all of it has come. The rest
// of that name cannot be guessed.
const partPrefix = ".upload-"

// A Store is the folder that uploaded files are kept in. It is safe for several
// goroutines at once.
type Store struct {
	root *os.Root // nothing outside of it can be reached, not by links either
}

// OpenStore opens the folder under dir, and creates it if it is missing. An
// empty dir is the process's own working directory.
func OpenStore(dir string) (*Store, error) {
	path := filepath.Join(dir, Folder)
	if err := os.MkdirAll(path, folderMode); err != nil {
		return nil, fmt.Errorf("creating the folder for uploads: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening the folder for uploads: %w", err)
	}
	return &Store{root: root}, nil
}

// Close ends the use of the folder. The files stay.
func (s *Store) Close() error { return s.root.Close() }

// Save reads size bytes from r and keeps them as the file name; one of that name
// is replaced. If the file cannot be kept, its bytes are read all the same: what
// follows them is another message. If r ends too early the error wraps
// [io.ErrUnexpectedEOF] and nothing is kept.
func (s *Store) Save(name string, r io.Reader, size int64) error {
	body := &io.LimitedReader{R: r, N: size}
	if err := s.keep(name, body); err != nil {
		io.Copy(io.Discard, body) // if r has ended, its next reader finds out
		return fmt.Errorf("keeping file %q: %w", name, err)
	}
	return nil
}

// keep writes the body under another name first. So nobody sees a part of the
// file, and the one that it replaces is there until the last byte has come.
func (s *Store) keep(name string, body *io.LimitedReader) error {
	if err := CheckName(name); err != nil {
		return err
	}
	part := partPrefix + rand.Text()
	f, err := s.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer s.root.Remove(part) // if all goes well it has another name by then
	if err := copyAll(f, body); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return s.root.Rename(part, name)
}

// copyAll copies as many bytes as body is limited to, and not fewer.
func copyAll(w io.Writer, body *io.LimitedReader) error {
	size := body.N
	n, err := io.Copy(w, body)
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("wanted %d bytes, got %d: %w", size, n, err)
	}
	return nil
}

// CheckName returns an error if name is not that of a file, but a path: it could
// lead out of the folder.
func CheckName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return fmt.Errorf("the file's name wanted no path, got %q", name)
	}
	return nil
}
