package download

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// CheckFree returns an error if a file cannot be made under that name in dir,
// because there is something already ([fs.ErrExist], §3.2) or because the name is
// impossible. A directory that is missing shows only when the file is made.
func CheckFree(dir, name string) error {
	_, err := os.Lstat(localPath(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for a local file: %w", err)
	}
	return fmt.Errorf("wanted no local file %s, got one: %w", Printable(name), fs.ErrExist)
}

// SaveNew makes a new file of that name in dir and lets save fill it. If
// anything goes wrong it leaves none. It never touches a file that was there
// before: then the error is [fs.ErrExist].
func SaveNew(dir, name string, save func(io.Writer) error) error {
	f, err := os.OpenFile(localPath(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("making the local file: %w", err)
	}
	if err := errors.Join(save(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// localPath returns where the file of that name is. It is not filepath.Join,
// which would make a simpler path of it, and so perhaps that of another file.
func localPath(dir, name string) string {
	if dir == "" || filepath.IsAbs(name) {
		return name
	}
	return dir + string(filepath.Separator) + name
}
