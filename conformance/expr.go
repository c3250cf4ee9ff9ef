package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"netproctor/internal/record"
)

// An Expr is the bytes of one message, or a part of them. What it depends on
// is bound when a scenario is played: the seed and the connections' addresses.
type Expr interface {
	// bytes are not to be changed by the caller: they may be given again.
	bytes(b *binding) ([]byte, error)
	// star is the expression as a scenario file writes it.
	star() string
}

// A binding is what expressions may depend on. It is known to Play and to
// Judge alike, so that both see the same bytes.
type binding struct {
	scenario string
	seed     uint64
	values   map[string]string // {port}, {host}
	view     *view
	// samples are those made so far: a large message may hold one many times,
	// and the program waits for it.
	samples map[Sample][]byte
	digests map[string]digest // by expression
}

// bound is an expression's bytes as a string.
func bound(e Expr, b *binding) (string, error) {
	s, err := e.bytes(b)
	return string(s), err
}

// A Lit is bytes as they stand.
type Lit []byte

func (l Lit) bytes(*binding) ([]byte, error) { return l, nil }

// A Sample is text or bytes made from the seed, so that no answer can be known
// beforehand. Within a scenario the same label gives the same bytes.
type Sample struct {
	Label string
	Size  int    // in bytes
	Kind  string // "word": letters and digits; "utf8": multi-byte characters; "blob": any bytes
}

// The kinds of samples.
const (
	sampleWord = "word"
	sampleUTF8 = "utf8"
	sampleBlob = "blob"
)

func (s Sample) bytes(b *binding) ([]byte, error) {
	made, known := b.samples[s]
	if !known {
		made = s.make(b)
		b.samples[s] = made
	}
	return made, nil
}

func (s Sample) make(b *binding) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", b.seed, b.scenario, s.Label))
	rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])))
	switch s.Kind {
	case sampleUTF8:
		return sampleText(rng, s.Size)
	case sampleBlob:
		return sampleBytes(rng, s.Size)
	}
	return sampleLetters(rng, s.Size)
}

// sampleLetters begins with a letter, so that no sample looks like a number.
func sampleLetters(rng *rand.Rand, size int) []byte {
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
	out := make([]byte, size)
	for i := range out {
		out[i] = alphabet[rng.IntN(len(alphabet))]
	}
	if size > 0 {
		out[0] = alphabet[rng.IntN(24)]
	}
	return out
}

func sampleBytes(rng *rand.Rand, size int) []byte {
	out := make([]byte, 0, size+8)
	for len(out) < size {
		out = binary.LittleEndian.AppendUint64(out, rng.Uint64())
	}
	return out[:size]
}

// sampleText fills size bytes with characters of two, three and four bytes,
// and the rest with single ones.
func sampleText(rng *rand.Rand, size int) []byte {
	letters := []string{"é", "ß", "ø", "Ж", "λ", "日", "本", "語", "€", "🙂", "🐧"}
	var out []byte
	for len(out) < size {
		c := letters[rng.IntN(len(letters))]
		if len(out)+len(c) > size {
			c = "x"
		}
		out = append(out, c...)
	}
	return out
}

// A Repeat is an expression several times over.
type Repeat struct {
	Of Expr
	N  int
}

func (r Repeat) bytes(b *binding) ([]byte, error) {
	one, err := r.Of.bytes(b)
	return bytes.Repeat(one, r.N), err
}

// A Concat is expressions one behind the other.
type Concat []Expr

func (c Concat) bytes(b *binding) ([]byte, error) {
	var out []byte
	for _, e := range c {
		one, err := e.bytes(b)
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// A Cut is the bytes of an expression from From up to To; −1 is its end.
type Cut struct {
	Of       Expr
	From, To int
}

func (c Cut) bytes(b *binding) ([]byte, error) {
	whole, err := c.Of.bytes(b)
	if err != nil {
		return nil, err
	}
	to := c.To
	if to < 0 {
		to = len(whole)
	}
	if c.From > to || to > len(whole) {
		return nil, fmt.Errorf("cut(%d, %d) wants bytes that are there, have %d", c.From, to, len(whole))
	}
	return whole[c.From:to], nil
}

// An Address is a part of a connection's own address, as the program sees it.
type Address struct {
	Conn string // or a datagram socket, or a relay
	Part string // "ip" or "port"
}

func (a Address) bytes(b *binding) ([]byte, error) {
	local, peer := "", ""
	if c := b.view.conn(a.Conn); c != nil {
		local = c.local
	} else if s := b.view.socket(a.Conn); s != nil {
		local, peer = s.local, s.peer
	} else if relay := b.view.relays[a.Conn]; relay != "" {
		local = relay
	} else {
		return nil, fmt.Errorf("address of connection %q: not connected", a.Conn)
	}
	ap, err := netip.ParseAddrPort(local)
	if err != nil {
		return nil, fmt.Errorf("address of connection %q: %w", a.Conn, err)
	}
	if a.Part == "port" {
		return strconv.AppendUint(nil, uint64(ap.Port()), 10), nil
	}
	if ap.Addr().IsUnspecified() {
		return []byte(sendsFrom(peer, b)), nil
	}
	return []byte(ap.Addr().Unmap().String()), nil
}

// sendsFrom is where the datagrams of a socket on every address come from: on
// one machine that is the address that they go to.
func sendsFrom(peer string, b *binding) string {
	if ap, err := netip.ParseAddrPort(peer); err == nil {
		return ap.Addr().Unmap().String()
	}
	return b.values["host"]
}

// An Answer is the text of the datagram that was expected last on a socket,
// without white space and zero bytes around it: what another program would
// show of it.
type Answer struct{ Conn string }

func (a Answer) bytes(b *binding) ([]byte, error) {
	s := b.view.socket(a.Conn)
	if s == nil || s.used == 0 {
		return nil, fmt.Errorf("answer on socket %q: wanted a datagram that was expected, got none", a.Conn)
	}
	return bytes.Trim(s.datagrams[s.used-1].data, " \t\r\n\x00"), nil
}

// A Variable is a value of the play: "port" or "host".
type Variable string

func (v Variable) bytes(b *binding) ([]byte, error) {
	s, ok := b.values[string(v)]
	if !ok {
		return nil, fmt.Errorf("no value for {%s}", string(v))
	}
	return []byte(s), nil
}

// A Message is one record with the fields that were given.
type Message struct {
	Layout *record.Layout
	Fields map[string]Given
}

// A Given is the value of a field: one of the three.
type Given struct {
	Number *uint64
	Text   Expr
	Items  []Message
}

func (m Message) bytes(b *binding) ([]byte, error) {
	v, err := m.value(b)
	if err != nil {
		return nil, err
	}
	return v.Append(nil)
}

// value binds the message's fields.
func (m Message) value(b *binding) (record.Value, error) {
	v := record.Value{Layout: m.Layout, Fields: make(map[string]any, len(m.Fields))}
	for name, g := range m.Fields {
		x, err := g.value(b)
		if err != nil {
			return v, fmt.Errorf("%s.%s: %w", m.Layout.Name, name, err)
		}
		v.Fields[name] = x
	}
	return v, nil
}

func (g Given) value(b *binding) (any, error) {
	switch {
	case g.Number != nil:
		return *g.Number, nil
	case g.Text != nil:
		return g.Text.bytes(b)
	}
	items := make([]record.Value, 0, len(g.Items))
	for _, m := range g.Items {
		v, err := m.value(b)
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, nil
}

// The rest writes expressions as scenario files do.

func (l Lit) star() string { return starBytes(l) }

func (s Sample) star() string {
	if s.Kind == sampleWord {
		return fmt.Sprintf("sample(%s, %d)", starText(s.Label), s.Size)
	}
	return fmt.Sprintf("sample(%s, %d, %s)", starText(s.Label), s.Size, starText(s.Kind))
}

func (r Repeat) star() string   { return fmt.Sprintf("times(%s, %d)", r.Of.star(), r.N) }
func (a Address) star() string  { return fmt.Sprintf("%s_of(%s)", a.Part, starText(a.Conn)) }
func (a Answer) star() string   { return fmt.Sprintf("answer_of(%s)", starText(a.Conn)) }
func (v Variable) star() string { return fmt.Sprintf("variable(%s)", starText(string(v))) }

func (c Concat) star() string {
	parts := make([]string, len(c))
	for i, e := range c {
		parts[i] = e.star()
	}
	return "join(" + strings.Join(parts, ", ") + ")"
}

func (c Cut) star() string {
	if c.To < 0 {
		return fmt.Sprintf("cut(%s, %d)", c.Of.star(), c.From)
	}
	return fmt.Sprintf("cut(%s, %d, %d)", c.Of.star(), c.From, c.To)
}

func (m Message) star() string {
	var args []string
	for _, f := range m.Layout.Fields {
		if g, ok := m.Fields[f.Name]; ok {
			args = append(args, f.Name+" = "+g.star())
		}
	}
	return m.Layout.Name + "(" + strings.Join(args, ", ") + ")"
}

func (g Given) star() string {
	switch {
	case g.Number != nil:
		return starNumber(*g.Number)
	case g.Text != nil:
		return g.Text.star()
	}
	items := make([]string, len(g.Items))
	for i, m := range g.Items {
		items[i] = m.star()
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// starNumber writes large numbers as the wire shows them.
func starNumber(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("0x%X", n)
}

// starText writes s as a Starlark string, which is UTF-8.
func starText(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) }

// starBytes writes b as a string where it is one, else as bytes; a long run of
// one byte as times().
func starBytes(b []byte) string {
	if len(b) > 64 && !slices.ContainsFunc(b, func(c byte) bool { return c != b[0] }) {
		return Repeat{Lit(b[:1]), len(b)}.star()
	}
	var s strings.Builder
	plain := true
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			s.WriteString("\\" + string(rune(c)))
		case c >= ' ' && c < 0x7F:
			s.WriteByte(c)
		default:
			plain = plain && c < 0x80
			fmt.Fprintf(&s, "\\x%02x", c)
		}
	}
	if plain {
		return `"` + s.String() + `"`
	}
	return `b"` + s.String() + `"`
}
