package fuzz_test

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// drawText draws a text of any bytes. Most are short, some as long as they may be.
func drawText(t *rapid.T, label string, least, most int) string {
	switch rapid.IntRange(0, 19).Draw(t, "length of "+label) {
	case 0:
		return string(filler(uint64(most)))
	case 1:
		return string(filler(uint64(least)))
	}
	return string(rapid.SliceOfN(rapid.Byte(), least, min(most, 300)).Draw(t, label))
}

// drawLine draws 1 to most bytes of UTF-8 without a newline.
func drawLine(t *rapid.T, label string, most int) string {
	if rapid.IntRange(0, 19).Draw(t, "length of "+label) == 0 {
		return string(filler(uint64(most)))
	}
	r := rapid.Rune().Filter(func(r rune) bool { return r != '\n' })
	return rapid.StringOfN(r, 1, 100, most).Draw(t, label)
}

// filler gives a text of so many bytes.
func filler(n uint64) []byte { return bytes.Repeat([]byte("x"), int(n)) }

// within gives b, unless n is more than the field can say.
func within(n, most uint64, b []byte) []byte {
	if n > most {
		return nil
	}
	return b
}

// headed gives the seeds that are at least so long, so that they can be taken
// apart into fields.
func (c *codec) headed(f *testing.F, n int) (all [][]byte) {
	for _, b := range c.engineSeeds(f) {
		if len(b) >= n {
			all = append(all, b)
		}
	}
	return all
}
