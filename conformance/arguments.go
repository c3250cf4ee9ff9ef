package conformance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// placeholder is a part of a command line that is replaced: {port}.
var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// ErrOwnArguments says that a command with placeholders cannot be given
// arguments that do not fit them, such as too many.
var ErrOwnArguments = errors.New("the command has placeholders, and this needs arguments of another form")

// HasPlaceholders tells whether a command says itself where arguments go.
func HasPlaceholders(command []string) bool {
	return placeholder.MatchString(strings.Join(command, " "))
}

// Append gives the whole command line: the command with its placeholders
// replaced, or, where it has none, with the arguments behind it.
func (a Arguments) Append(command []string) ([]string, error) {
	if HasPlaceholders(command) {
		if a.Given {
			return nil, ErrOwnArguments
		}
		return a.expand(command)
	}
	if a.Given {
		return append(command[:len(command):len(command)], a.Raw...), nil
	}
	args, err := a.expand(a.Template)
	return append(command[:len(command):len(command)], args...), err
}

// expand replaces the placeholders of each word.
func (a Arguments) expand(words []string) ([]string, error) {
	var err error
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = placeholder.ReplaceAllStringFunc(w, func(m string) string {
			v, known := a.Values[m[1:len(m)-1]]
			if !known {
				err = fmt.Errorf("command %q: nothing to put in place of %s", strings.Join(words, " "), m)
			}
			return v
		})
	}
	return out, err
}
