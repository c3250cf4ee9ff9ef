package fuzz

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"time"
)

// fromOutside marks signs that were not told by counters.
const fromOutside = 1 << 63

// outside finds the signs of a visit that can be seen without counters: the
// answer's shape, how the connection ended, about how long it took, and the lines
// that were printed, each without what the visit itself has brought.
func (k *guide) outside(p *program, v Visit) {
	var h maphash.Hash
	h.SetSeed(k.seed)
	add := func(kind byte, b []byte) {
		h.Reset()
		h.WriteByte(kind)
		h.Write(b)
		k.signs = append(k.signs, h.Sum64()|fromOutside)
	}
	a := p.last
	end := byte(0)
	if a.reset {
		end = 1
	}
	add('e', []byte{end, slow(p.took)})
	add('a', shape(a.data))
	for line := range bytes.Lines(p.since(&k.shown)) {
		add('l', maskLine(line, v))
	}
}

// slow tells classes of time apart: at once, after a short wait, after a limit
// of a second, and after more.
func slow(took time.Duration) byte {
	switch {
	case took < 100*time.Millisecond:
		return 0
	case took < 700*time.Millisecond:
		return 1
	case took < 1700*time.Millisecond:
		return 2
	}
	return 3
}

// shapeMost is how much of an answer gives its shape.
const shapeMost = 64

// shape is what an answer looks like: the size of it, its first bytes, and of
// the following ones whether they are letters, digits, small numbers or others.
func shape(b []byte) []byte {
	s := []byte{byte(bits.Len(uint(len(b))))}
	for i, c := range b[:min(len(b), shapeMost)] {
		class := c
		if i >= 4 {
			class = classOf(c)
			if class == s[len(s)-1] && class != c {
				continue // a run is as good as one of them
			}
		}
		s = append(s, class)
	}
	return s
}

func classOf(c byte) byte {
	switch {
	case c < 4 || c == '\n':
		return c
	case c >= '0' && c <= '9':
		return '0'
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= 0x80:
		return 'a'
	case c < ' ':
		return 5
	}
	return ' '
}

// maskLine leaves out of a line what changes with each visit: numbers, and words
// that were sent.
func maskLine(line []byte, sent Visit) (masked []byte) {
	for i := 0; i < len(line); {
		end := i + 1
		for alphanumeric(line[i]) && end < len(line) && alphanumeric(line[end]) {
			end++
		}
		switch word := line[i:end]; {
		case !alphanumeric(word[0]):
			masked = append(masked, word...)
		case word[0] <= '9', bytes.Contains(sent, word):
			masked = append(masked, '#')
		default:
			masked = append(masked, word...)
		}
		i = end
	}
	if len(masked) > 200 {
		masked = masked[:200]
	}
	return masked
}

// since gives what was printed after so many bytes, in whole lines, and moves
// on.
func (p *program) since(shown *int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := min(len(p.output), max(0, len(p.output)-(p.total-*shown)))
	b := p.output[from:]
	b = b[:bytes.LastIndexByte(b, '\n')+1]
	*shown = p.total - (len(p.output) - from - len(b))
	return bytes.Clone(b)
}

func alphanumeric(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
