package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/internal/probe"
)

// guidance finds out by what cases can be guided, and says it. done frees it.
func (v *fuzzVerb) guidance(a *app, target conformance.Target) (g *fuzz.Guidance, done func(), err error) {
	command, isCommand := target.(*conformance.Command)
	if v.NoGuidance || !isCommand {
		return nil, func() {}, nil
	}
	p, err := probe.Python(a.ctx, command.Words(), v.Dir)
	switch {
	case err == nil:
		g = &fuzz.Guidance{Dictionary: fuzz.Dictionary{Words: p.Words, Numbers: p.Numbers}, Probe: p, Target: command.Instead(p.Command)}
		fmt.Fprintf(a.out, "guided by %s in %s, and %s of the source\n", count(len(p.Blocks), "counter"), count(p.Files, "file"), count(len(p.Words)+len(p.Numbers), "constant"))
		return g, func() { p.Close() }, nil
	case !errors.Is(err, probe.ErrNot):
		return nil, nil, harness("guidance: %w", err)
	}
	g = &fuzz.Guidance{}
	if v.Dir != "" {
		g.Dictionary = fuzz.ReadDictionary(os.DirFS(v.Dir))
	}
	fmt.Fprintf(a.out, "guided by what can be seen from outside, and %s of the source\n", count(len(g.Dictionary.Words)+len(g.Dictionary.Numbers), "constant"))
	return g, func() {}, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// tellMissed lists the lines that were never reached.
func tellMissed(w io.Writer, missed []probe.Missed) {
	if len(missed) == 0 {
		return
	}
	fmt.Fprintln(w, "\nlines never reached:")
	for _, m := range missed {
		var ranges []string
		for _, l := range m.Lines {
			if l.First == l.Last {
				ranges = append(ranges, fmt.Sprint(l.First))
				continue
			}
			ranges = append(ranges, fmt.Sprintf("%d-%d", l.First, l.Last))
		}
		fmt.Fprintf(w, "  %s: %s\n", m.File, strings.Join(ranges, ", "))
	}
}
