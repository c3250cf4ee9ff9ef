package fuzz

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"netproctor/internal/probe"
)

// A Dictionary holds constants of a program's source: what a condition compares
// a message with nobody else could guess.
type Dictionary struct {
	Words   [][]byte
	Numbers []uint64
}

// Source files of these endings are read, comments left out.
var sourceEndings = []string{".py", ".c", ".h", ".cc", ".cpp", ".js", ".mjs", ".ts", ".go", ".java", ".rs"}

// Bounds of what is read: a submission may hold anything.
const (
	sourceMost = 1 << 20
	filesMost  = 200
	wordMost   = 64
	entryMost  = 4096
)

// ReadDictionary reads the literals of all source files below a folder: texts in
// quotes, with their escapes, and whole numbers. What cannot be read is left out.
func ReadDictionary(folder fs.FS) Dictionary {
	var d probe.Literals
	files := 0
	_ = fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil
		case e.IsDir():
			if base := path.Base(name); base == "node_modules" || base == "site-packages" || base != "." && strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
			return nil
		case !e.Type().IsRegular() || !slices.Contains(sourceEndings, path.Ext(name)) || files == filesMost:
			return nil
		}
		files++
		if info, err := e.Info(); err != nil || info.Size() > sourceMost {
			return nil
		}
		if b, err := fs.ReadFile(folder, name); err == nil {
			d.Scan(b, path.Ext(name) == ".py")
		}
		return nil
	})
	return Dictionary(d).Usable()
}

// Usable leaves out what no message can be made of, and what stands in it twice.
func (d Dictionary) Usable() Dictionary {
	var words set
	for _, w := range d.Words {
		if len(w) > 0 && len(w) <= wordMost && len(words.all) < entryMost {
			words.add(w)
		}
	}
	numbers := slices.Clone(d.Numbers)
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return Dictionary{words.all, numbers[:min(len(numbers), entryMost)]}
}
