package conformance

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
)

// units cuts output into what a person sees as one message: a line, or what
// was printed up to the place where something was typed. Numbers become # and
// spaces go, so that a port, a time of day or an empty name does not make a
// difference.
func units(out []printed) []string {
	var list []string
	var text []byte
	flush := func() {
		for line := range strings.Lines(string(text)) {
			list = append(list, normal(line))
		}
		text = text[:0]
	}
	for _, p := range out {
		if p.typed {
			flush()
			continue
		}
		text = append(text, p.data...)
	}
	flush()
	return slices.DeleteFunc(list, func(s string) bool { return s == "" })
}

var digits = regexp.MustCompile(`[0-9]+`)

func normal(line string) string {
	return strings.Join(strings.Fields(digits.ReplaceAllString(line, "#")), "")
}

// fresh gives the units of out that are not among those of than.
func fresh(out, than []printed) []string {
	known := units(than)
	return slices.DeleteFunc(units(out), func(u string) bool { return slices.Contains(known, u) })
}

// text is all output of a slice in the order in which it came.
func text(out []printed) []byte {
	joined := merged(slices.DeleteFunc(slices.Clone(out), func(p printed) bool { return p.typed }))
	if len(joined) == 0 {
		return nil
	}
	return joined[0].data
}

// merged joins what was printed between two lines that were typed. Output may
// be large: it is copied once, and not at all if it is in one piece already.
func merged(out []printed) []printed {
	var list []printed
	for len(out) > 0 {
		n := slices.IndexFunc(out, func(p printed) bool { return p.typed })
		switch {
		case n < 0:
			n = len(out)
		case n == 0:
			n = 1
		}
		list = append(list, join(out[:n]))
		out = out[n:]
	}
	return list
}

// join makes one piece of several; it came when the first of them came.
func join(out []printed) printed {
	if len(out) == 1 {
		return out[0]
	}
	parts := make([][]byte, len(out))
	for i, p := range out {
		parts[i] = p.data
	}
	return printed{at: out[0].at, order: out[0].order, data: slices.Concat(parts...)}
}

// within gives the output that was printed in a span of events.
func (r *runView) within(s span) []printed {
	return slices.DeleteFunc(slices.Clone(r.output), func(p printed) bool { return p.order < s.from || p.order >= s.to })
}

// since gives the output that came from the given event on.
func (r *runView) since(order int) []printed { return r.within(span{order, math.MaxInt}) }

// A trace is how a language's runtime reports what the program did not catch.
type trace struct {
	language string
	words    []string // one of them is in every report
	pattern  *regexp.Regexp
}

// A report may stand behind a prompt that no newline ends, so that only words
// which a program might print itself must begin a line.
var traces = []trace{
	{"Python", []string{"Traceback (most", "Fatal Python", "Task exception", "Exception in thread "},
		regexp.MustCompile(`(?m)Traceback \(most recent call last\):|Fatal Python error:|Task exception was never retrieved|^\s*Exception in thread `)},
	{"Go", []string{"panic: ", "fatal error: ", "goroutine "},
		regexp.MustCompile(`(?m)^(panic: |fatal error: |goroutine \d+ \[)`)},
	{"Node.js", []string{"Uncaught ", "node:internal/", "    at ", "Node.js v"},
		regexp.MustCompile(`(?m)^(Uncaught |node:internal/|    at .+:\d+:\d+\)?$|Node\.js v\d+)`)},
	{"Java", []string{"Exception in thread \"", "\tat "},
		regexp.MustCompile(`(?m)Exception in thread "|^(\tat [\w.$]+\(.*\.java:\d+\))`)},
	{"C++", []string{"terminate called", "libc++abi"},
		regexp.MustCompile(`terminate called (after|without)|libc\+\+abi: `)},
	{"Rust", []string{"panicked at "},
		regexp.MustCompile(`thread '.*' .*panicked at `)},
	{"C", []string{"*** ", "AddressSanitizer", "Segmentation fault"},
		regexp.MustCompile(`(?m)^(\*\*\* |==\d+==ERROR: AddressSanitizer|Segmentation fault)`)},
}

// Uncaught finds the report of an uncaught exception in what a program printed:
// the language, and the report from its first line on. Without one the language
// is empty.
func Uncaught(output []byte) (language string, report []byte) {
	for _, t := range traces {
		if !slices.ContainsFunc(t.words, func(w string) bool { return bytes.Contains(output, []byte(w)) }) {
			continue // most output is none, and this is much faster to see
		}
		if at := t.pattern.FindIndex(output); at != nil {
			return t.language, output[at[0]:]
		}
	}
	return "", nil
}

// crashed tells whether a signal such as SIGSEGV ended the run.
func (r *runView) crashed() bool {
	return r.exited && slices.ContainsFunc([]string{"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL"}, func(s string) bool {
		return strings.Contains(r.exit.Text, s)
	})
}

// tail is the end of a text, whole lines where possible.
func tail(b []byte, most int) []byte {
	if len(b) <= most {
		return b
	}
	b = b[len(b)-most:]
	if i := bytes.IndexByte(b, '\n'); i >= 0 && i < len(b)-1 {
		return b[i+1:]
	}
	return b
}
