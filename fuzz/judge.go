package fuzz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// A Kind says what is wrong.
type Kind string

// The kinds of findings.
const (
	Crash     Kind = "crash"     // the program has ended
	Exception Kind = "exception" // it printed the report of an uncaught exception
	Hang      Kind = "hang"      // it neither answers nor closes, and waits
	Spin      Kind = "spin"      // it does not come to rest
	Leak      Kind = "leak"      // descriptors rise and stay
	Answer    Kind = "answer"    // what it answers is not among what is allowed
	Silence   Kind = "silence"   // it answers nothing where it must
)

// A fault is what the oracles say of one visit.
type fault struct {
	kind      Kind
	signature string // the same for the same mistake
	evidence  string
}

// play plays a visit and asks the oracles about it.
func (p *program) play(ctx context.Context, o *Options, v Visit) *fault {
	before := p.belief
	a := p.visit(ctx, v)
	if f := p.died(a); f != nil {
		return f
	}
	if a.fault != "" {
		return p.stuck(o, v, a)
	}
	next, right := before.after(v, a)
	if right {
		p.belief = next
		return nil
	}
	return wrongAnswer(o, before, v, a)
}

// dying is how long a program that closed a connection oddly may need to end.
const dying = 250 * time.Millisecond

// died asks whether the visit was more than the program can take.
func (p *program) died(a answer) *fault {
	language, report := conformance.Uncaught(p.newly())
	if language == "" && !p.ended() && a.fault == "" {
		return nil
	}
	if a.fault != "" || language != "" {
		select {
		case <-p.process.Done():
		case <-time.After(dying):
		}
		language, report = conformance.Uncaught(p.printed())
	}
	switch {
	case language != "":
		return &fault{Exception, "exception " + innermost(report), fmt.Sprintf("%s printed:\n%s", language, cutText(report, 2000))}
	case p.ended():
		return &fault{Crash, "crash " + p.process.Status().Text + masked(p.printed()), "it ended: " + p.process.Status().Text + p.lastWords()}
	}
	return nil
}

// dies waits for an end that the last visit may have brought about.
func (p *program) dies() *fault {
	select {
	case <-p.process.Done():
	case <-time.After(dying):
	}
	return p.died(answer{})
}

// spinning is the share of a core from which on a program does not rest.
const spinning = 0.8

// stuck tells a program that spins from one that waits.
func (p *program) stuck(o *Options, v Visit, a answer) *fault {
	const look = 200 * time.Millisecond
	first, err := p.process.Vitals()
	time.Sleep(look)
	second, again := p.process.Vitals()
	if err == nil && again == nil && second.CPU-first.CPU > time.Duration(spinning*float64(look)) {
		return &fault{Spin, "spin " + o.about(v), fmt.Sprintf("%s; %d ms of CPU in %s", a.fault, (second.CPU - first.CPU).Milliseconds(), look)}
	}
	return &fault{Hang, "hang " + second.Syscall + " " + o.about(v), a.fault + "; the program is " + second.String()}
}

// wrongAnswer says how an answer differs from what is allowed.
func wrongAnswer(o *Options, b belief, v Visit, a answer) *fault {
	allowed := b.allowed(v)
	f := &fault{kind: Answer, signature: "answer differs " + o.about(v)}
	silence := len(allowed) == 1 && len(allowed[0]) == 0
	switch {
	case len(a.data) == 0:
		f.kind, f.signature = Silence, "silence "+o.about(v)
	case silence:
		f.signature = "answers " + o.about(v)
	}
	var wants []string
	for _, w := range allowed[:min(3, len(allowed))] {
		wants = append(wants, quote(w))
	}
	f.evidence = fmt.Sprintf("wanted %s, got %s", strings.Join(wants, " or "), quote(a.data))
	return f
}

// about names what a visit is, by the layouts: the field that is wrong in it, or
// the record that it is.
func (o *Options) about(v Visit) string { return aboutOf(v, o.layouts()...) }

func aboutOf(v []byte, layouts ...*record.Layout) string {
	field, furthest := "", -1
	for _, l := range layouts {
		d, err := l.Decode(v, true)
		var bad *record.FieldError
		switch {
		case err == nil && d.Size == len(v):
			return d.Layout.Name
		case err == nil:
			return d.Layout.Name + ".extra-bytes"
		case errors.As(err, &bad) && bad.Offset > furthest:
			field, furthest = bad.Layout+"."+bad.Field, bad.Offset
		}
	}
	return field
}

// frame is a line of a report that names a place in the program.
var frame = regexp.MustCompile(`(?m)^\s*(?:File "([^"]+)", line (\d+)|at .*[(/]([^/()]+:\d+):\d+\)?)`)

// innermost names an exception: its type, and the last place in the program's
// own files.
func innermost(report []byte) string {
	place := ""
	for _, m := range frame.FindAllSubmatch(report, -1) {
		if file := string(m[1]); !strings.Contains(file, "/lib/python") {
			place = file[strings.LastIndexByte(file, '/')+1:] + ":" + string(m[2]) + string(m[3])
		}
	}
	return string(bytes.TrimSpace(exception.Find(report))) + " at " + place
}

// exception is the type of an exception, where a report names it.
var exception = regexp.MustCompile(`(?m)^[\w.]*(Error|Exception|Exit|panic|Interrupt)\b`)

// masked is the last line of what was printed, without its numbers: what a
// program says when it ends tells one end from another.
func masked(out []byte) string {
	out = bytes.TrimSpace(out)
	last := out[bytes.LastIndexByte(out, '\n')+1:]
	if len(last) == 0 {
		return ""
	}
	return ", " + string(digits.ReplaceAll(cutText(last, 80), []byte("#")))
}

var digits = regexp.MustCompile(`\d+`)

func quote(b []byte) string {
	const most = 80
	if len(b) == 0 {
		return "nothing"
	}
	if len(b) <= most {
		return fmt.Sprintf("%q", b)
	}
	return fmt.Sprintf("%q … (%d bytes)", b[:most], len(b))
}

func cutText(b []byte, most int) []byte { return b[:min(most, len(b))] }
