package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"

	"netproctor/conformance"
)

// listVerb lists protocols, or one protocol's requirements and scenarios.
type listVerb struct {
	Protocol string `arg:"" optional:"" help:"Which protocol; all if none is given."`
	JSON     bool   `help:"Write JSON."`
	source   `embed:""`
}

// listed is a requirement or a scenario as list --json writes it.
type listed struct {
	ID        string            `json:"id"`
	Level     conformance.Level `json:"level,omitempty"`
	Source    string            `json:"source,omitempty"`
	Text      string            `json:"text,omitempty"`
	Covers    []string          `json:"covers,omitempty"`
	Scenarios []string          `json:"scenarios,omitempty"`
	Why       string            `json:"why,omitempty"`
	Pos       string            `json:"pos,omitempty"`
	Skip      string            `json:"skip,omitempty"`
}

// listedProtocol is one protocol as list --json writes it.
type listedProtocol struct {
	Protocol     string   `json:"protocol"`
	Title        string   `json:"title"`
	Source       string   `json:"source"`
	Params       []string `json:"params"`
	Requirements []listed `json:"requirements"`
	Scenarios    []listed `json:"scenarios"`
}

// Run implements the verb.
func (v *listVerb) Run(a *app) error {
	names := []string{v.Protocol}
	if v.Protocol == "" {
		files, err := v.files()
		if err != nil {
			return err
		}
		if names, err = conformance.Protocols(files); err != nil {
			return usage("%w", err)
		}
	}
	var all []*conformance.Protocol
	for _, name := range names {
		p, err := v.load(name)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	switch {
	case v.JSON:
		return writeList(a, all)
	case v.Protocol == "":
		return listProtocols(a, all)
	}
	return listOne(a, all[0])
}

func writeList(a *app, all []*conformance.Protocol) error {
	list := make([]listedProtocol, len(all))
	for i, p := range all {
		list[i] = describe(p)
	}
	w := json.NewEncoder(a.out)
	w.SetIndent("", "  ")
	w.SetEscapeHTML(false)
	return w.Encode(list)
}

func describe(p *conformance.Protocol) listedProtocol {
	d := listedProtocol{Protocol: p.Name, Title: p.Title, Source: p.Source, Params: []string{}, Requirements: []listed{}, Scenarios: []listed{}}
	for _, q := range p.Params {
		d.Params = append(d.Params, q.Name+"="+q.Value)
	}
	for _, r := range p.Requirements {
		d.Requirements = append(d.Requirements, listed{ID: r.ID, Level: r.Level, Source: r.Source, Text: r.Text, Scenarios: covering(p, r)})
	}
	for _, s := range p.Scenarios {
		d.Scenarios = append(d.Scenarios, listed{ID: s.ID, Covers: s.Covers, Why: s.Why, Pos: s.Pos, Skip: s.Skip})
	}
	return d
}

// covering lists the scenarios that decide a requirement.
func covering(p *conformance.Protocol, r conformance.Requirement) []string {
	var ids []string
	for _, s := range p.Scenarios {
		pieces := s.Pieces && p.Programs[r.Role()].Fragments == r.ID && s.Role() == r.Role()
		switch {
		case slices.Contains(s.Covers, r.ID):
			ids = append(ids, s.ID)
		case pieces:
			ids = append(ids, s.ID+"@*")
		}
	}
	return ids
}

func listProtocols(a *app, all []*conformance.Protocol) error {
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "protocol\trole\trequirements\tscenarios\t")
	for _, p := range all {
		for _, role := range conformance.Roles {
			requirements, scenarios := counts(p, role)
			if scenarios > 0 {
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\n", p.Name, role, requirements, scenarios, p.Title)
			}
		}
	}
	return w.Flush()
}

func counts(p *conformance.Protocol, role string) (requirements, scenarios int) {
	for _, r := range p.Requirements {
		if r.Role() == role {
			requirements++
		}
	}
	for _, s := range p.Scenarios {
		if s.Role() == role {
			scenarios++
		}
	}
	return requirements, scenarios
}

func listOne(a *app, p *conformance.Protocol) error {
	fmt.Fprintf(a.out, "%s: %s\n%s\n", p.Name, p.Title, p.Source)
	for _, q := range p.Params {
		fmt.Fprintf(a.out, "param %s = %s: %s\n", q.Name, q.Value, q.Doc)
	}
	for _, r := range p.Requirements {
		fmt.Fprintf(a.out, "\n%s (%s, %s)\n", r.ID, r.Level, r.Source)
		for _, id := range covering(p, r) {
			fmt.Fprintf(a.out, "    %s\n", id)
		}
	}
	return nil
}
