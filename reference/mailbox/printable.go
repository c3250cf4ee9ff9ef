package mailbox

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns a name as it can be shown in one line: control characters
// and bytes that are not UTF-8 become U+FFFD, so that nobody can forge a line of
// a log or speak to a terminal.
func Printable(name string) string { return printable(name, "") }

// PrintableText is Printable for a text, which may have lines and tabs.
func PrintableText(text string) string { return printable(text, "\n\t") }

// printable replaces what is not to be shown, but for the control characters in
// keep.
func printable(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !strings.ContainsRune(keep, r) {
			return utf8.RuneError
		}
		return r
	}, s)
}
