package fuzz

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"unicode/utf8"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// A generator makes histories of visits. A worker's i-th one follows from the
// seed, the worker and i alone.
type generator struct {
	seed      uint64
	share     Share
	templates []template
	histories [][]Visit  // what scenarios send, connection by connection
	covers    [][]string // the requirements that those are about
	names     [][]byte   // few, so that visits have to do with each other
	pool      []message
	swarm     swarm
	// What at gives is made in these.
	buf    []byte
	one    [1]Visit
	source rand.PCG
	draws  rand.Rand
}

// A message is a legal one, and what can be done to it, which is found out when
// it is first needed.
type message struct {
	template
	noTexts int // how many of its texts are not UTF-8
	looked  bool
	cuts    []int
	spots   []spot
}

// A spot is a field, and what may stand in its place.
type spot struct {
	from, to int
	others   [][]byte
}

// poolSize is how many legal messages are made in advance; there are more if
// there are many templates.
const poolSize = 1024

// A class says what a case is.
type class int

const (
	scripted class = iota // what a scenario sends
	random
	legal
	wrong
)

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
	g := &generator{seed: o.Seed, share: o.Share}
	g.draws = *rand.New(&g.source)
	for name := range o.Files {
		g.names = append(g.names, []byte(name))
	}
	slices.SortFunc(g.names, bytes.Compare)
	for _, n := range []string{"a", "bb", "é", "ccc"} {
		g.names = append(g.names, []byte(n))
	}
	o.requests = nil
	o.preview(g.addHistory)
	var all []template
	for _, l := range o.requests {
		for _, b := range Legal(l, templateMost) {
			all = append(all, template{l, b})
		}
	}
	g.templates = append(all, g.templates...)
	r := rand.New(rand.NewPCG(g.seed, math.MaxUint64))
	for i := range max(poolSize, 2*len(g.templates)) {
		if len(g.templates) == 0 {
			break
		}
		m := message{template: g.about(g.templates[i%len(g.templates)], r)}
		if m.noTexts = m.countNoTexts(); m.noTexts < 2 {
			g.pool = append(g.pool, m)
		}
	}
	g.swarm.of(0, len(g.pool), g.seed)
	return g
}

// copy gives a generator of the same, which may be used at the same time.
func (g *generator) copy() *generator {
	other := *g
	other.draws, other.buf, other.pool = *rand.New(&other.source), nil, slices.Clone(g.pool)
	return &other
}

// addHistory takes what a scenario sends: each connection is a visit.
func (g *generator) addHistory(s *conformance.Scenario, steps []conformance.StepPreview) {
	var order []string
	sent := map[string][]byte{}
	total := 0
	for _, step := range steps {
		if step.Long && !step.Datagram {
			total += historyMost + 1
		}
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
	g.histories, g.covers = append(g.histories, history), append(g.covers, s.Covers)
}

// covered gives the requirements that the i-th history is about, if it is a
// scenario's.
func (g *generator) covered(i int) []string {
	if n := g.share.number(i); n < len(g.covers) {
		return g.covers[n]
	}
	return nil
}

// at gives the i-th history: first what people thought of, each once. It is good
// until the next call.
func (g *generator) at(i int) ([]Visit, class) {
	i = g.share.number(i)
	if i < len(g.histories) {
		return g.histories[i], scripted
	}
	r := &g.draws
	g.source.Seed(g.seed, uint64(i))
	g.swarm.of(i, len(g.pool), g.seed)
	switch n := r.IntN(1000); {
	case n < 1 && len(g.histories) > 0:
		return g.histories[r.IntN(len(g.histories))], scripted
	case n < randomShare || len(g.pool) == 0:
		return g.single(noise(r, g.buf[:0])), random
	case n < g.swarm.legal:
		return g.single(append(g.buf[:0], g.legal(r).bytes...)), legal
	}
	return g.single(g.wrong(r, g.buf[:0])), wrong
}

// single gives a history of one visit, made in buf.
func (g *generator) single(b []byte) []Visit {
	g.buf, g.one[0] = b, b
	return g.one[:]
}

func noise(r *rand.Rand, b []byte) []byte {
	for range r.IntN(40) {
		b = append(b, byte(r.Uint32()))
	}
	return b
}

// legal gives a legal message.
func (g *generator) legal(r *rand.Rand) *message { return &g.pool[g.swarm.draw(r, len(g.pool))] }

// plain gives a legal message whose texts are texts, if there are enough of them:
// one thing in a message is wrong at a time, so that it is known which.
func (g *generator) plain(r *rand.Rand) *message {
	m := g.legal(r)
	for try := 0; m.noTexts > 0 && try < 20; try++ {
		m = g.legal(r)
	}
	return m
}

func (m *message) countNoTexts() (count int) {
	d, err := m.layout.Decode(m.bytes, true)
	if err != nil {
		return 0
	}
	for _, e := range leaves(&d, nil) {
		if e.Field.Kind == record.Text && !utf8.Valid(e.Bytes) {
			count++
		}
	}
	return count
}

// about changes a legal message so that it is about few names.
func (g *generator) about(t template, r *rand.Rand) template {
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

// look finds out what can be done to a message.
func (m *message) look() {
	if m.looked {
		return
	}
	m.looked = true
	d, err := m.layout.Decode(m.bytes, true)
	if err != nil {
		return
	}
	m.cuts = Cuts(&d)
	for _, e := range leaves(&d, nil) {
		s := spot{from: e.Offset, to: e.Offset + e.Size, others: others(&e)}
		if e.Field.Kind == record.Text || e.Field.Kind == record.Until {
			s = m.reworded(&d, e)
		}
		m.spots = append(m.spots, s)
	}
}

// reworded puts odd texts in the place of a field. The length before it stays
// true, and if possible the text is as it is, so that visits meet in it.
func (m *message) reworded(d *record.Decoded, e record.DecodedField) spot {
	whole := spot{to: len(m.bytes)}
	for _, text := range odd {
		v := d.Value()
		for _, f := range v.Layout.Fields {
			if f.SizeOf != "" {
				delete(v.Fields, f.Name)
			}
		}
		if _, own := v.Fields[e.Field.Name].([]byte); own {
			v.Fields[e.Field.Name] = text
		}
		if b, err := v.Append(nil); err == nil && !bytes.Equal(b, m.bytes) {
			whole.others = append(whole.others, b)
		}
	}
	if len(whole.others) > 0 {
		return whole
	}
	s := spot{from: e.Offset, to: e.Offset + e.Size}
	for _, text := range odd {
		s.others = append(s.others, sized(text, e))
	}
	return s
}

// wrong appends a message that is almost legal.
func (g *generator) wrong(r *rand.Rand, b []byte) []byte {
	m := g.plain(r)
	m.look()
	how := g.swarm.mistakes[r.IntN(len(g.swarm.mistakes))]
	if how == cutShort && len(m.cuts) > 0 {
		return append(b, m.bytes[:m.cuts[r.IntN(len(m.cuts))]]...)
	}
	if how == fieldChanged && len(m.spots) > 0 {
		s := &m.spots[r.IntN(len(m.spots))]
		if len(s.others) == 0 {
			return append(b, m.bytes...)
		}
		b = append(b, m.bytes[:s.from]...)
		b = append(b, s.others[r.IntN(len(s.others))]...)
		return append(b, m.bytes[s.to:]...)
	}
	b = append(b, m.bytes...)
	if how == bitFlipped && len(b) > 0 {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		return b
	}
	if n := r.IntN(len(behind) + 1); n < len(behind) {
		return append(b, behind[n]...)
	}
	return append(b, g.legal(r).bytes...)
}

// behind is what may stand behind a message.
var behind = [][]byte{{0}, []byte("x"), []byte("\n"), bytes.Repeat([]byte("x"), 300)}

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
