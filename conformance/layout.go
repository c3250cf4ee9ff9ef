package conformance

import (
	"fmt"
	"maps"
	"slices"

	"go.starlark.net/starlark"

	"netproctor/internal/record"
)

// recordTable is a protocol's layouts by name.
type recordTable = map[string]*record.Layout

// layoutValue carries a layout. Called with fields, it gives a message.
type layoutValue struct {
	opaque
	layout *record.Layout
}

// Name implements starlark.Callable.
func (v *layoutValue) Name() string { return v.layout.Name }

// CallInternal implements starlark.Callable: the keyword arguments are the
// fields that are given.
func (v *layoutValue) CallInternal(_ *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) > 0 {
		return nil, fmt.Errorf("%s takes its fields by name", v.layout.Name)
	}
	m := Message{Layout: v.layout, Fields: make(map[string]Given, len(kwargs))}
	for _, kw := range kwargs {
		name := string(kw[0].(starlark.String))
		if _, known := v.layout.Field(name); !known {
			return nil, fmt.Errorf("%s has no field %q%s", v.layout.Name, name, DidYouMean(name, fieldNames(v.layout)))
		}
		g, err := toGiven(kw[1])
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", v.layout.Name, name, err)
		}
		m.Fields[name] = g
	}
	return &messageValue{exprValue{opaque{"message"}, m}, m}, nil
}

func fieldNames(l *record.Layout) []string {
	var names []string
	for _, f := range l.Fields {
		names = append(names, f.Name)
	}
	return names
}

func toGiven(v starlark.Value) (Given, error) {
	switch v := v.(type) {
	case starlark.Int:
		n, fits := v.Uint64()
		if !fits {
			return Given{}, fmt.Errorf("wanted an integer of 64 bits, got %s", v)
		}
		return Given{Number: &n}, nil
	case *starlark.List:
		items, err := messageList(v)
		return Given{Items: items}, err
	}
	e, err := toExpr(v)
	return Given{Text: e}, err
}

func messageList(l *starlark.List) ([]Message, error) {
	items := make([]Message, 0, l.Len())
	err := each(l, func(x starlark.Value) error {
		m, isMessage := x.(*messageValue)
		if !isMessage {
			return fmt.Errorf("wanted a list of messages, got a %s in it", x.Type())
		}
		items = append(items, m.message)
		return nil
	})
	return items, err
}

func recordWord(l *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 || len(kwargs) > 0 {
		return nil, fmt.Errorf("%s wants a name and fields", fn)
	}
	name, isString := starlark.AsString(args[0])
	if !isString {
		return nil, fmt.Errorf("%s: the name wants a string, got %s", fn, args[0].Type())
	}
	var fields []record.Field
	for _, a := range args[1:] {
		f, isField := a.(*fieldValue)
		if !isField {
			return nil, fmt.Errorf("%s %s: wanted fields, got %s", fn, name, a.Type())
		}
		fields = append(fields, f.field)
	}
	layout, err := record.New(name, fields...)
	if err != nil {
		return nil, err
	}
	return l.declare(layout)
}

func (l *loader) declare(layout *record.Layout) (starlark.Value, error) {
	if _, twice := l.proto.Records[layout.Name]; twice {
		return nil, fmt.Errorf("record %s is declared twice", layout.Name)
	}
	l.proto.Records[layout.Name] = layout
	return &layoutValue{opaque{"record"}, layout}, nil
}

func oneOfWord(l *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) < 2 || len(kwargs) > 0 {
		return nil, fmt.Errorf("%s wants a name and variants", fn)
	}
	name, isString := starlark.AsString(args[0])
	if !isString {
		return nil, fmt.Errorf("%s: the name wants a string, got %s", fn, args[0].Type())
	}
	variants, err := layouts(args[1:])
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", fn, name, err)
	}
	layout := record.OneOf(name, variants...)
	if err := layout.Check(); err != nil {
		return nil, err
	}
	return l.declare(layout)
}

func layouts(args starlark.Tuple) ([]*record.Layout, error) {
	var list []*record.Layout
	for _, a := range args {
		v, isLayout := a.(*layoutValue)
		if !isLayout {
			return nil, fmt.Errorf("wanted records, got %s", a.Type())
		}
		list = append(list, v.layout)
	}
	return list, nil
}

// A numberArg is an optional integer.
type numberArg struct{ n *uint64 }

// Unpack implements starlark.Unpacker.
func (a *numberArg) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	i, isInt := v.(starlark.Int)
	n, fits := i.Uint64()
	if !isInt || !fits {
		return fmt.Errorf("wanted an integer that is not negative, got %s", v)
	}
	a.n = &n
	return nil
}

// numbers unpacks what integer and decimal fields have in common.
func numbers(f *record.Field, fn string, args starlark.Tuple, kwargs []starlark.Tuple) error {
	var constant, least, most numberArg
	var names *starlark.Dict
	err := unpack(fn, args, kwargs, "name", &f.Name, "const?", &constant, "min?", &least, "max?", &most,
		"size_of?", &f.SizeOf, "count_of?", &f.CountOf, "names?", &names, "closed?", &f.Closed, "little?", &f.Little)
	if err != nil {
		return err
	}
	f.Const, f.Min, f.Max = constant.n, least.n, most.n
	if names == nil {
		return nil
	}
	f.Names = map[uint64]string{}
	for _, item := range names.Items() {
		key, isInt := item[0].(starlark.Int)
		n, fits := key.Uint64()
		text, isText := starlark.AsString(item[1])
		if !isInt || !fits || !isText {
			return fmt.Errorf("%s %s: names wants integers and what they mean, got %s: %s", fn, f.Name, item[0], item[1])
		}
		f.Names[n] = text
	}
	return nil
}

func newField(f record.Field) (starlark.Value, error) {
	return &fieldValue{opaque{"field"}, f}, nil
}

func uintWord(size int) builder {
	return func(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		f := record.Field{Kind: record.Uint, Size: size}
		if err := numbers(&f, fn, args, kwargs); err != nil {
			return nil, err
		}
		return newField(f)
	}
}

func decimalWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := record.Field{Kind: record.Decimal}
	if err := numbers(&f, fn, args, kwargs); err != nil {
		return nil, err
	}
	return newField(f)
}

// reservedWord is an integer that writers set and readers must ignore.
func reservedWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := record.Field{Kind: record.Uint, Size: 1, Reserved: true}
	var constant numberArg
	if err := unpack(fn, args, kwargs, "name", &f.Name, "size?", &f.Size, "const?", &constant); err != nil {
		return nil, err
	}
	f.Const = constant.n
	return newField(f)
}

func litWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var what exprArg
	if err := unpack(fn, args, kwargs, "bytes", &what); err != nil {
		return nil, err
	}
	b, isLit := what.expr.(Lit)
	if !isLit {
		return nil, fmt.Errorf("lit wants bytes that are known beforehand")
	}
	return newField(record.Field{Kind: record.Lit, Bytes: b})
}

func textWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := record.Field{Kind: record.Text}
	var pad string
	if err := unpack(fn, args, kwargs, "name", &f.Name, "size?", &f.Size, "pad?", &pad); err != nil {
		return nil, err
	}
	f.Bytes = []byte(pad)
	return newField(f)
}

func blobWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := record.Field{Kind: record.Blob}
	if err := unpack(fn, args, kwargs, "name", &f.Name, "size?", &f.Size); err != nil {
		return nil, err
	}
	return newField(f)
}

func untilWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := record.Field{Kind: record.Until}
	var delimiter string
	var least, most numberArg
	if err := unpack(fn, args, kwargs, "name", &f.Name, "delimiter", &delimiter, "min?", &least, "max?", &most); err != nil {
		return nil, err
	}
	f.Bytes, f.Min, f.Max = []byte(delimiter), least.n, most.n
	return newField(f)
}

func restWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := record.Field{Kind: record.Rest}
	var least, most numberArg
	if err := unpack(fn, args, kwargs, "name", &f.Name, "min?", &least, "max?", &most); err != nil {
		return nil, err
	}
	f.Min, f.Max = least.n, most.n
	return newField(f)
}

func repeatWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := record.Field{Kind: record.Repeat}
	var elem starlark.Value
	if err := unpack(fn, args, kwargs, "name", &f.Name, "of", &elem); err != nil {
		return nil, err
	}
	v, isLayout := elem.(*layoutValue)
	if !isLayout {
		return nil, fmt.Errorf("repeat %s: of wants a record, got %s", f.Name, elem.Type())
	}
	f.Elem = v.layout
	return newField(f)
}

// RecordNames are the names of a protocol's records, sorted.
func (p *Protocol) RecordNames() []string { return slices.Sorted(maps.Keys(p.Records)) }
