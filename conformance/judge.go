package conformance

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// An Outcome is what a scenario or a requirement comes to.
type Outcome string

// The outcomes. Blocked: something that it needs failed. Inconclusive: the
// machine was too busy to be sure. Broken: the harness is at fault. Observed:
// a may requirement, with what was seen.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	Inconclusive Outcome = "inconclusive"
	Blocked      Outcome = "blocked"
	Skip         Outcome = "skip"
	Broken       Outcome = "broken"
	Observed     Outcome = "observed"
)

// A Verdict is what Judge makes of one transcript.
type Verdict struct {
	Outcome Outcome
	// Finding is that of the step that decided, Step its place in the order
	// of play and At when it was decided. All zero for a pass.
	Finding Finding
	Step    int
	Phase   Phase
	At      time.Duration
	// Unsure says that the outcome may be the machine's doing: a wait ran
	// out, the harness was late, or a pause was too long.
	Unsure bool
}

// busy is the lateness of the harness from which on a failure is not taken
// for proved: a stall of this size can turn a legal pause into a gap.
const busy = 150 * time.Millisecond

// disturbs tells whether the harness was so late that a finding may be the
// machine's doing. A long wait bears more than a short one.
func (tr *Transcript) disturbs(f Finding) bool {
	return f.State == Invalid || tr.Lateness > max(busy, f.Waited/10)
}

// Judge compares a transcript with its scenario. It does no input or output,
// so that a saved transcript can be judged again. observes says that the
// scenario only records which way the program goes.
func Judge(s *Scenario, tr *Transcript, observes bool) Verdict {
	if tr.Broken != "" {
		return Verdict{Outcome: Broken, Finding: Finding{Want: "a harness that works", Got: tr.Broken}}
	}
	j := &judgement{scenario: s, view: newView(), steps: s.all()}
	j.bind = newBinding(tr, j.view)
	for i, e := range tr.Events {
		if v, decided := j.event(e, i); decided {
			return j.weigh(v, tr, observes)
		}
	}
	if j.held != len(j.steps) {
		return Verdict{Outcome: Broken, Finding: Finding{
			Want: fmt.Sprintf("a transcript of %d steps", len(j.steps)),
			Got:  fmt.Sprintf("one of %d", j.held),
		}}
	}
	return j.weigh(j.conclude(), tr, observes)
}

// A judgement is the state of judging one transcript.
type judgement struct {
	scenario *Scenario
	steps    []Step
	view     *view
	bind     *binding
	held     int // steps that hold
	observed string
}

// event takes the next event and tells whether it decides.
func (j *judgement) event(e Event, order int) (Verdict, bool) {
	j.view.apply(e, order)
	switch e.Kind {
	case Place:
		j.bind.place(e.Text)
	case StepEnd:
		return j.stepEnd(e)
	}
	return Verdict{}, false
}

func (j *judgement) stepEnd(e Event) (Verdict, bool) {
	if e.Step >= len(j.steps) {
		return Verdict{}, false // of another version of the scenario: held tells
	}
	f := j.steps[e.Step].judge(j.view, j.bind)
	if f.State == OK {
		j.view.consume(f)
		j.held++
		if f.Observed != "" {
			j.observed = f.Observed
		}
		return Verdict{}, false
	}
	v := Verdict{Outcome: Fail, Finding: f, Step: e.Step, Phase: j.scenario.phase(e.Step), At: e.At}
	if f.State == Skipped {
		v.Outcome = Skip
	}
	return v, true
}

// conclude judges what no step asked for: bytes that nobody expected.
func (j *judgement) conclude() Verdict {
	for _, name := range slices.Sorted(maps.Keys(j.view.conns)) {
		c := j.view.conns[name]
		if n := len(c.left()); n > 0 && !c.closed {
			return Verdict{Outcome: Fail, Phase: PhaseSteps, Step: len(j.steps) - 1, At: j.view.now, Finding: Finding{
				State: Failed, Want: "no bytes that were not asked for",
				Got:  count(n, "more byte") + " on connection " + c.name,
				Conn: c.name, Bytes: c.left(),
			}}
		}
	}
	return Verdict{Outcome: Pass, Finding: Finding{State: OK, Observed: j.observed}}
}

// weigh turns a failure into what it means: see Outcome.
func (j *judgement) weigh(v Verdict, tr *Transcript, observes bool) Verdict {
	v.Unsure = v.Outcome == Fail && (v.Finding.Late || tr.disturbs(v.Finding))
	switch {
	case observes && v.Outcome == Pass:
		v.Outcome = Observed
	case v.Outcome != Fail:
	case v.Finding.State == Invalid:
		v.Outcome = Inconclusive
	case v.Phase == PhaseNeeds:
		v.Outcome = Blocked
	case observes:
		v.Outcome = Observed
		v.Finding.Observed = "neither: " + v.Finding.Got
	}
	return v
}
