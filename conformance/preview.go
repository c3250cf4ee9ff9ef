package conformance

import "netproctor/internal/record"

// A StepPreview is a step for people who read a scenario before it is played.
type StepPreview struct {
	Phase  Phase
	Source string // the step as a scenario file writes it
	Conn   string // the connection of a send
	// Bytes are what a send writes, for the given seed; Layout is its record,
	// nil for bytes without one. Both are empty for what is known only while
	// it is played, such as a port.
	Bytes  []byte
	Layout *record.Layout
	// Datagram says that they are one.
	Datagram bool
}

// show fills in what a send writes.
func (p *StepPreview) show(what Expr, b *binding) {
	p.Bytes, _ = what.bytes(b)
	if m, isMessage := what.(Message); isMessage {
		p.Layout = m.Layout
	}
}

// Preview gives the steps of a scenario with the bytes that it sends.
func Preview(s *Scenario, seed uint64) []StepPreview {
	b := newBinding(&Transcript{Scenario: s.ID, Seed: seed}, newView())
	var list []StepPreview
	for i, step := range s.all() {
		p := StepPreview{Phase: s.phase(i), Source: step.star()}
		switch send := step.(type) {
		case *Send:
			p.Conn = send.Conn
			p.show(send.What, b)
		case *SendDatagram:
			p.Datagram = true
			p.show(send.What, b)
		}
		list = append(list, p)
	}
	return list
}

// Source is a step as a scenario file writes it.
func Source(s Step) string { return s.star() }
