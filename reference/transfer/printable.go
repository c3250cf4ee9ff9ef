package transfer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns a text as it can be shown in one line: control characters
// and bytes that are not UTF-8 become U+FFFD, so that nobody can forge a line of
// output or speak to a terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}
