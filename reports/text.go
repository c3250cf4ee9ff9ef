package reports

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"netproctor/conformance"
)

// Text writes a report for people: for each program its score, the
// requirements that did not pass and why, each cause once.
func Text(w io.Writer, r *conformance.Report) error {
	var p page
	p.hang("netproctor  ", fmt.Sprintf("protocol %s, seed %d, isolation: %s", r.Protocol, r.Seed, r.Isolation))
	if r.Stopped != "" {
		p.hang("stopped     ", r.Stopped+": what follows is not the whole of it")
	}
	for i := range r.Suites {
		p.line("")
		p.suite(r, &r.Suites[i])
	}
	p.line("")
	p.hang("", Summary(r))
	return p.writeTo(w)
}

func (p *page) suite(r *conformance.Report, s *conformance.Suite) {
	p.hang(s.Role+"  ", s.Target)
	p.line("  score      %d of %d must requirements", s.Score.Earned, s.Score.Possible)
	p.line("  scenarios  %d: %s", len(s.Results), outcomes(s.Outcomes()))
	p.line("  time       %.1f s (the scenarios' own times add up to %.1f s)", s.Elapsed, s.ScenarioTime())
	p.requirements(s)
	p.observed(s)
	for _, c := range causes(s) {
		p.line("")
		p.cause(r, s, c)
	}
	p.skipped(s)
}

// requirements is the table of those that did not pass. Those that could not
// be judged are named without their text: something else is to be mended first.
func (p *page) requirements(s *conformance.Suite) {
	var rows []conformance.RequirementResult
	var blocked []string
	for _, q := range s.Requirements {
		switch q.Outcome {
		case conformance.Pass, conformance.Observed, conformance.Skip:
		case conformance.Blocked:
			blocked = append(blocked, q.ID)
		default:
			rows = append(rows, q)
		}
	}
	if len(rows)+len(blocked) == 0 {
		return
	}
	p.line("\nrequirements that did not pass")
	w := widths(rows)
	for _, q := range rows {
		p.hang(fmt.Sprintf("  %-12s  %s  %-6s  %s  ", q.Outcome, pad(q.ID, w[0]), q.Level, pad(q.Source, w[1])), q.Text)
	}
	if len(blocked) > 0 {
		p.hang("  blocked       ", strings.Join(blocked, ", "))
	}
}

// observed lists which way the program goes where both are right.
func (p *page) observed(s *conformance.Suite) {
	var rows []conformance.RequirementResult
	for _, q := range s.Requirements {
		if q.Observed != "" {
			rows = append(rows, q)
		}
	}
	if len(rows) == 0 {
		return
	}
	p.line("\nobserved, where the assignment leaves it open (no points)")
	w := widths(rows)
	for _, q := range rows {
		p.hang(fmt.Sprintf("  %s  %s  ", pad(q.ID, w[0]), pad(q.Source, w[1])), q.Observed)
	}
}

// skipped lists what was not played, by reason.
func (p *page) skipped(s *conformance.Suite) {
	ids := map[string][]string{}
	var reasons []string
	for i := range s.Results {
		res := &s.Results[i]
		if res.Outcome != conformance.Skip {
			continue
		}
		if ids[res.Reason] == nil {
			reasons = append(reasons, res.Reason)
		}
		ids[res.Reason] = append(ids[res.Reason], res.ID())
	}
	for _, why := range reasons {
		p.line("")
		p.hang("skip   ", fmt.Sprintf("%s: %s", count(len(ids[why]), "scenario"), why))
		p.below(list(ids[why]))
	}
}

// widths of the columns for ids and sources.
func widths(rows []conformance.RequirementResult) (w [2]int) {
	for _, q := range rows {
		w[0] = max(w[0], utf8.RuneCountInString(q.ID))
		w[1] = max(w[1], utf8.RuneCountInString(q.Source))
	}
	return w
}

// pad fills up with spaces, counting characters.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}
