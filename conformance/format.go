package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Format writes scenarios as a scenario file that Load reads back as the same
// scenarios. prefix is where protocol.star lies as seen from the file:
// "protocol.star", or "../protocol.star" in found/.
func Format(prefix string, scenarios ...*Scenario) string {
	used := map[string]bool{}
	for _, s := range scenarios {
		for _, step := range s.all() {
			recordsIn(step, used)
		}
	}
	var b strings.Builder
	if len(used) > 0 {
		names := slices.Sorted(maps.Keys(used))
		for i, n := range names {
			names[i] = starText(n)
		}
		fmt.Fprintf(&b, "load(%s, %s)\n", starText(prefix), strings.Join(names, ", "))
	}
	for _, s := range scenarios {
		formatScenario(&b, s)
	}
	return b.String()
}

func formatScenario(b *strings.Builder, s *Scenario) {
	covers := make([]string, len(s.Covers))
	for i, c := range s.Covers {
		covers[i] = starText(c)
	}
	fmt.Fprintf(b, "\nscenario(\n    id = %s,\n    covers = [%s],\n    why = %s,\n", starText(s.ID), strings.Join(covers, ", "), starText(s.Why))
	formatSteps(b, "needs", s.Needs)
	formatSteps(b, "steps", s.Steps)
	formatSteps(b, "then", s.Then)
	if s.Pieces {
		b.WriteString("    pieces = True,\n")
	}
	if s.Skip != "" {
		fmt.Fprintf(b, "    skip = %s,\n", starText(s.Skip))
	}
	b.WriteString(")\n")
}

func formatSteps(b *strings.Builder, name string, steps []Step) {
	if len(steps) == 0 {
		return
	}
	fmt.Fprintf(b, "    %s = [\n", name)
	for _, s := range steps {
		fmt.Fprintf(b, "        %s,\n", s.star())
	}
	b.WriteString("    ],\n")
}

// recordsIn notes the records that a step writes or expects.
func recordsIn(s Step, used map[string]bool) {
	switch s := s.(type) {
	case *Send:
		recordsOf(s.What, used)
	case *SendDatagram:
		recordsOf(s.What, used)
	case *Expect:
		recordsOf(s.What, used)
	case *ExpectBulk:
		recordsOf(s.What, used)
	case *ExpectDatagram:
		recordsOf(s.What, used)
	case *Either:
		for _, c := range s.Cases {
			recordsIn(c.Step, used)
		}
	}
}

// recordsOf notes the records in an expression.
func recordsOf(e Expr, used map[string]bool) {
	switch e := e.(type) {
	case Message:
		used[e.Layout.Name] = true
		for _, g := range e.Fields {
			for _, m := range g.Items {
				recordsOf(m, used)
			}
		}
	case Concat:
		for _, x := range e {
			recordsOf(x, used)
		}
	case Cut:
		recordsOf(e.Of, used)
	case Repeat:
		recordsOf(e.Of, used)
	}
}
