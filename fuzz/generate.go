package fuzz

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// A generator makes histories of visits. The i-th one follows from the seed and
// i alone.
type generator struct {
	seed      uint64
	templates []template
	histories [][]Visit // what scenarios send, connection by connection
	names     [][]byte  // few, so that visits have to do with each other
}

// A template is a legal message.
type template struct {
	layout *record.Layout
	bytes  []byte
}

// Messages of up to templateMost bytes are changed field by field; a scenario's
// history is played if all that it sends is not more than historyMost.
const (
	templateMost = 2 << 10
	historyMost  = 1 << 20
)

func newGenerator(o *Options) *generator {
	g := &generator{seed: o.Seed}
	for name := range o.Files {
		g.names = append(g.names, []byte(name))
	}
	slices.SortFunc(g.names, bytes.Compare)
	for _, n := range []string{"a", "bb", "é", "ccc"} {
		g.names = append(g.names, []byte(n))
	}
	for _, l := range o.layouts() {
		for _, b := range Legal(l, templateMost) {
			g.templates = append(g.templates, template{l, b})
		}
	}
	for _, s := range o.Protocol.Scenarios {
		if s.Role() == conformance.Server {
			g.addHistory(conformance.Preview(s, o.Seed))
		}
	}
	return g
}

// addHistory takes what a scenario sends: each connection is a visit.
func (g *generator) addHistory(steps []conformance.StepPreview) {
	var order []string
	sent := map[string][]byte{}
	total := 0
	for _, step := range steps {
		if step.Conn == "" || len(step.Bytes) == 0 {
			continue
		}
		if _, known := sent[step.Conn]; !known {
			order = append(order, step.Conn)
		}
		sent[step.Conn] = append(sent[step.Conn], step.Bytes...)
		total += len(step.Bytes)
		if step.Layout != nil && len(step.Bytes) <= templateMost {
			if d, err := step.Layout.Decode(step.Bytes, true); err == nil && d.Size == len(step.Bytes) {
				g.templates = append(g.templates, template{step.Layout, step.Bytes})
			}
		}
	}
	if len(order) == 0 || total > historyMost {
		return
	}
	var history []Visit
	for _, conn := range order {
		history = append(history, sent[conn])
	}
	g.histories = append(g.histories, history)
}

// at gives the i-th history: first what people thought of, each once.
func (g *generator) at(i int) []Visit {
	if i < len(g.histories) {
		return g.histories[i]
	}
	r := rand.New(rand.NewPCG(g.seed, uint64(i)))
	switch n := r.IntN(100); {
	case n < 4 && len(g.histories) > 0:
		return g.histories[r.IntN(len(g.histories))]
	case n < 6 || len(g.templates) == 0:
		return []Visit{noise(r)}
	case n < 50:
		return []Visit{g.legal(r).bytes}
	}
	return []Visit{g.wrong(r)}
}

func noise(r *rand.Rand) Visit {
	b := make([]byte, r.IntN(40))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// legal gives a legal message, about few names.
func (g *generator) legal(r *rand.Rand) template {
	t := g.templates[r.IntN(len(g.templates))]
	d, err := t.layout.Decode(t.bytes, true)
	if err != nil {
		return t
	}
	v := d.Value()
	for _, f := range v.Layout.Fields {
		if f.SizeOf != "" {
			delete(v.Fields, f.Name) // it follows from the text
		}
		text, is := v.Fields[f.Name].([]byte)
		if is && len(text) > 0 && len(text) < 64 && r.IntN(4) > 0 {
			v.Fields[f.Name] = g.names[r.IntN(len(g.names))]
		}
	}
	if b, err := v.Append(nil); err == nil {
		if d, err := t.layout.Decode(b, true); err == nil && d.Size == len(b) {
			t.bytes = b
		}
	}
	return t
}

// wrong gives a message that is almost legal: one field at an edge, a cut, or
// something behind it, each as often as the others.
func (g *generator) wrong(r *rand.Rand) Visit {
	t := g.legal(r)
	d, err := t.layout.Decode(t.bytes, true)
	if err != nil {
		return t.bytes
	}
	switch n := r.IntN(10); {
	case n < 2:
		cuts := Cuts(&d)
		return t.bytes[:cuts[r.IntN(len(cuts))]]
	case n < 3:
		behind := [][]byte{{0}, []byte("x"), []byte("\n"), g.legal(r).bytes, bytes.Repeat([]byte("x"), 300)}
		return slices.Concat(t.bytes, behind[r.IntN(len(behind))])
	case n < 4:
		b := bytes.Clone(t.bytes)
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		return b
	}
	fields := leaves(&d, nil)
	e := fields[r.IntN(len(fields))]
	other := others(&e)
	if e.Field.Kind == record.Text || e.Field.Kind == record.Until {
		other = odd
	}
	if len(other) == 0 {
		return t.bytes
	}
	return slices.Concat(t.bytes[:e.Offset], sized(other[r.IntN(len(other))], e), t.bytes[e.Offset+e.Size:])
}

// odd are texts that programs stumble over.
var odd = [][]byte{[]byte("\xff\xfe"), []byte("\x00"), []byte("\xc3"), []byte("../a"), []byte("%s%n"), []byte("\x1b[2J"), []byte("\r\n"), []byte("🐧")}

// sized fits a text into the place of another one, so that the length before it
// stays true.
func sized(b []byte, e record.DecodedField) []byte {
	if e.Field.Kind != record.Text || len(b) == e.Size {
		return b
	}
	return slices.Concat(b, bytes.Repeat([]byte("x"), e.Size))[:e.Size]
}
