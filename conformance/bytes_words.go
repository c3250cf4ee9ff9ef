package conformance

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"
)

// The words that make bytes. A message is one too: see layout.go.

func sampleWordOf(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := Sample{Size: 8, Kind: sampleWord}
	if err := unpack(fn, args, kwargs, "label", &s.Label, "size?", &s.Size, "kind?", &s.Kind); err != nil {
		return nil, err
	}
	if kinds := []string{sampleWord, sampleUTF8, sampleBlob}; !slices.Contains(kinds, s.Kind) {
		return nil, fmt.Errorf("sample %s: kind wants one of %v, got %q", s.Label, kinds, s.Kind)
	}
	if s.Size < 0 {
		return nil, fmt.Errorf("sample %s: size wants a number of bytes, got %d", s.Label, s.Size)
	}
	return newExpr(s), nil
}

func timesWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of exprArg
	var n int
	if err := unpack(fn, args, kwargs, "of", &of, "n", &n); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, fmt.Errorf("times wants a number, got %d", n)
	}
	return newExpr(Repeat{of.expr, n}), nil
}

func joinWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(kwargs) > 0 {
		return nil, fmt.Errorf("%s takes no named arguments", fn)
	}
	var all Concat
	err := each(args, func(v starlark.Value) error {
		e, err := toExpr(v)
		all = append(all, e)
		return err
	})
	return newExpr(all), err
}

func cutWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of exprArg
	c := Cut{To: -1}
	if err := unpack(fn, args, kwargs, "of", &of, "start", &c.From, "end?", &c.To); err != nil {
		return nil, err
	}
	if c.From < 0 || c.To < -1 {
		return nil, fmt.Errorf("cut wants offsets from the beginning, got %d and %d", c.From, c.To)
	}
	c.Of = of.expr
	return newExpr(c), nil
}

func addressWord(part string) builder {
	return func(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		a := Address{Conn: defaultConn, Part: part}
		if err := unpack(fn, args, kwargs, "conn?", &a.Conn); err != nil {
			return nil, err
		}
		return newExpr(a), nil
	}
}

func answerWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	a := Answer{Conn: defaultSocket}
	if err := unpack(fn, args, kwargs, "conn?", &a.Conn); err != nil {
		return nil, err
	}
	return newExpr(a), nil
}

func variableWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var name string
	if err := unpack(fn, args, kwargs, "name", &name); err != nil {
		return nil, err
	}
	return newExpr(Variable(name)), nil
}
