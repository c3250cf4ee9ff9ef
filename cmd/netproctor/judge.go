package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"netproctor/conformance"
)

// judgeVerb judges saved transcripts again: after a scenario was mended, or to
// see on one machine what was graded on another.
type judgeVerb struct {
	Protocol string   `arg:"" help:"Which protocol."`
	Files    []string `arg:"" help:"Transcripts that grade --transcripts has saved." type:"existingfile"`
	source   `embed:""`
}

// Run implements the verb.
func (v *judgeVerb) Run(a *app) error {
	p, err := v.load(v.Protocol)
	if err != nil {
		return err
	}
	failed := false
	for _, file := range v.Files {
		verdict, tr, err := judgeFile(p, file)
		if err != nil {
			return usage("%s: %w", file, err)
		}
		failed = failed || verdict.Outcome == conformance.Fail
		fmt.Fprintf(a.out, "%-12s %s", verdict.Outcome, transcriptID(tr))
		if verdict.Outcome != conformance.Pass {
			fmt.Fprintf(a.out, ": wanted %s, got %s", verdict.Finding.Want, verdict.Finding.Got)
		}
		fmt.Fprintln(a.out)
	}
	if failed {
		return errStatus(statusFailed)
	}
	return nil
}

func judgeFile(p *conformance.Protocol, file string) (conformance.Verdict, *conformance.Transcript, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return conformance.Verdict{}, nil, err
	}
	tr := &conformance.Transcript{}
	if err := json.Unmarshal(b, tr); err != nil {
		return conformance.Verdict{}, nil, fmt.Errorf("read a transcript: %w", err)
	}
	s, known := p.Scenario(tr.Scenario)
	if !known {
		return conformance.Verdict{}, nil, fmt.Errorf("a transcript of scenario %q, which %s does not have", tr.Scenario, p.Name)
	}
	return conformance.Judge(s, tr, p.Observes(s)), tr, nil
}

func transcriptID(tr *conformance.Transcript) string {
	return (&conformance.Result{Scenario: tr.Scenario, Delivery: tr.Delivery}).ID()
}

// saveTranscripts writes what happened in every scenario.
func (v *gradeVerb) saveTranscripts(r *conformance.Report) error {
	if v.Transcripts == "" {
		return nil
	}
	for _, s := range r.Suites {
		for _, res := range s.Results {
			if res.Played == nil {
				continue
			}
			file := filepath.Join(v.Transcripts, strings.ReplaceAll(res.ID(), "/", "_")+".json")
			if err := replaceFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(res.Played) }); err != nil {
				return err
			}
		}
	}
	return nil
}
