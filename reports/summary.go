package reports

import (
	"fmt"
	"strings"

	"netproctor/conformance"
)

// order is how outcomes are listed: the good ones, then the worst first.
var order = []conformance.Outcome{
	conformance.Pass, conformance.Observed, conformance.Fail, conformance.Broken,
	conformance.Blocked, conformance.Inconclusive, conformance.Skip,
}

// Summary says in one line what a report comes to.
func Summary(r *conformance.Report) string {
	var parts []string
	for i := range r.Suites {
		s := &r.Suites[i]
		parts = append(parts, fmt.Sprintf("%s %d/%d%s", s.Role, s.Score.Earned, s.Score.Possible, trouble(s)))
	}
	if len(parts) == 0 {
		parts = []string{"nothing was graded"}
	}
	line := fmt.Sprintf("%s: %s, in %.1f s", r.Protocol, strings.Join(parts, ", "), r.Elapsed)
	if r.Stopped != "" {
		line += "; stopped: " + r.Stopped
	}
	return clean(line)
}

// trouble counts what did not pass, in brackets; empty if all did.
func trouble(s *conformance.Suite) string {
	n := s.Outcomes()
	delete(n, conformance.Pass)
	delete(n, conformance.Observed)
	delete(n, conformance.Skip)
	if len(n) == 0 {
		return ""
	}
	return " (" + outcomes(n) + ")"
}

// outcomes writes counts by outcome: "100 pass, 8 fail".
func outcomes(n map[conformance.Outcome]int) string {
	var parts []string
	for _, o := range order {
		if n[o] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[o], o))
		}
	}
	return strings.Join(parts, ", ")
}
