package reports

import (
	"fmt"
	"regexp"
	"slices"

	"netproctor/conformance"
)

// A cause is one thing that is wrong, and the results that show it.
type cause struct {
	first *conformance.Result
	same  []string // ids of the others
	// see is the id of the failure that a blocked result comes from; empty
	// for a cause that is to be shown in full.
	see string
}

// causes folds the results of a suite that did not pass: one cause is one
// failure, however many scenarios run into it. The order is that in which to
// mend them.
func causes(s *conformance.Suite) []*cause {
	var list []*cause
	for _, o := range []conformance.Outcome{conformance.Broken, conformance.Fail, conformance.Blocked, conformance.Inconclusive} {
		known := map[string]*cause{}
		for i := range s.Results {
			res := &s.Results[i]
			if res.Outcome != o {
				continue
			}
			see := explained(s, res)
			keys := keys(res, see)
			i := slices.IndexFunc(keys, func(k string) bool { return known[k] != nil })
			if i >= 0 {
				known[keys[i]].add(res)
				continue
			}
			c := &cause{first: res, see: see}
			list = append(list, c)
			for _, k := range keys {
				known[k] = c
			}
		}
	}
	return list
}

// add takes one more result. The one to be shown is one that was played.
func (c *cause) add(res *conformance.Result) {
	if c.first.Reason != "" && res.Reason == "" {
		c.first, res = res, c.first
	}
	c.same = append(c.same, res.ID())
}

// keys are what results of one outcome that come from one cause have in common:
// one of them is enough.
func keys(r *conformance.Result, see string) []string {
	switch {
	case see != "":
		return []string{"see " + see}
	case r.Outcome == conformance.Blocked:
		return []string{loose(r)}
	case r.Outcome == conformance.Fail && r.Delivery != conformance.Whole:
		return []string{"in pieces " + fmt.Sprint(r.Covers)}
	}
	finding := fmt.Sprintf("%s: %s, not %s", r.Verdict.Phase, r.Got, r.Want)
	return []string{
		varies.ReplaceAllString(finding, "#"),
		fmt.Sprint(r.Covers) + variesMore.ReplaceAllString(finding, "#"),
	}
}

// varies is what differs from run to run: times and addresses. Findings that
// are the same without it are one cause.
var varies = regexp.MustCompile(`\d+(\.\d+)?\s?(ms|s)\b|:\d{4,5}\b|port \d+`)

// variesMore is what differs from scenario to scenario as well: names,
// messages and their lengths. Findings for the same requirements that are the
// same without it are one cause.
var variesMore = regexp.MustCompile(`wanted \d+ bytes?, got \d+|\d+ bytes?\b|"(\\.|[^"\\])*"|` + varies.String())

// named is what differs from scenario to scenario where the same is tried with
// other names and messages.
var named = regexp.MustCompile(`"(\\.|[^"\\])*"|\d+(\.\d+)?`)

// loose is a finding without its names and numbers: good enough to tell which
// failure a blocked scenario comes from, too little to call two failures one.
func loose(r *conformance.Result) string {
	return named.ReplaceAllString(r.Got+", not "+r.Want, "#")
}

// explained gives the id of the result that a blocked one comes from: for a
// message in pieces the whole message, for others a failure with the same
// finding. Empty if there is none.
func explained(s *conformance.Suite, r *conformance.Result) string {
	if r.Outcome != conformance.Blocked {
		return ""
	}
	i := slices.IndexFunc(s.Results, func(other conformance.Result) bool { return explains(&other, r) })
	if i < 0 {
		return ""
	}
	return s.Results[i].ID()
}

func explains(other, r *conformance.Result) bool {
	// What fails after a scenario's own steps fails by them.
	if other.Delivery != conformance.Whole || other.Outcome != conformance.Fail || other.Verdict.Phase == conformance.PhaseThen {
		return false
	}
	inPieces := r.Delivery != conformance.Whole && other.Scenario == r.Scenario
	return inPieces || loose(other) == loose(r)
}

func (p *page) cause(r *conformance.Report, s *conformance.Suite, c *cause) {
	if c.see != "" {
		p.blocked(c)
		return
	}
	p.failure(s, c.first)
	if len(c.same) > 0 {
		p.labelled("same", fmt.Sprintf("in %s:", count(len(c.same), "more scenario")))
		p.below(list(c.same))
	}
	p.again(r, s, c.first)
}

// blocked says which scenarios wait for another to pass.
func (p *page) blocked(c *cause) {
	ids := append([]string{c.first.ID()}, c.same...)
	need := "scenarios need"
	if len(ids) == 1 {
		need = "scenario needs"
	}
	p.hang("blocked  ", fmt.Sprintf("%d %s what fails in %s: mend that first", len(ids), need, c.see))
	p.below(list(ids))
}
