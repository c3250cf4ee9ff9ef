package conformance

import (
	"fmt"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"netproctor/internal/record"
)

// opaque is the part that all our Starlark values share: they have a type and
// nothing else.
type opaque struct{ kind string }

func (o opaque) String() string        { return o.kind }
func (o opaque) Type() string          { return o.kind }
func (o opaque) Freeze()               {}
func (o opaque) Truth() starlark.Bool  { return true }
func (o opaque) Hash() (uint32, error) { return 0, fmt.Errorf("a %s cannot be hashed", o.kind) }

// exprValue carries an Expr; + joins two of them.
type exprValue struct {
	opaque
	expr Expr
}

func newExpr(e Expr) *exprValue { return &exprValue{opaque{"bytes expression"}, e} }

// Binary implements + with an expression, a string or bytes on either side.
func (x *exprValue) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if op != syntax.PLUS {
		return nil, nil
	}
	other, err := toExpr(y)
	if err != nil {
		return nil, err
	}
	if side == starlark.Left {
		return newExpr(Concat{x.expr, other}), nil
	}
	return newExpr(Concat{other, x.expr}), nil
}

// messageValue carries a Message: a record with its given fields.
type messageValue struct {
	exprValue
	message Message
}

// stepValue carries a Step.
type stepValue struct {
	opaque
	step Step
}

func newStep(s Step) (starlark.Value, error) { return &stepValue{opaque{"step"}, s}, nil }

// fieldValue carries a field of a layout.
type fieldValue struct {
	opaque
	field record.Field
}

// toExpr takes what can stand for bytes.
func toExpr(v starlark.Value) (Expr, error) {
	switch v := v.(type) {
	case *exprValue:
		return v.expr, nil
	case *messageValue:
		return v.message, nil
	case starlark.String:
		return Lit(v), nil
	case starlark.Bytes:
		return Lit(v), nil
	}
	return nil, fmt.Errorf("wanted a string, bytes, a sample or a message, got %s", v.Type())
}

// An exprArg is a word's argument that stands for bytes.
type exprArg struct{ expr Expr }

// Unpack implements starlark.Unpacker.
func (a *exprArg) Unpack(v starlark.Value) (err error) {
	if v != starlark.None {
		a.expr, err = toExpr(v)
	}
	return err
}

// An exprsArg is a list of such arguments.
type exprsArg struct {
	list  []Expr
	given bool
}

// Unpack implements starlark.Unpacker.
func (a *exprsArg) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	a.given = true
	return each(v, func(x starlark.Value) error {
		e, err := toExpr(x)
		a.list = append(a.list, e)
		return err
	})
}

// A durationArg is a time such as "500ms".
type durationArg struct{ time.Duration }

// Unpack implements starlark.Unpacker.
func (a *durationArg) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	s, isString := starlark.AsString(v)
	d, err := time.ParseDuration(s)
	if !isString || err != nil || d < 0 {
		return fmt.Errorf("wanted a duration such as \"500ms\", got %s", v)
	}
	a.Duration = d
	return nil
}

// each visits the values of a list or tuple.
func each(v starlark.Value, visit func(starlark.Value) error) error {
	list, can := v.(starlark.Iterable)
	if !can {
		return fmt.Errorf("wanted a list, got %s", v.Type())
	}
	for x := range starlark.Elements(list) {
		if err := visit(x); err != nil {
			return err
		}
	}
	return nil
}

func stringList(l *starlark.List) ([]string, error) {
	var list []string
	if l == nil {
		return nil, nil
	}
	err := each(l, func(v starlark.Value) error {
		s, isString := starlark.AsString(v)
		if !isString {
			return fmt.Errorf("wanted strings, got %s", v.Type())
		}
		list = append(list, s)
		return nil
	})
	return list, err
}

// stepList takes steps and, one level deep, lists of steps, so that a shared
// opening can be a def that gives several.
func stepList(l *starlark.List) ([]Step, error) {
	var steps []Step
	if l == nil {
		return nil, nil
	}
	var visit func(v starlark.Value) error
	visit = func(v starlark.Value) error {
		switch v := v.(type) {
		case *stepValue:
			steps = append(steps, v.step)
			return nil
		case *starlark.List:
			return each(v, visit)
		}
		return fmt.Errorf("wanted steps, got %s", v.Type())
	}
	err := each(l, visit)
	return steps, err
}
