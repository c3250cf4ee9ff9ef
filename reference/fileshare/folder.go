package fileshare

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Files is where a program keeps files; a [Folder] is one. It has to be safe
// for several goroutines at once.
type Files interface {
	// Names returns the names of all files, as they are now.
	Names() ([]string, error)
	// Open opens a file for reading, and says how many bytes it has.
	Open(name string) (data io.ReadCloser, size int64, err error)
	// Store makes a file of all that can be read from data, in place of an
	// older one of that name, and says how many bytes it has. If reading
	// fails, nothing has changed.
	Store(name string, data io.Reader) (size int64, err error)
}

// incoming is what the names of files begin with that are not whole yet. They
// are no files to anybody else.
const incoming = ".incoming-"

// Permissions of what is made, before the user's mask.
const (
	folderMode = 0o755
	fileMode   = 0o644
)

// A Folder is the regular files in one directory. Other things that may be
// there are not seen: directories, devices, links.
type Folder struct {
	root *os.Root
}

// OpenFolder opens the folder at a path, and makes it if it is not there.
func OpenFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, folderMode); err != nil {
		return nil, fmt.Errorf("making the folder: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening the folder: %w", err)
	}
	return &Folder{root: root}, nil
}

// Close closes the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Names returns the names of the files, sorted.
func (f *Folder) Names() ([]string, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("listing the folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && check(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Open opens a file. The error wraps [fs.ErrNotExist] if there is none of that
// name, [ErrName] if there cannot be.
func (f *Folder) Open(name string) (io.ReadCloser, int64, error) {
	if err := check(name); err != nil {
		return nil, 0, err
	}
	// Ask before opening: opening a pipe waits for its writer.
	info, err := f.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("%q wanted a file, got nothing: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%q wanted a file, got %v: %w", name, info.Mode(), fs.ErrNotExist)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// Store collects the data under another name, which it changes to the right one
// when they are whole. So nobody ever sees half a file.
func (f *Folder) Store(name string, data io.Reader) (int64, error) {
	if err := check(name); err != nil {
		return 0, err
	}
	part := incoming + rand.Text()
	size, err := f.fill(part, data)
	if err == nil {
		err = f.root.Rename(part, name)
	}
	if err != nil {
		f.root.Remove(part)
		return 0, fmt.Errorf("storing %q: %w", name, err)
	}
	return size, nil
}

// fill makes a new file of all that can be read from data.
func (f *Folder) fill(name string, data io.Reader) (int64, error) {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return 0, err
	}
	size, err := io.Copy(file, data)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return size, err
}

// check refuses names that are not those of files in the folder.
func check(name string) error {
	if strings.HasPrefix(name, incoming) {
		return fmt.Errorf("the name wanted one that does not begin with %s, got %.64q: %w", incoming, name, ErrName)
	}
	return CheckName(name)
}
