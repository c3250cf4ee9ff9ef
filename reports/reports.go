// Package reports writes what a grading came to, for people and for other
// programs.
//
// Every format is a function from a report to a writer and stands in a file of
// its own; Formats is the table of them. All of them read a finished
// conformance.Report: they hold no opinion, and nothing flows back from here.
//
// Text is for graders and students. It shows each cause once, with the bytes
// field by field and the wire with times. JSON is the contract with other
// programs, published as a schema. JUnit is what build servers read.
//
// A program under test can print anything and send anything, so no format
// passes its bytes on as they are.
package reports

import (
	"io"
	"slices"

	"netproctor/conformance"
)

// A Format is one way to write a report.
type Format struct {
	Name  string // as in --report NAME=FILE
	Write func(w io.Writer, r *conformance.Report) error
	Doc   string // one line for people
}

// Formats are all formats. To add one, add its file and its line here.
var Formats = []Format{
	{"text", Text, "for people: each failure with its bytes, the wire and the program's output"},
	{"json", JSON, "for programs: everything, as " + conformance.ReportSchema},
	{"junit", JUnit, "for build servers: JUnit XML"},
}

// ByName finds a format.
func ByName(name string) (Format, bool) {
	i := slices.IndexFunc(Formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}
