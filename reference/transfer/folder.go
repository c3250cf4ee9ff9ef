package transfer

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
)

// A Folder is where a server or a client keeps its files. Names are relative to
// it and may lead into folders within, but not out of it: neither with "..", nor
// as an absolute path, nor through a symbolic link.
type Folder struct {
	root *os.Root
}

// OpenFolder opens the folder at a path; an empty path is the process's working
// directory.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(cmp.Or(dir, "."))
	if err != nil {
		return nil, fmt.Errorf("opening the folder: %w", err)
	}
	return &Folder{root: root}, nil
}

// OpenFolderOf opens the folder that the file at a path is in, or would be in,
// and returns the file's name there. Symbolic links are followed.
func OpenFolderOf(path string) (f *Folder, name string, err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	f, err = OpenFolder(filepath.Dir(path))
	return f, filepath.Base(path), err
}

// Close gives the folder back to the system. The files stay.
func (f *Folder) Close() error { return f.root.Close() }

// Open opens a file to read it, and returns how many bytes it has. A folder, or
// another thing that is no plain file, is an error.
func (f *Folder) Open(name string) (*os.File, Size, error) {
	if err := f.checkPlain(name); err != nil {
		return nil, 0, err
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, Size(info.Size()), nil
}

// checkPlain returns an error unless name is a plain file. It asks before
// anybody opens the file, since opening a named pipe would wait.
func (f *Folder) checkPlain(name string) error {
	info, err := f.root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s wanted a plain file, got %s", name, info.Mode().Type())
	}
	return err
}

// Has reports whether there is something of that name.
func (f *Folder) Has(name string) bool {
	_, err := f.root.Lstat(name)
	return err == nil
}

// Remove removes a file. A folder is an error.
func (f *Folder) Remove(name string) error {
	info, err := f.root.Lstat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s wanted a file, got a folder", name)
	}
	return f.root.Remove(name)
}
