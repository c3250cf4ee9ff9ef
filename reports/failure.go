package reports

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// Failure writes one result of a suite in full: what is required and where the
// source says so, why it matters, what was wanted and what was got, the bytes,
// the wire, what the program printed and how it was, and how to play it again.
func Failure(w io.Writer, r *conformance.Report, s *conformance.Suite, res *conformance.Result) error {
	var p page
	p.failure(s, res)
	p.again(r, s, res)
	return p.writeTo(w)
}

// longText is how much of a finding is shown: the program's output and the
// bytes follow below.
const longText = 700

func (p *page) failure(s *conformance.Suite, res *conformance.Result) {
	p.line("%-6s %s", res.Outcome, clean(res.ID()))
	for _, id := range res.Covers {
		p.hang("  ", requirement(s, id))
	}
	p.labelled("why", res.Why)
	p.labelled("pieces", pieces[res.Delivery])
	p.hang("  ", res.Pos)
	p.labelled("step", step(res))
	p.labelled("want", abridge(res.Want, longText))
	p.labelled("got", abridge(res.Got, longText))
	p.labelled("note", note(res))
	p.bytes(res)
	p.labelled("hint", res.Hint)
	p.wire(res)
	p.output(res.Transcript)
	for _, state := range states(res.Transcript) {
		p.labelled("state", state)
	}
}

// again is one line, however long, so that it can be copied.
func (p *page) again(r *conformance.Report, s *conformance.Suite, res *conformance.Result) {
	p.line("  %-*s%s", margin-2, "again", clean(Again(r, s, res)))
}

// pieces says how the messages of a scenario were cut.
var pieces = map[conformance.Delivery]string{
	conformance.HeaderBody:   "the header of each message is sent first, its body a moment later" + stream,
	conformance.InsideHeader: "each message is sent in two pieces, cut inside its header" + stream,
	conformance.InsideBody:   "each message is sent in two pieces, cut inside its body" + stream,
	conformance.Bytewise:     "each message is sent byte by byte" + stream,
}

const stream = "; one read need not give all of it"

// requirement is a requirement with its level and clause.
func requirement(s *conformance.Suite, id string) string {
	i := slices.IndexFunc(s.Requirements, func(q conformance.RequirementResult) bool { return q.ID == id })
	if i < 0 {
		return id
	}
	q := s.Requirements[i]
	return fmt.Sprintf("%s (%s, %s): %s", q.ID, q.Level, q.Source, q.Text)
}

// step is the step that decided, and what it is there for.
func step(r *conformance.Result) string {
	if r.Step == "" {
		return ""
	}
	text := abridge(r.Step, 160)
	switch r.Verdict.Phase {
	case conformance.PhaseNeeds:
		text += " — before the scenario itself: it needs this to work"
	case conformance.PhaseThen:
		text += " — after the scenario itself: does the program still work?"
	}
	return text
}

// note says what a rarer outcome means.
func note(r *conformance.Result) string {
	switch {
	case r.Outcome == conformance.Broken:
		return "this is trouble of netproctor or of the machine, not of the program"
	case r.Reason != "":
		return r.Reason
	case r.Outcome == conformance.Blocked:
		return "this cannot be judged before what it needs works"
	case r.Outcome == conformance.Inconclusive:
		text := "this may be the machine's doing: play it again when the machine is less busy"
		if r.Played != nil && r.Played.Lateness > 0 {
			text += fmt.Sprintf(" (netproctor itself was late by %d ms)", r.Played.Lateness.Milliseconds())
		}
		return text
	}
	return ""
}

// bytes shows those that the finding is about, field by field.
func (p *page) bytes(r *conformance.Result) {
	f := r.Verdict.Finding
	if len(f.Bytes) == 0 {
		return
	}
	p.labelled("bytes", fmt.Sprintf("%s received on connection %s", count(len(f.Bytes), "byte"), f.Conn))
	for line := range strings.Lines(dump(f)) {
		p.line("  %s", clean(strings.TrimSuffix(line, "\n")))
	}
}

// dump marks what is wrong in the bytes of a finding.
func dump(f conformance.Finding) string {
	if f.Layout == nil {
		return plainDump(f.Bytes, f.Bad)
	}
	bad := f.Bad
	if bad == nil {
		bad = worst(f)
	}
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = record.Dump(&b, f.Layout, f.Bytes, bad)
	return b.String()
}

// worst finds what to mark where the finding names no field: what is missing,
// or what is too much.
func worst(f conformance.Finding) *record.FieldError {
	d, err := f.Layout.Decode(f.Bytes, true)
	var bad *record.FieldError
	switch {
	case errors.As(err, &bad):
		return bad
	case d.Size < len(f.Bytes):
		return &record.FieldError{Layout: f.Layout.Name, Field: "(extra)", Offset: d.Size}
	}
	return nil
}

// plainDump shows bytes of no known layout, the beginning if there are many.
// The line with the bad one is marked, if one is named.
func plainDump(b []byte, bad *record.FieldError) string {
	const most, each = 128, 16
	more := ""
	if extra := len(b) - most; extra > 0 {
		b, more = b[:most], fmt.Sprintf("  … %s\n", count(extra, "more byte"))
	}
	var out strings.Builder
	at := 0
	for line := range strings.Lines(hex.Dump(b)) {
		mark := " "
		if bad != nil && bad.Offset/each == at/each {
			mark = "!"
		}
		if at < len(b) { // the last line is an offset alone
			out.WriteString(mark + " " + strings.TrimPrefix(line, "0000"))
		}
		at += each
	}
	return out.String() + more
}
