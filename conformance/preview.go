package conformance

import "netproctor/internal/record"

// A StepPreview is a step for people who read a scenario before it is played.
type StepPreview struct {
	Phase Phase
	Step  Step
	Conn  string // the connection of a send
	// Bytes are what a send writes, for the given seed; Layout is its record,
	// nil for bytes without one. Both are empty for what is known only while
	// it is played, such as a port.
	Bytes  []byte
	Layout *record.Layout
	// Datagram says that they are one.
	Datagram bool
	// Long says that Bytes were not made, as there are more than were asked for.
	Long bool
}

// show fills in what a send writes.
func (p *StepPreview) show(what Expr, b *binding, most int) {
	if m, isMessage := what.(Message); isMessage {
		p.Layout = m.Layout
	}
	if p.Long = most > 0 && atLeast(what) > most; !p.Long {
		p.Bytes, _ = what.bytes(b)
	}
}

// Preview gives the steps of a scenario with the bytes that it sends.
func Preview(s *Scenario, seed uint64) []StepPreview { return PreviewUpTo(s, seed, 0) }

// PreviewUpTo is Preview without the bytes of those sends that write more than
// most bytes, as far as that can be told without making them; 0 means no bound.
func PreviewUpTo(s *Scenario, seed uint64, most int) []StepPreview {
	b := newBinding(&Transcript{Scenario: s.ID, Seed: seed}, newView())
	var list []StepPreview
	for i, step := range s.all() {
		p := StepPreview{Phase: s.phase(i), Step: step}
		switch send := step.(type) {
		case *Send:
			p.Conn = send.Conn
			p.show(send.What, b, most)
		case *SendDatagram:
			p.Datagram = true
			p.show(send.What, b, most)
		}
		list = append(list, p)
	}
	return list
}

// Volume is how many bytes a scenario sends at least, all in all.
func Volume(s *Scenario) (size int) {
	for _, step := range s.all() {
		switch send := step.(type) {
		case *Send:
			size += atLeast(send.What)
		case *SendDatagram:
			size += atLeast(send.What)
		}
	}
	return size
}

// Source is a step as a scenario file writes it.
func Source(s Step) string { return s.star() }

// atLeast is how many bytes an expression makes at least.
func atLeast(e Expr) (size int) {
	switch e := e.(type) {
	case Lit:
		return len(e)
	case Sample:
		return e.Size
	case Repeat:
		return e.N * atLeast(e.Of)
	case Cut:
		return max(0, e.To-e.From)
	case Concat:
		for _, part := range e {
			size += atLeast(part)
		}
	case Message:
		for _, given := range e.Fields {
			if given.Text != nil {
				size += atLeast(given.Text)
			}
			for _, item := range given.Items {
				size += atLeast(item)
			}
		}
	}
	return size
}
