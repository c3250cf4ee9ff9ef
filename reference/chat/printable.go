package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns a text as it can be shown: control characters, but for the
// ends of lines and tabs, and bytes that are not UTF-8 become U+FFFD, so that
// nobody can speak to somebody else's terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, text)
}
