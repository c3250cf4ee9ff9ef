package record

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Dump writes the bytes b field by field, as a record of layout l:
//
//	  0003  01                        status     1 (found)
//	! 0004  0d 00 00 00               data_len   218103808
//
// Each line has the offset, up to eight bytes, the field and what it means. The
// field that bad names is marked in the first column; bad may be nil. Bytes
// behind the record are shown as "(extra)", bytes behind an error as "(not
// read)". Illegal numbers do not stop a dump: what follows is shown as well as
// it can be told. Of many items, the first, the last and those around the bad
// one are shown.
func Dump(w io.Writer, l *Layout, b []byte, bad *FieldError) error {
	t := table{b: b, bad: bad}
	r := reader{b: b, final: true, lenient: true}
	var d Decoded
	ok := r.layout(l, &d, 0)
	t.record(&d, "")
	switch end := d.Size; {
	case !ok && errors.Is(r.fault.err, ErrShort):
		t.add(row{path: r.fault.name(), offset: r.fault.offset, bytes: r.fault.left,
			text: fmt.Sprintf("wants %s, have %s", r.fault.wanted(), r.fault.got())})
	case !ok && end < len(b):
		t.add(row{path: "(not read)", offset: end, bytes: b[end:], text: count(uint64(len(b)-end), "byte")})
	case end < len(b):
		t.add(row{path: "(extra)", offset: end, bytes: b[end:], text: count(uint64(len(b)-end), "byte")})
	}
	_, err := io.WriteString(w, t.text())
	return err
}

// A table is a dump that is being made.
type table struct {
	b    []byte
	bad  *FieldError
	rows []row
}

// A row is a line of a dump; without a path it is a remark.
type row struct {
	path   string
	offset int
	bytes  []byte
	text   string
}

func (t *table) add(r row) { t.rows = append(t.rows, r) }

func (t *table) record(d *Decoded, path string) {
	for i := range d.Fields {
		e := &d.Fields[i]
		switch e.Field.Kind {
		case Repeat:
			t.items(e, path+e.Field.Name)
		case Choice:
			t.record(&e.Items[0], path+e.Field.Name+".")
		default:
			t.add(row{path: path + e.Field.label(), offset: e.Offset, bytes: t.b[e.Offset : e.Offset+e.Size], text: e.meaning()})
		}
	}
}

// meaning is what a dump says of a field.
func (e *DecodedField) meaning() string {
	text := e.shown()
	if e.Field.Kind == Blob {
		text = count(uint64(e.Size), "byte")
	}
	if e.Field.Reserved {
		text += " (reserved)"
	}
	return text
}

// fewItems is how many items are shown without leaving any out.
const fewItems = 6

func (t *table) items(e *DecodedField, path string) {
	if len(e.Items) == 0 {
		t.add(row{path: path, offset: e.Offset, text: "no items"})
	}
	hot := t.hotItem(e)
	hidden := 0
	for i := range e.Items {
		near := i < 2 || i == len(e.Items)-1 || i-hot <= 1 && hot-i <= 1
		if len(e.Items) > fewItems && !near {
			hidden++
			continue
		}
		t.more(hidden)
		hidden = 0
		t.record(&e.Items[i], fmt.Sprintf("%s[%d].", path, i))
	}
}

func (t *table) more(hidden int) {
	if hidden > 0 {
		t.add(row{text: "… " + count(uint64(hidden), "more item")})
	}
}

// hotItem is the index of the item in which the bad field is, or far off.
func (t *table) hotItem(e *DecodedField) int {
	hot := -2
	for i := range e.Items {
		if t.bad != nil && e.Items[i].Offset <= t.bad.Offset {
			hot = i
		}
	}
	return hot
}

// marked is the index of the row to mark: the one with the bad field's name, or
// else the one that holds its offset; -1 if there is none.
func (t *table) marked() int {
	found := -1
	for i, r := range t.rows {
		switch {
		case t.bad == nil || r.path == "":
		case r.path == t.bad.Field && r.offset == t.bad.Offset:
			return i
		case r.offset <= t.bad.Offset && t.bad.Offset < r.offset+max(len(r.bytes), 1):
			found = i
		}
	}
	return found
}

func (t *table) text() string {
	digits := max(4, len(fmt.Sprintf("%x", len(t.b))))
	width := 0
	for _, r := range t.rows {
		width = max(width, utf8.RuneCountInString(r.path))
	}
	marked := t.marked()
	var out strings.Builder
	for i, r := range t.rows {
		mark := " "
		if i == marked {
			mark = "!"
		}
		line := fmt.Sprintf("%s %0*x  %-26s%-*s%s", mark, digits, r.offset, hexBytes(r.bytes), width+3, r.path, r.text)
		if r.path == "" {
			line = fmt.Sprintf("  %*s  %s", digits, "", r.text)
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return out.String()
}

// maxHex is how many bytes a line shows.
const maxHex = 8

func hexBytes(b []byte) string {
	if len(b) <= maxHex {
		return fmt.Sprintf("% x", b)
	}
	return fmt.Sprintf("% x …", b[:maxHex])
}
