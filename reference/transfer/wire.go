package transfer

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The most bytes that we take for a text whose end nothing marks. The assignment
// knows no limit, but a reader needs one.
const (
	MaxName    = 4096        // of a filename: as much as Linux takes for a path
	MaxMessage = 2 * MaxName // of an error's message: a filename and what is said about it
)

// newline never occurs in a text token (§ Protocol: commands have no terminator).
const newline = "\n"

// ErrErroneous is what every error about an illegal token wraps. A token that is
// legal as far as it goes, but not whole, is [io.ErrUnexpectedEOF].
var ErrErroneous = errors.New("erroneous token")

// erroneous says what is wrong in a token, and how.
func erroneous(field, wanted string, got any) error {
	return fmt.Errorf("%s wanted %s, got %v: %w", field, wanted, got, ErrErroneous)
}

// short says that a token ends too early.
func short(field, wanted string, got any) error {
	return fmt.Errorf("%s wanted %s, got %v: %w", field, wanted, got, io.ErrUnexpectedEOF)
}

// cutLiteral takes want from the beginning of b and returns what follows it.
func cutLiteral(field string, b []byte, want string) ([]byte, error) {
	if len(b) >= len(want) && string(b[:len(want)]) == want {
		return b[len(want):], nil
	}
	wrong := erroneous
	begin := string(b[:min(len(b), len(want))])
	if strings.HasPrefix(want, begin) {
		wrong = short
	}
	return nil, wrong(field, fmt.Sprintf("%q", want), fmt.Sprintf("%q", begin))
}

// checkText checks a name or a message: 1 to most bytes of UTF-8 without a
// newline. A character that is cut off at the end is one that has not arrived.
func checkText(field, text string, most int) error {
	switch {
	case text == "":
		return short(field, "at least 1 byte", len(text))
	case len(text) > most:
		return erroneous(field, fmt.Sprintf("at most %d bytes", most), len(text))
	case strings.Contains(text, newline):
		return erroneous(field, "no newline", fmt.Sprintf("%q", text))
	}
	return checkUTF8(field, text)
}

// checkUTF8 tells a text that is not UTF-8 from one that is not whole.
func checkUTF8(field, text string) error {
	for at, r := range text {
		if r != utf8.RuneError || strings.HasPrefix(text[at:], string(utf8.RuneError)) {
			continue
		}
		if !utf8.FullRuneInString(text[at:]) {
			return short(field, "a whole character", fmt.Sprintf("%q", text[at:]))
		}
		return erroneous(field, "UTF-8", fmt.Sprintf("%q", text))
	}
	return nil
}
