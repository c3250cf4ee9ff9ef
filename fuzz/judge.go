package fuzz

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

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

// play plays a visit and asks the oracles about it. A right answer costs no look
// at the program but at what is known of it anyway.
func (p *program) play(ctx context.Context, o *Options, v Visit, limit time.Duration) *fault {
	a := p.visit(ctx, v, limit)
	if a.none {
		return nil
	}
	if a.fault != "" || p.suspicious.Load() || p.ended() {
		p.settle()
		if f := p.died(); f != nil {
			return f
		}
	}
	if a.fault != "" {
		return p.stuck(o, v, a)
	}
	next, right := p.belief.after(v, a, p.reasons)
	if !right {
		return wrongAnswer(o, p.belief, v, a)
	}
	p.belief = next
	p.answered = p.answered || len(a.data) > 0
	return nil
}

// dying is how long a program that closed a connection oddly may need to end;
// quiet is how long the report of an exception may be under way when nothing of
// the program runs any more.
const dying, quiet = 250 * time.Millisecond, 20 * time.Millisecond

// settle waits until the program has ended or has come to rest.
func (p *program) settle() {
	const look = 5 * time.Millisecond
	for began, rested := time.Now(), time.Duration(0); time.Since(began) < dying && rested < quiet; {
		select {
		case <-p.process.Done():
			return
		case <-time.After(look):
		}
		rested += look
		v, err := p.process.Vitals()
		if errors.Is(err, os.ErrProcessDone) { // and the news of it is under way
			select {
			case <-p.process.Done():
			case <-time.After(answerLimit):
			}
			return
		}
		if err != nil || v.Runnable > 0 || v.Syscall == "" || v.State != "sleeping" {
			rested = 0
		}
	}
}

// died tells whether it was more than the program can take.
func (p *program) died() *fault {
	language, report := "", []byte(nil)
	if p.suspicious.Load() {
		language, report = wholeReport(p.printed)
	}
	switch {
	case language != "":
		return uncaught(language+" printed", report)
	case p.ended():
		return crashed(p.process.Status().Text, p.printed(), p.complained())
	}
	return nil
}

// reported is how long a report may be under way that has begun.
const reported = time.Second

// wholeReport waits until the report of an exception in what is printed names it:
// Python writes that last, a line at a time. It gives no language if there is none.
func wholeReport(printed func() []byte) (language string, report []byte) {
	const look = 5 * time.Millisecond
	for began := time.Now(); ; time.Sleep(look) {
		language, report = conformance.Uncaught(printed())
		if language != "Python" || kind(report) != "" || time.Since(began) > reported {
			return language, report
		}
	}
}

// uncaught is the fault of a program that printed the report of an exception.
func uncaught(who string, report []byte) *fault {
	return &fault{Exception, "exception " + innermost(report), fmt.Sprintf("%s:\n%s", who, cutText(report, 2000))}
}

// crashed is the fault of a program that has ended as said, and has printed out,
// of which errs are what went to stderr. After a signal the last line of stdout is
// what happened to be flushed, and tells nothing.
func crashed(end string, out, errs []byte) *fault {
	told := out
	if strings.HasPrefix(end, "killed") {
		told = errs
	}
	return &fault{Crash, "crash " + end + masked(told), "it ended: " + end + lastWords(out)}
}

// dies waits for an end that earlier visits may have brought about.
func (p *program) dies() *fault {
	p.settle()
	return p.died()
}

// stuck tells a program that spins from one that waits.
func (p *program) stuck(o *Options, v Visit, a answer) *fault {
	spins, evidence := p.spins()
	if spins {
		return &fault{Spin, "spin " + o.about(v), a.fault + "; " + evidence}
	}
	now, _ := p.process.Vitals()
	return &fault{Hang, "hang " + now.Syscall + " " + o.about(v), a.fault + "; the program is " + now.String()}
}

// spins looks for a while whether the program never rests.
func (p *program) spins() (spins bool, evidence string) {
	const looks, pause = 20, 10 * time.Millisecond
	first, err := p.process.Vitals()
	last := first
	for range looks {
		if err != nil || last.Runnable == 0 {
			return false, ""
		}
		time.Sleep(pause)
		last, err = p.process.Vitals()
	}
	used := last.CPU - first.CPU
	return err == nil && used > 0, fmt.Sprintf("%d ms of CPU in %s, and it ran whenever it was looked at", used.Milliseconds(), looks*pause)
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

// newReasons makes the reasons of a program that has just been started: what a
// visit is, and which of its texts are none.
func (o *Options) newReasons() *reasons {
	return &reasons{numbers: map[string]int{}, name: func(v Visit) string {
		name := o.about(v)
		for _, l := range o.layouts() {
			d, err := l.Decode(v, true)
			if err != nil {
				continue
			}
			for _, e := range leaves(&d, nil) {
				if e.Field.Kind == record.Text && !utf8.Valid(e.Bytes) {
					name += " " + e.Field.Name
				}
			}
		}
		return name
	}}
}

// frame is a line of a report that names a place in the program.
var frame = regexp.MustCompile(`(?m)^\s*(?:File "([^"]+)", line (\d+)|at .*[(/]([^/()]+:\d+):\d+\)?)`)

// innermost names an exception: its type, and the last place in the program's
// own files.
func innermost(report []byte) string {
	place := goPlace(report)
	for _, m := range frame.FindAllSubmatch(report, -1) {
		if file := string(m[1]); !strings.Contains(file, "/lib/python") {
			place = string(m[3])
			if file != "" {
				place = file[strings.LastIndexByte(file, '/')+1:] + ":" + string(m[2])
			}
		}
	}
	return kind(report) + " at " + place
}

// kind is the type of an exception. Python names it behind the frames, and what the
// program printed on its other stream may stand among them, such as "Error: …".
func kind(report []byte) string {
	if frames := pythonFrame.FindAllIndex(report, -1); len(frames) > 0 {
		behind := report[frames[len(frames)-1][1]:]
		if found := exception.Find(behind); found != nil {
			return string(found)
		}
		if found := pythonName.FindSubmatch(behind); found != nil {
			return string(found[1])
		}
	}
	return string(exception.Find(report))
}

var pythonFrame = regexp.MustCompile(`(?m)^\s*File "[^"]+", line \d+`)

// pythonName is the type in the last line of a report, such as struct.error or a
// class of the student's own: a whole line, or all of the name at least.
var pythonName = regexp.MustCompile(`(?m)^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?::|\r?\n)`)

// goFrame is a line of a report that names a place in a program in Go. The
// innermost one comes first, and perhaps those of other goroutines behind it.
var goFrame = regexp.MustCompile(`(?m)^\t(/.*/)([^/\n]+\.go:\d+)(?: \+0x[0-9a-f]+)?\r?$`)

// goOthers is in the paths of files that are not the program's own.
var goOthers = regexp.MustCompile(`/go[^/]*/src/|/pkg/mod/`)

func goPlace(report []byte) string {
	for _, m := range goFrame.FindAllSubmatch(report, -1) {
		if !goOthers.Match(m[1]) {
			return string(m[2])
		}
	}
	return ""
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
