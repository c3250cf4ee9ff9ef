package conformance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
)

// unexpected is how Starlark speaks of an argument that a word does not have,
// now and then with a suggestion of its own.
var unexpected = regexp.MustCompile(`^(.*unexpected keyword argument "(\w+)")(?: \(did you mean .*\))?$`)

// unpack is starlark.UnpackArgs with a suggestion for misspelt arguments.
func unpack(fn string, args starlark.Tuple, kwargs []starlark.Tuple, pairs ...any) error {
	err := starlark.UnpackArgs(fn, args, kwargs, pairs...)
	if err == nil {
		return nil
	}
	m := unexpected.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	var names []string
	for i := 0; i < len(pairs); i += 2 {
		names = append(names, strings.TrimRight(pairs[i].(string), "?"))
	}
	return errors.New(m[1] + DidYouMean(m[2], names))
}

// undefined suggests words for names that no file defines.
func undefined(err error) error {
	var list resolve.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return err
	}
	first := list[0]
	name, is := strings.CutPrefix(first.Msg, "undefined: ")
	if !is {
		return err
	}
	return fmt.Errorf("%s: %s%s", first.Pos, first.Msg, DidYouMean(name, append(Words(), starlark.Universe.Keys()...)))
}
