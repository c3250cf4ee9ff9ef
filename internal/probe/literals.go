package probe

import (
	"bytes"
	"strconv"
	"strings"
)

// Literals are the constants of sources that are read without a parser.
type Literals struct {
	Words   [][]byte
	Numbers []uint64
}

// Scan adds literals, which it finds by their outer form alone: texts in quotes,
// with their escapes, and whole numbers. Which language it is matters for
// comments, which begin with a hash or a slash.
func (d *Literals) Scan(b []byte, hash bool) {
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
				d.Words = append(d.Words, word)
			}
			i = end
		case c >= '0' && c <= '9':
			end := i
			for end < len(b) && inName(b[end]) {
				end++
			}
			if n, err := strconv.ParseUint(strings.TrimRight(string(b[i:end]), "uUlLn"), 0, 64); err == nil {
				d.Numbers = append(d.Numbers, n)
			}
			i = end
		case inName(c):
			for i < len(b) && inName(b[i]) { // a name, with the digits in it
				i++
			}
		default:
			i++
		}
	}
}

func inName(c byte) bool {
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
