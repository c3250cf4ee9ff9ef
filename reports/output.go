package reports

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"netproctor/conformance"
)

// A printedLine is a line of what a program printed, or of what was typed.
type printedLine struct {
	at     time.Duration // when its first byte came
	run    string
	stream string
	text   []byte
	cut    int // bytes of it that are not kept
}

// What is shown of a program's output: the last lines of it, and of each line
// the beginning.
const (
	mostLines = 12
	mostLine  = 240
)

// output writes the end of what the program printed.
func (p *page) output(events []conformance.Event) {
	lines := printedLines(events)
	if len(lines) == 0 {
		return
	}
	head := "all that the program printed, with times"
	if extra := len(lines) - mostLines; extra > 0 {
		head = fmt.Sprintf("the last %d of %d lines that the program printed, with times", mostLines, len(lines))
		lines = lines[extra:]
	}
	p.labelled("output", head)
	several := slices.ContainsFunc(lines, func(l printedLine) bool { return l.run != lines[0].run })
	for _, l := range lines {
		text := string(l.text)
		if l.cut > 0 {
			text += fmt.Sprintf(" … (%s more)", count(l.cut, "byte"))
		}
		if several {
			l.stream = l.run + " " + l.stream
		}
		p.hang(fmt.Sprintf("%*s%6.3f  %-6s | ", margin, "", l.at.Seconds(), clean(l.stream)), text)
	}
}

// printedLines puts output together, line by line. Programs end a prompt with
// no line end, so typing ends a line too.
func printedLines(events []conformance.Event) []printedLine {
	var list []printedLine
	open := map[string]int{} // by run and stream: the line that has no end yet
	for _, e := range events {
		switch e.Kind {
		case conformance.Typed:
			clear(open)
			list = append(list, printedLine{at: e.At, run: e.Run, stream: "typed", text: bytes.TrimRight(e.Data, "\r\n")})
		case conformance.Printed:
			list = addOutput(list, open, e)
		}
	}
	return list
}

func addOutput(list []printedLine, open map[string]int, e conformance.Event) []printedLine {
	key := e.Run + " " + e.Text
	for part := range bytes.Lines(e.Data) {
		i, going := open[key]
		if !going {
			i = len(list)
			open[key] = i
			list = append(list, printedLine{at: e.At, run: e.Run, stream: e.Text})
		}
		list[i].add(bytes.TrimRight(part, "\r\n"))
		if bytes.HasSuffix(part, []byte("\n")) {
			delete(open, key)
		}
	}
	return list
}

func (l *printedLine) add(b []byte) {
	keep := min(len(b), mostLine-len(l.text))
	l.text = append(l.text, b[:keep]...)
	l.cut += len(b) - keep
}

// states says how each program run was when the verdict fell: how it ended, or
// how it was doing.
func states(events []conformance.Event) []string {
	var runs []string
	last := map[string]string{}
	for _, e := range events {
		text := ""
		switch e.Kind {
		case conformance.Vitals:
			text = "running: " + e.Text
		case conformance.Exited:
			text = fmt.Sprintf("ended after %.3f s: %s", e.At.Seconds(), e.Text)
		default:
			continue
		}
		if last[e.Run] == "" {
			runs = append(runs, e.Run)
		}
		last[e.Run] = text
	}
	var list []string
	for _, run := range runs {
		if len(runs) == 1 {
			return []string{last[run]}
		}
		list = append(list, run+": "+last[run])
	}
	return list
}
