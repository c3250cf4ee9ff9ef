package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
)

// draftName is under what name a draft stands; the number is drawn at random.
const draftName = ".transfer-%016x"

// newFileMode is what a new file may be used for, before the user's umask takes
// from it.
const newFileMode = 0o666

// A Draft is a file that is not complete. It stands under a name of its own in
// the folder of the file that it is to become, and nobody's file is touched
// until [Draft.Keep].
type Draft struct {
	root *os.Root
	file *os.File
	name string // the file's, in the end
	own  string // the draft's
}

// Create begins a file. It returns an error if the file could not be written:
// because its folder does not exist or takes no files, because what has the name
// is no plain file, or because that must not be changed.
func (f *Folder) Create(name string) (*Draft, error) {
	old, err := f.writable(name)
	if err != nil {
		return nil, err
	}
	own := path.Join(path.Dir(name), fmt.Sprintf(draftName, rand.Uint64()))
	file, err := f.root.OpenFile(own, os.O_WRONLY|os.O_CREATE|os.O_EXCL, newFileMode)
	if err != nil {
		return nil, err
	}
	d := &Draft{root: f.root, file: file, name: name, own: own}
	if old == nil {
		return d, nil
	}
	if err := file.Chmod(old.Mode().Perm()); err != nil {
		d.Drop()
		return nil, err
	}
	return d, nil
}

// writable returns an error if there is something of that name that cannot be
// overwritten, and what there is: nil for nothing.
func (f *Folder) writable(name string) (fs.FileInfo, error) {
	err := f.checkPlain(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return file.Stat()
}

// Write appends to the draft.
func (d *Draft) Write(b []byte) (int, error) { return d.file.Write(b) }

// Keep gives the draft its name: it replaces what had that before.
func (d *Draft) Keep() error {
	if err := d.file.Close(); err != nil {
		return fmt.Errorf("closing the file: %w", err)
	}
	if err := d.root.Rename(d.own, d.name); err != nil {
		return fmt.Errorf("naming the file: %w", err)
	}
	return nil
}

// Drop removes the draft. After Keep there is none, and nothing happens.
func (d *Draft) Drop() {
	d.file.Close()
	d.root.Remove(d.own)
}
