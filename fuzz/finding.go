package fuzz

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"netproctor/conformance"
)

// A Finding is a mistake of the program under test, with the shortest history
// that shows it. Its JSON form is an entry of findings.json.
type Finding struct {
	ID           string   `json:"id"`
	Kind         Kind     `json:"kind"`
	Requirements []string `json:"requirements"` // those that it breaks
	Signature    string   `json:"signature"`
	Sends        []string `json:"sends"` // what each visit sends, in hexadecimal
	Seed         uint64   `json:"seed"`
	FoundAfter   float64  `json:"found_after_s"` // when it was seen first
	Verified     int      `json:"verified"`      // how many of three fresh programs showed it
	Evidence     string   `json:"evidence"`
	Scenario     string   `json:"scenario"` // the file that plays it
	// Gap is how the first of two visits is sent that stops in the middle; nil for
	// a history of whole ones.
	Gap *Gap `json:"gap,omitempty"`
	// History is what a state machine did, and Actions the same for people.
	History []Action `json:"history,omitempty"`
	Actions []string `json:"actions,omitempty"`
	// Played is the scenario that shows it, of a finding of RunSuite.
	Played *Played `json:"played,omitempty"`
	// Level is what the requirements are worth. A finding breaks one that must
	// be met; of one that should, it is advice.
	Level conformance.Level `json:"level,omitempty"`

	trial   *suiteCase // of a finding of RunSuite
	history []Visit
	allowed [][]byte              // the answers that would have been right to the last visit; nil if that is not known
	played  *conformance.Scenario // what a state machine did
}

// sortInto puts it behind the findings or, where only a should is broken, behind the
// advice, and names it by its place there.
func (x *Finding) sortInto(findings, advice *[]*Finding, prefix string) {
	list, name := findings, prefix+string(x.Kind)
	if x.Level == conformance.Should {
		list, name = advice, "should"
	}
	*list = append(*list, x)
	x.ID = fmt.Sprintf("%s-%d", name, len(*list))
}

// finding makes one of a fault.
func (o *Options) finding(f *fault, history []Visit) *Finding {
	x := &Finding{Kind: f.kind, Signature: f.signature, Evidence: f.evidence, history: history, Requirements: o.requirements(f, history)}
	for _, v := range history {
		x.Sends = append(x.Sends, hex.EncodeToString(v))
	}
	if o.Model == nil {
		return x
	}
	b := belief{{Model: o.Model}}
	for _, v := range history[:len(history)-1] {
		if b = b.any(v); len(b) > mostStates {
			return x
		}
	}
	x.allowed = b.allowed(history[len(history)-1])
	return x
}

// requirements names the requirements that a fault breaks, as far as names tell:
// that of the field which is wrong in the last visit, and that of exceptions.
func (o *Options) requirements(f *fault, history []Visit) []string {
	ids := []string{}
	add := func(name string) {
		id := conformance.Server + "." + strings.ReplaceAll(name, "_", "-")
		if _, known := o.Protocol.Requirement(id); known && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	_, field, _ := strings.Cut(o.about(history[len(history)-1]), ".")
	add(field)
	switch f.kind {
	case Exception:
		add("no-traceback")
	case Leak:
		add("no-leak")
	}
	if f.kind == Exception || f.kind == Crash {
		add("loops")
	}
	return ids
}

// scenario writes the finding as one that grade can play.
func (x *Finding) scenario() *conformance.Scenario {
	if s := x.played; s != nil {
		s.ID, s.Covers = conformance.Server+"/found/"+x.ID, x.Requirements
		return s
	}
	if x.trial != nil {
		s := *x.trial.Scenario
		s.ID, s.Covers, s.Why = s.Role()+"/found/"+x.ID, x.Requirements, "The fuzzer found this: "+x.Signature+"."
		return &s
	}
	s := &conformance.Scenario{
		ID: conformance.Server + "/found/" + x.ID, Covers: x.Requirements,
		Why:   "The fuzzer found this: " + x.Signature + ".",
		Steps: []conformance.Step{&conformance.Start{Run: "main", Listens: true}},
	}
	if x.Gap != nil {
		s.Steps = append(s.Steps, x.Gap.steps("c1", x.history[0])...)
		s.Steps = append(s.Steps, x.expectation("c1")...)
		return s
	}
	for i, v := range x.history {
		conn := fmt.Sprintf("c%d", i+1)
		s.Steps = append(s.Steps, &conformance.Connect{Conn: conn}, &conformance.Send{Conn: conn, What: conformance.Lit(v)},
			&conformance.Close{Conn: conn, How: conformance.HalfClosed})
		if i == len(x.history)-1 {
			s.Steps = append(s.Steps, x.expectation(conn)...)
		}
	}
	return s
}

// steps sends a message that stops in the middle.
func (g *Gap) steps(conn string, message Visit) []conformance.Step {
	steps := []conformance.Step{&conformance.Connect{Conn: conn}}
	if g.Cut > 0 {
		steps = append(steps, &conformance.Send{Conn: conn, What: conformance.Lit(message[:g.Cut])})
	}
	if !g.Resumes {
		return steps
	}
	return append(steps, &conformance.Pause{For: g.Paused}, &conformance.Send{Conn: conn, What: conformance.Lit(message[g.Cut:])},
		&conformance.Close{Conn: conn, How: conformance.HalfClosed})
}

// expectation is what would have been right at the end.
func (x *Finding) expectation(conn string) []conformance.Step {
	var steps []conformance.Step
	if len(x.allowed) == 1 && len(x.allowed[0]) > 0 {
		steps = append(steps, &conformance.Expect{Conn: conn, What: conformance.Lit(x.allowed[0])})
	}
	if len(x.allowed) == 1 {
		end := &conformance.ExpectClose{Conn: conn}
		if x.Gap != nil && !x.Gap.Resumes {
			end.Within = x.Gap.Patient
		}
		steps = append(steps, end)
	}
	if x.Kind == Exception {
		steps = append(steps, &conformance.ExpectNoTraceback{})
	}
	return append(steps, &conformance.ExpectRunning{Run: "main"})
}

// Write puts findings into a folder: findings.json, or advice.json for those of no
// requirement that must be met, and for each of them under found/ a scenario if it breaks a requirement, a program in Python that plays it,
// and what it sends last as a seed for go test -fuzz.
func Write(dir string, findings []*Finding) error {
	found := filepath.Join(dir, "found")
	if err := os.MkdirAll(found, 0o755); err != nil {
		return err
	}
	var errs []error
	for _, x := range findings {
		x.Sends, x.Requirements = append([]string{}, x.Sends...), append([]string{}, x.Requirements...) // a list, if an empty one
		name := filepath.Join(found, x.ID)
		if len(x.Sends) > 0 {
			errs = append(errs, os.WriteFile(name+".seed", []byte(x.seed()), 0o644))
		}
		if x.trial == nil && x.played == nil {
			errs = append(errs, os.WriteFile(name+".py", []byte(x.python()), 0o755))
		}
		if len(x.Requirements) > 0 {
			x.Scenario = filepath.Join("found", x.ID+".star")
			errs = append(errs, os.WriteFile(filepath.Join(dir, x.Scenario), []byte(conformance.Format("../protocol.star", x.scenario())), 0o644))
		}
	}
	advice := slices.DeleteFunc(slices.Clone(findings), func(x *Finding) bool { return x.Level != conformance.Should })
	if len(advice) > 0 {
		errs = append(errs, list(filepath.Join(dir, "advice.json"), advice))
	}
	findings = slices.DeleteFunc(slices.Clone(findings), func(x *Finding) bool { return x.Level == conformance.Should })
	errs = append(errs, list(filepath.Join(dir, "findings.json"), findings))
	return errors.Join(errs...)
}

// list writes findings as one file.
func list(name string, findings []*Finding) error {
	if findings == nil {
		findings = []*Finding{}
	}
	b, err := json.MarshalIndent(findings, "", "  ")
	if err != nil {
		return err
	}
	return replace(name, append(b, '\n'))
}

// replace puts a file in place of another one, or leaves that as it is.
func replace(name string, data []byte) error {
	if err := os.WriteFile(name+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
