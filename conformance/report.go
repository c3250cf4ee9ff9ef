package conformance

import (
	"slices"
	"time"
)

// ReportSchema names the form of the JSON report.
const ReportSchema = "netproctor/report/v1"

// A Report is the outcome of one grading: a suite for each role graded. Its
// JSON form is published as a schema beside package reports.
type Report struct {
	Schema    string  `json:"schema"`
	Protocol  string  `json:"protocol"`
	Seed      uint64  `json:"seed"`
	Isolation string  `json:"isolation"`
	Elapsed   float64 `json:"elapsed_s"`
	// Stopped says why not all of it was played; empty if it was.
	Stopped string  `json:"stopped,omitempty"`
	Suites  []Suite `json:"suites"`
}

// A Suite is the outcome for one program.
type Suite struct {
	Role         string              `json:"role"`
	Target       string              `json:"target"`
	Score        Score               `json:"score"`
	Elapsed      float64             `json:"elapsed_s"`
	Requirements []RequirementResult `json:"requirements"`
	Results      []Result            `json:"results"`

	// Flags are those of netproctor grade that name this program, for the
	// command that plays one scenario again. Nil if they are not known.
	Flags []string `json:"-"`
}

// A Score counts must requirements: those that were graded, and those of them
// all of whose scenarios passed.
type Score struct {
	Earned   int `json:"earned"`
	Possible int `json:"possible"`
}

// A RequirementResult is what the scenarios of one requirement come to.
type RequirementResult struct {
	ID        string   `json:"id"`
	Level     Level    `json:"level"`
	Source    string   `json:"source"`
	Text      string   `json:"text"`
	Outcome   Outcome  `json:"outcome"`
	Observed  string   `json:"observed,omitempty"`
	Scenarios []string `json:"scenarios"` // those that decided the outcome
}

// A Result is the outcome of one scenario.
type Result struct {
	Scenario string   `json:"scenario"`
	Delivery Delivery `json:"delivery,omitempty"`
	Covers   []string `json:"covers"`
	Outcome  Outcome  `json:"outcome"`
	Elapsed  float64  `json:"elapsed_s"`
	Why      string   `json:"why"`
	Want     string   `json:"want,omitempty"`
	Got      string   `json:"got,omitempty"`
	Hint     string   `json:"hint,omitempty"`
	Observed string   `json:"observed,omitempty"`
	Pos      string   `json:"pos"`            // file:line of the scenario
	Step     string   `json:"step,omitempty"` // the step that decided
	// Reason is why it was skipped, or not played because the same had failed before.
	Reason   string `json:"reason,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	// Transcript is what happened, where the outcome is not a pass.
	Transcript []Event `json:"transcript,omitempty"`

	// Verdict and Played are the whole of it, for writers of reports.
	Verdict Verdict     `json:"-"`
	Played  *Transcript `json:"-"`
}

// ID is the scenario with its delivery: "server/create/stores", or
// "server/create/stores@bytewise".
func (r *Result) ID() string {
	if r.Delivery == Whole {
		return r.Scenario
	}
	return r.Scenario + "@" + string(r.Delivery)
}

// severity orders outcomes, the worst first: a requirement's outcome is the
// worst of its scenarios'.
var severity = []Outcome{Broken, Fail, Blocked, Inconclusive, Pass, Observed, Skip}

// summarize sums results up by requirement.
func summarize(p *Protocol, role string, results []Result) ([]RequirementResult, Score) {
	var list []RequirementResult
	var score Score
	for _, r := range p.Requirements {
		if r.Role() != role {
			continue
		}
		sum, graded := sumUp(r, results)
		if !graded {
			continue
		}
		list = append(list, sum)
		if r.Level == Must && sum.Outcome != Skip {
			score.Possible++
			if sum.Outcome == Pass {
				score.Earned++
			}
		}
	}
	return list, score
}

// sumUp gives a requirement's result; graded is false if no scenario of it was
// chosen.
func sumUp(r Requirement, results []Result) (sum RequirementResult, graded bool) {
	sum = RequirementResult{ID: r.ID, Level: r.Level, Source: r.Source, Text: r.Text, Outcome: Skip}
	worst := len(severity)
	for _, res := range results {
		if !slices.Contains(res.Covers, r.ID) {
			continue
		}
		switch s := slices.Index(severity, res.Outcome); {
		case s < worst:
			worst = s
			sum.Scenarios = []string{res.ID()}
		case s == worst:
			sum.Scenarios = append(sum.Scenarios, res.ID())
		}
		if res.Observed != "" && r.Level == May {
			sum.Observed = res.Observed
		}
	}
	if worst == len(severity) {
		return sum, false
	}
	sum.Outcome = severity[worst]
	return sum, true
}

// Outcomes counts results by outcome.
func (s *Suite) Outcomes() map[Outcome]int {
	n := map[Outcome]int{}
	for _, r := range s.Results {
		n[r.Outcome]++
	}
	return n
}

// ScenarioTime is the sum of the scenarios' own times, in seconds: what the
// suite would take one by one.
func (s *Suite) ScenarioTime() float64 {
	var sum float64
	for _, r := range s.Results {
		sum += r.Elapsed
	}
	return sum
}

// Status is the exit status for a report: 0 if all that is required passed, 1
// for failures, 3 if the harness is at fault, 4 if all that is left is
// inconclusive.
func (r *Report) Status() int {
	status := 0
	for _, s := range r.Suites {
		for _, q := range s.Requirements {
			if q.Level == Must {
				status = worse(status, q.Outcome)
			}
		}
	}
	if status == 0 && r.Stopped != "" {
		return 3
	}
	return status
}

// worse gives the status after one more outcome. A failure is certain, so it
// stands even if the harness broke elsewhere.
func worse(status int, o Outcome) int {
	rank := []int{0, 4, 3, 1}
	next := 0
	switch o {
	case Fail, Blocked:
		next = 1
	case Broken:
		next = 3
	case Inconclusive:
		next = 4
	}
	if slices.Index(rank, next) > slices.Index(rank, status) {
		return next
	}
	return status
}

// round gives seconds with three digits.
func round(d time.Duration) float64 { return float64(d.Round(time.Millisecond)) / float64(time.Second) }
