package main

import (
	"fmt"
	"slices"

	"netproctor/conformance"
	"netproctor/internal/record"
)

// showVerb explains a requirement or a scenario.
type showVerb struct {
	ID       string `arg:"" help:"A requirement such as server.more-msgs, or a scenario such as server/magic/swapped."`
	Protocol string `help:"Only of this protocol." placeholder:"NAME"`
	Seed     uint64 `help:"Seed of the bytes that are shown." default:"1"`
	source   `embed:""`
}

// Run implements the verb.
func (v *showVerb) Run(a *app) error {
	files, err := v.files()
	if err != nil {
		return err
	}
	names := []string{v.Protocol}
	if v.Protocol == "" {
		if names, err = conformance.Protocols(files); err != nil {
			return usage("%w", err)
		}
	}
	var ids []string
	found := false
	for _, name := range names {
		p, err := v.load(name)
		if err != nil {
			return err
		}
		found = v.show(a, p) || found
		ids = append(ids, allIDs(p)...)
	}
	if !found {
		return usage("no requirement or scenario %q%s", v.ID, conformance.DidYouMean(v.ID, ids))
	}
	return nil
}

func allIDs(p *conformance.Protocol) []string {
	var ids []string
	for _, r := range p.Requirements {
		ids = append(ids, r.ID)
	}
	for _, s := range p.Scenarios {
		ids = append(ids, s.ID)
	}
	return slices.Compact(ids)
}

func (v *showVerb) show(a *app, p *conformance.Protocol) bool {
	if r, known := p.Requirement(v.ID); known {
		showRequirement(a, p, r)
		return true
	}
	if s, known := p.Scenario(v.ID); known {
		v.showScenario(a, p, s)
		return true
	}
	return false
}

func showRequirement(a *app, p *conformance.Protocol, r conformance.Requirement) {
	fmt.Fprintf(a.out, "%s: %s (%s)\n", p.Name, r.ID, r.Level)
	fmt.Fprintf(a.out, "  %s\n", r.Text)
	fmt.Fprintf(a.out, "  source     %s, %s\n", p.Source, r.Source)
	for _, id := range covering(p, r) {
		fmt.Fprintf(a.out, "  scenario   %s\n", id)
	}
}

func (v *showVerb) showScenario(a *app, p *conformance.Protocol, s *conformance.Scenario) {
	fmt.Fprintf(a.out, "%s: %s\n  %s\n  declared   %s\n", p.Name, s.ID, s.Why, s.Pos)
	for _, id := range s.Covers {
		r, _ := p.Requirement(id)
		fmt.Fprintf(a.out, "  covers     %s (%s, %s): %s\n", r.ID, r.Level, r.Source, r.Text)
	}
	phase := conformance.Phase("")
	for _, step := range conformance.Preview(s, v.Seed) {
		if step.Phase != phase {
			phase = step.Phase
			fmt.Fprintf(a.out, "\n%s\n", phaseTitle[phase])
		}
		fmt.Fprintf(a.out, "  %s\n", conformance.Source(step.Step))
		showBytes(a, step)
	}
}

// phaseTitle says what a phase is for.
var phaseTitle = map[conformance.Phase]string{
	conformance.PhaseNeeds: "needs: must hold before the rest means anything",
	conformance.PhaseSteps: "steps",
	conformance.PhaseThen:  "then: the program must live on",
}

func showBytes(a *app, step conformance.StepPreview) {
	switch {
	case step.Layout != nil:
		record.Dump(&indent{w: a.out, prefix: "      "}, step.Layout, step.Bytes, nil)
	case len(step.Bytes) > 0:
		fmt.Fprintf(a.out, "      % x\n", step.Bytes[:min(len(step.Bytes), 32)])
	}
}
