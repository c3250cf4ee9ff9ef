package reports

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

	"netproctor/conformance"
)

// Schema is the JSON Schema of what JSON writes.
//
//go:embed schema/report-v1.json
var Schema string

// How much of the bytes of a transcript is written: of one event, of all events
// of a result together, and of an event when that is used up.
const (
	eventData  = 4 << 10
	resultData = 64 << 10
	leastData  = 32
)

// JSON writes a report for other programs. Long data in transcripts is cut, so
// that a failure over many megabytes makes no huge report.
func JSON(w io.Writer, r *conformance.Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(written(r)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// The written forms put their last field in place of the one of that name
// that they embed.
type (
	writtenReport struct {
		*conformance.Report
		Suites []writtenSuite `json:"suites"`
	}
	writtenSuite struct {
		*conformance.Suite
		Requirements []conformance.RequirementResult `json:"requirements"`
		Results      []writtenResult                 `json:"results"`
	}
	writtenResult struct {
		*conformance.Result
		Covers     []string       `json:"covers"`
		Transcript []writtenEvent `json:"transcript,omitempty"`
	}
	writtenEvent struct {
		*conformance.Event
		Data []byte `json:"data,omitempty"`
		// Length is the whole length of data that was cut.
		Length int `json:"data_length,omitempty"`
	}
)

func written(r *conformance.Report) writtenReport {
	w := writtenReport{Report: r, Suites: []writtenSuite{}}
	for i := range r.Suites {
		s := writtenSuite{Suite: &r.Suites[i], Requirements: []conformance.RequirementResult{}, Results: []writtenResult{}}
		for _, q := range r.Suites[i].Requirements {
			q.Scenarios = filled(q.Scenarios)
			s.Requirements = append(s.Requirements, q)
		}
		for k := range r.Suites[i].Results {
			s.Results = append(s.Results, writeResult(&r.Suites[i].Results[k]))
		}
		w.Suites = append(w.Suites, s)
	}
	return w
}

func writeResult(r *conformance.Result) writtenResult {
	w := writtenResult{Result: r, Covers: filled(r.Covers)}
	left := resultData
	for i := range r.Transcript {
		e := writtenEvent{Event: &r.Transcript[i], Data: r.Transcript[i].Data}
		if most := max(leastData, min(eventData, left)); len(e.Data) > most {
			e.Length, e.Data = len(e.Data), e.Data[:most]
		}
		left -= len(e.Data)
		w.Transcript = append(w.Transcript, e)
	}
	return w
}

// filled gives an empty list in place of none, which JSON would write as null.
func filled(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
