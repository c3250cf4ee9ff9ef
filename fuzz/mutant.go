package fuzz

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"time"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// A mutant is a scenario with one of its messages changed. What follows the
// message is what needs no answer, and at the end only what needs no model is
// looked at: that the program comes back, tells of no uncaught exception, and if
// it is a server does once more what the scenario begins with.
type mutant struct {
	*conformance.Scenario
	base    *conformance.Scenario
	at      int            // where in Steps the message is
	layout  *record.Layout // of the message; nil for bytes without one
	message []byte
}

// A seed is a message of a scenario that can be changed.
type seed struct {
	scenario *conformance.Scenario
	at       int
	layout   *record.Layout
	message  []byte
}

// Scenarios that take longer, or send more, are not worth playing over and over.
const (
	longestPause = 700 * time.Millisecond
	longestSeed  = 8 << 10
)

// seeds gives the messages that the scenarios of a role send, in their order.
func seeds(p *conformance.Protocol, role string, sampleSeed uint64) (list []seed) {
	for _, s := range p.Scenarios {
		if s.Role() != role || s.Skip != "" || !quick(s) {
			continue
		}
		before := len(s.Needs)
		for i, step := range conformance.PreviewUpTo(s, sampleSeed, longestSeed) {
			if step.Phase == conformance.PhaseSteps && len(step.Bytes) > 0 && len(step.Bytes) <= longestSeed {
				list = append(list, seed{s, i - before, step.Layout, step.Bytes})
			}
		}
	}
	return list
}

// quick tells whether a scenario can be played often.
func quick(s *conformance.Scenario) bool {
	pauses := time.Duration(0)
	for _, step := range slices.Concat(s.Needs, s.Steps, s.Then) {
		switch step := step.(type) {
		case *conformance.Pause:
			pauses += step.For
		case *conformance.Signal, *conformance.ExpectBulk, *conformance.ExpectDescriptors, *conformance.ExpectMemory, *conformance.ExpectIdle:
			return false
		}
	}
	return pauses <= longestPause
}

// mutate gives the seed's scenario with another message in place of its own.
func (s seed) mutate(message []byte) *mutant {
	m := &mutant{base: s.scenario, at: s.at, layout: s.layout, message: message}
	steps := slices.Clone(s.scenario.Steps[:s.at])
	ends := map[string]bool{}
	for i, step := range s.scenario.Steps[s.at:] {
		switch step := step.(type) {
		case *conformance.Send:
			if i > 0 && !ends[step.Conn] && slices.Contains(m.opened(), step.Conn) {
				steps = append(steps, step)
			} else if i == 0 {
				steps = append(steps, &conformance.Send{Conn: step.Conn, What: conformance.Lit(message)})
			}
		case *conformance.SendDatagram:
			if i == 0 {
				steps = append(steps, &conformance.SendDatagram{Conn: step.Conn, What: conformance.Lit(message), To: step.To, Host: step.Host, Port: step.Port})
			}
		case *conformance.Pause:
			steps = append(steps, step)
		case *conformance.Close:
			if !ends[step.Conn] && slices.Contains(m.opened(), step.Conn) {
				ends[step.Conn] = step.How != conformance.HalfClosed
				steps = append(steps, step)
			}
		}
	}
	m.Scenario = &conformance.Scenario{
		ID: s.scenario.ID, Needs: s.scenario.Needs, Steps: m.ending(steps, ends),
		Then: append(m.again(), calm()),
	}
	return m
}

// calm looks whether the program has told of an exception so far.
func calm() conformance.Step {
	s := &conformance.ExpectNoTraceback{}
	s.Within = 50 * time.Millisecond
	return s
}

// again is the exchange that the scenario needs before it begins. What happened in
// between is over for a server when all connections have ended.
func (m *mutant) again() (steps []conformance.Step) {
	if m.base.Role() != conformance.Server {
		return nil
	}
	for _, step := range m.base.Needs {
		switch step.(type) {
		case *conformance.Start, *conformance.ExpectFile, *conformance.ExpectOutput, *conformance.NoteContents, *conformance.ExpectContents:
		default:
			steps = append(steps, step)
		}
	}
	return append([]conformance.Step{&conformance.Pause{For: restFor}}, steps...)
}

// restFor is how long a server may take to see that connections have ended.
const restFor = 300 * time.Millisecond

// opened gives the connections that are open when the message is sent, or were.
func (m *mutant) opened() (conns []string) {
	for _, step := range slices.Concat(m.base.Needs, m.base.Steps[:m.at]) {
		switch step := step.(type) {
		case *conformance.Connect:
			conns = append(conns, step.Conn)
		case *conformance.Accept:
			conns = append(conns, step.Conn)
		}
	}
	return conns
}

// comesBack is how long a program may take until it has ended or waits for input.
const comesBack = 10 * time.Second

// ending closes what is open, and asks what needs no model.
func (m *mutant) ending(steps []conformance.Step, ended map[string]bool) []conformance.Step {
	var open []conformance.Step
	for _, conn := range m.opened() {
		if !ended[conn] {
			ended[conn] = true
			steps = append(steps, &conformance.Close{Conn: conn, How: conformance.HalfClosed})
			open = append(open, &conformance.Close{Conn: conn, How: conformance.Closed}) // what came on it does not matter
		}
	}
	if m.base.Role() == conformance.Client {
		back := &conformance.ExpectPrompt{Run: m.run(), OrExit: true}
		back.Within = comesBack
		steps = append(steps, back)
	}
	return slices.Concat(steps, []conformance.Step{calm()}, open)
}

// run is the program run that is started last before the message.
func (m *mutant) run() string {
	run := "main"
	for _, step := range slices.Concat(m.base.Needs, m.base.Steps[:m.at]) {
		if start, is := step.(*conformance.Start); is {
			run = start.Run
		}
	}
	return run
}

// spoil changes a message: one field at an edge, a cut, a bit, or something
// behind it. A message without a layout is changed byte by byte.
func (s seed) spoil(r *rand.Rand) []byte {
	if s.layout == nil {
		return noisy(s.message, r)
	}
	d, err := s.layout.Decode(s.message, true)
	if err != nil || r.IntN(10) == 0 {
		return noisy(s.message, r)
	}
	switch n := r.IntN(10); {
	case n < 2:
		if cuts := Cuts(&d); len(cuts) > 0 {
			return s.message[:cuts[r.IntN(len(cuts))]]
		}
	case n < 3:
		behind := [][]byte{{0}, []byte("x"), []byte("\n"), s.message, bytes.Repeat([]byte("x"), 300)}
		return slices.Concat(s.message, behind[r.IntN(len(behind))])
	}
	fields := leaves(&d, nil)
	e := fields[r.IntN(len(fields))]
	other := others(&e)
	if isText(e.Field) {
		other = odd
	}
	if len(other) == 0 {
		return noisy(s.message, r)
	}
	return slices.Concat(s.message[:e.Offset], sized(other[r.IntN(len(other))], e), s.message[e.Offset+e.Size:])
}

// noisy changes bytes of a message that has no fields.
func noisy(b []byte, r *rand.Rand) []byte {
	at := r.IntN(len(b) + 1)
	switch r.IntN(4) {
	case 0:
		return b[:at]
	case 1:
		return slices.Concat(b[:at], odd[r.IntN(len(odd))], b[at:])
	case 2:
		return slices.Concat(b[:at], odd[r.IntN(len(odd))], b[min(len(b), at+1+r.IntN(8)):])
	}
	b = bytes.Clone(b)
	b[min(at, len(b)-1)] ^= 1 << r.IntN(8)
	return b
}
