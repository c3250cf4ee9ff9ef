package chat

import (
	"net/netip"
	"path"
	"slices"
	"strings"
)

// sourceReadSize is how many bytes the source's server reads at once (§IV.1).
const sourceReadSize = 4096

// Send returns what a right server may do when a client sends these bytes at
// once, and then nothing for a while.
//
// There is more than one outcome where the source leaves something open. A
// server may read a long message in parts, and then relays it in parts: the set
// has the parts of the source and those of this package. One that reads other
// amounts is right as well, but not in the set.
func (m Model) Send(user netip.AddrPort, sent []byte) []Outcome {
	sizes := []int{max(len(sent), 1)}
	for _, size := range []int{sourceReadSize, ReadSize} {
		if size < len(sent) {
			sizes = append(sizes, size)
		}
	}
	var all []Outcome
	for _, size := range sizes {
		for _, end := range lineEnds {
			all = append(all, m.parts(user, sent, size, end)...)
		}
	}
	return all
}

// parts returns what happens if the server reads at most size bytes at once.
func (m Model) parts(user netip.AddrPort, sent []byte, size int, end string) []Outcome {
	all := []Outcome{{Next: m}}
	for part := range slices.Chunk(sent, size) {
		var longer []Outcome
		for _, o := range all {
			longer = append(longer, o.andThen(o.Next.read(user, part, end))...)
		}
		all = longer
	}
	return all
}

// andThen returns o followed by each of some others.
func (o Outcome) andThen(others []Outcome) []Outcome {
	var all []Outcome
	for _, next := range others {
		next.Others = slices.Concat(o.Others, next.Others)
		all = append(all, next)
	}
	return all
}

// read returns what happens if the server has read b.
func (m Model) read(user netip.AddrPort, b []byte, end string) []Outcome {
	if len(b) == 0 {
		return []Outcome{{Next: m}}
	}
	var all []Outcome
	for _, s := range m.steps(user, b) {
		first := Outcome{Others: line(s.told, end), Next: s.next}
		all = append(all, first.andThen(s.next.read(user, s.rest, end))...)
	}
	return all
}

// A step is what a server may do with the beginning of what it has read.
type step struct {
	told Message // to all others; nil for nothing
	next Model
	rest []byte // what it has not looked at yet
}

// steps returns what may be done with the beginning of b.
func (m Model) steps(user netip.AddrPort, b []byte) []step {
	t := m.clients[user]
	if t.left > 0 {
		n := min(t.left, int64(len(b)))
		t.left, t.got = t.left-n, t.got+string(b[:n])
		return []step{m.file(user, t, b[n:])}
	}
	u, behind, err := CutUpload(b)
	switch {
	case err == nil && t.announced && CheckName(u.Name) == nil:
		return m.upload(user, u, behind)
	case err == nil:
		// Not announced, or with a path for a name. The source takes it.
		return append(m.text(user, b), m.upload(user, u, behind)...)
	}
	return m.text(user, b)
}

// text returns what may be done with a text: it is relayed, or perhaps dropped if
// it looks like a command.
func (m Model) text(user netip.AddrPort, b []byte) []step {
	n := textLen(b)
	text := Text(b[:n])
	next := m.with(user, talker{announced: text.announces()})
	all := []step{{told: &Said{User: user, Text: text}, next: next, rest: b[n:]}}
	if strings.HasPrefix(string(text), uploadWord) {
		all = append(all, step{next: next, rest: b[n:]})
	}
	return all
}

// upload returns what may be done with a command. If its name is a path, the
// bytes are not kept, or kept under the last part of the path.
func (m Model) upload(user netip.AddrPort, u *Upload, rest []byte) []step {
	if CheckName(u.Name) == nil {
		return []step{m.file(user, talker{left: u.Size, name: u.Name}, rest)}
	}
	all := []step{m.file(user, talker{left: u.Size}, rest)}
	if last := path.Base(u.Name); CheckName(last) == nil {
		all = append(all, m.file(user, talker{left: u.Size, name: last}, rest))
	}
	return all
}

// file returns what is done when some bytes of a file have come: something only
// if they are the last.
func (m Model) file(user netip.AddrPort, t talker, rest []byte) step {
	if t.left > 0 {
		return step{next: m.with(user, t), rest: rest}
	}
	next := m.with(user, talker{})
	if t.name == "" {
		return step{next: next, rest: rest}
	}
	return step{told: &Uploaded{User: user}, next: next.keeping(t.name, t.got), rest: rest}
}
