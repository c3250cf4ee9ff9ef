package fileshare

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrName is what every error about a name that no shared file can have wraps.
var ErrName = errors.New("not a file of the folder")

// separators are what divides a path into names, on this system or another.
const separators = `/\`

// CheckName returns an error that wraps [ErrName] if name cannot be that of a
// file in a folder: 1 to 255 bytes of UTF-8 without control characters, which
// are neither a path nor one of the two names that every folder has.
func CheckName(name string) error {
	wanted := ""
	switch {
	case len(name) < 1 || len(name) > MaxName:
		wanted = fmt.Sprintf("1 to %d bytes", MaxName)
	case name == "." || name == "..":
		wanted = "a file"
	case strings.ContainsAny(name, separators):
		wanted = "a name without a path"
	case !utf8.ValidString(name):
		wanted = "UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		wanted = "no control characters"
	default:
		return nil
	}
	return fmt.Errorf("the name wanted %s, got %.64q: %w", wanted, name, ErrName)
}
