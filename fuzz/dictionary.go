package fuzz

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
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
	var d dictionary
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
			d.scan(b, path.Ext(name) == ".py")
		}
		return nil
	})
	return Dictionary{d.words.all, d.numbers}.Usable()
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

// A dictionary is one that is being read.
type dictionary struct {
	words   set
	numbers []uint64
}

// scan finds literals by their outer form alone. Which language it is matters
// for comments.
func (d *dictionary) scan(b []byte, hash bool) {
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case hash && c == '#', !hash && bytes.HasPrefix(b[i:], []byte("//")):
			i = after(b, i, "\n")
		case !hash && bytes.HasPrefix(b[i:], []byte("/*")):
			i = after(b, i+2, "*/")
		case hash && (bytes.HasPrefix(b[i:], []byte(`"""`)) || bytes.HasPrefix(b[i:], []byte("'''"))):
			i = after(b, i+3, string(b[i:i+3])) // mostly a comment
		case c == '"' || c == '\'' || c == '`':
			word, end := quoted(b, i)
			if end > i+1 {
				d.words.add(word)
			}
			i = end
		case c >= '0' && c <= '9':
			end := i
			for end < len(b) && alphanumeric(b[end]) {
				end++
			}
			if n, err := strconv.ParseUint(strings.TrimRight(string(b[i:end]), "uUlLn"), 0, 64); err == nil {
				d.numbers = append(d.numbers, n)
			}
			i = end
		case alphanumeric(c):
			for i < len(b) && alphanumeric(b[i]) { // a name, with the digits in it
				i++
			}
		default:
			i++
		}
	}
}

func alphanumeric(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// after gives where to go on behind the next end, or the end of all.
func after(b []byte, i int, end string) int {
	if n := bytes.Index(b[i:], []byte(end)); n >= 0 {
		return i + n + len(end)
	}
	return len(b)
}

// quoted reads a text in quotes that begins at i, with the escapes that all
// languages know. A text that does not end on its line is none.
func quoted(b []byte, i int) (word []byte, end int) {
	quote := b[i]
	for end = i + 1; end < len(b); end++ {
		switch c := b[end]; {
		case c == quote:
			return word, end + 1
		case c == '\n' && quote != '`':
			return nil, i + 1
		case c != '\\' || end+1 == len(b):
			word = append(word, c)
		default:
			var n int
			word, n = unescape(word, b[end+1:])
			end += n
		}
	}
	return nil, i + 1
}

// unescape appends what an escape stands for, and tells how long it is behind
// its backslash.
func unescape(word, b []byte) ([]byte, int) {
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[b[0]]
	if digits > 0 && len(b) > digits {
		if n, err := strconv.ParseUint(string(b[1:1+digits]), 16, 32); err == nil {
			if b[0] == 'x' {
				return append(word, byte(n)), 1 + digits
			}
			return append(word, string(rune(n))...), 1 + digits
		}
	}
	if n := strings.IndexByte(`ntr0ab\'"`, b[0]); n >= 0 {
		return append(word, "\n\t\r\x00\a\b\\'\""[n]), 1
	}
	return append(word, b[0]), 1
}
