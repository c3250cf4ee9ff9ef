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

// guide finds out by what cases can be guided, and says it. done frees it.
func (v *fuzzVerb) guide(a *app, o *fuzz.Options) (done func(), err error) {
	command, isCommand := o.Target.(*conformance.Command)
	if v.NoGuidance || !isCommand {
		return func() {}, nil
	}
	p, err := probe.New(a.ctx, command.Words(), v.Dir)
	switch {
	case err == nil:
		o.Guidance = &fuzz.Guidance{Dictionary: fuzz.Dictionary{Words: p.Words, Numbers: p.Numbers}, Probe: p, Target: command.Instead(p.Command)}
		fmt.Fprintf(a.out, "guided by %s in %s, and %s of the source\n", count(len(p.Blocks), "counter"), count(p.Files, "file"), count(len(p.Words)+len(p.Numbers), "constant"))
		if p.Bare != nil {
			o.Target = command.Instead(p.Bare)
		}
		return func() { p.Close() }, nil
	case !errors.Is(err, probe.ErrNot):
		return nil, harness("guidance: %w", err)
	}
	g := &fuzz.Guidance{}
	if v.Dir != "" {
		g.Dictionary = fuzz.ReadDictionary(os.DirFS(v.Dir))
	}
	fmt.Fprintf(a.out, "guided by what can be seen from outside, and %s of the source; %v\n", count(len(g.Dictionary.Words)+len(g.Dictionary.Numbers), "constant"), err)
	o.Guidance = g
	return func() {}, nil
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
