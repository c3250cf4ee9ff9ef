package record

import "slices"

// A Decoded is a record that was read from bytes. All offsets count from the
// beginning of those bytes, also within items.
type Decoded struct {
	Layout *Layout // the variant, where it was one of several; the OneOf itself if the bytes did not settle which
	Offset int
	Size   int // in bytes; what follows at Offset+Size is not part of the record
	Fields []DecodedField
}

// A DecodedField is one field of a record that was read.
type DecodedField struct {
	Field  *Field
	Offset int
	Size   int       // on the wire, with delimiter or padding
	Uint   uint64    // numbers: the value
	Bytes  []byte    // the value without delimiter or padding, for numbers their bytes; aliases the input
	Items  []Decoded // Repeat: the records; Choice: the one record
}

// Field returns the field of that name, if it was read.
func (d *Decoded) Field(name string) (DecodedField, bool) {
	for i := range d.Fields {
		if d.Fields[i].Field.Name == name && name != "" {
			return d.Fields[i], true
		}
	}
	return DecodedField{}, false
}

// Borders returns, in order, every offset within the record at which one field
// ends and the next begins, those of items included. They are the places at
// which a message is worth splitting; begin and end of the record are not
// among them.
func (d *Decoded) Borders() []int {
	all := d.borders(nil)
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(n int) bool { return n <= d.Offset || n >= d.Offset+d.Size })
}

func (d *Decoded) borders(all []int) []int {
	for i := range d.Fields {
		all = append(all, d.Fields[i].Offset)
		for j := range d.Fields[i].Items {
			all = d.Fields[i].Items[j].borders(all)
		}
	}
	return all
}

// Value returns the record as a value in which every named field is given, so
// that Append writes the same bytes again.
func (d *Decoded) Value() Value {
	v := Value{Layout: d.Layout, Fields: make(map[string]any, len(d.Fields))}
	for i := range d.Fields {
		if e := &d.Fields[i]; e.Field.Name != "" {
			v.Fields[e.Field.Name] = e.value()
		}
	}
	return v
}

func (e *DecodedField) value() any {
	switch e.Field.Kind {
	case Uint, Decimal:
		return e.Uint
	case Choice:
		return e.Items[0].Value()
	case Repeat:
		items := make([]Value, len(e.Items))
		for i := range e.Items {
			items[i] = e.Items[i].Value()
		}
		return items
	}
	return e.Bytes
}

// start makes d an empty record at an offset, and keeps its memory.
func (d *Decoded) start(l *Layout, at int) {
	d.Layout, d.Offset, d.Size = l, at, 0
	if cap(d.Fields) < len(l.Fields) {
		d.Fields = make([]DecodedField, 0, len(l.Fields))
	}
	d.Fields = d.Fields[:0]
}

// next adds a field. start has made room for it.
func (d *Decoded) next(f *Field) *DecodedField {
	n := len(d.Fields)
	d.Fields = d.Fields[:n+1]
	e := &d.Fields[n]
	*e = DecodedField{Field: f, Offset: d.Offset + d.Size, Items: e.Items[:0]}
	return e
}

// item adds an item. Memory grows with the items that are really there.
func (e *DecodedField) item() *Decoded {
	n := len(e.Items)
	if n < cap(e.Items) {
		e.Items = e.Items[:n+1]
	} else {
		e.Items = append(e.Items, Decoded{})
	}
	return &e.Items[n]
}
