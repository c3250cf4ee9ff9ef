package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"netproctor/conformance"
)

// JUnit writes a report as JUnit XML: a testsuite for each program and a
// testcase for each scenario, whose class is the first requirement that it
// covers. Build servers know four outcomes, so ours are mapped: fail is a
// failure, broken an error, and what was not judged (skip, blocked,
// inconclusive) is skipped with the reason.
func JUnit(w io.Writer, r *conformance.Report) error {
	doc := junitSuites{Name: xmlSafe("netproctor " + r.Protocol), Time: junitTime(r.Elapsed)}
	for i := range r.Suites {
		s, err := junitSuiteOf(r, &r.Suites[i])
		if err != nil {
			return err
		}
		doc.Suites = append(doc.Suites, s)
		doc.add(s.junitCounts)
	}
	b, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, b); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		junitCounts
		Time   string       `xml:"time,attr"`
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		Class     string       `xml:"classname,attr"`
		Time      string       `xml:"time,attr"`
		Failure   *junitDetail `xml:"failure"`
		Error     *junitDetail `xml:"error"`
		Skipped   *junitDetail `xml:"skipped"`
		SystemOut *junitText   `xml:"system-out"`
	}
	junitDetail struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		junitText
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
)

func (c *junitCounts) add(d junitCounts) {
	c.Tests += d.Tests
	c.Failures += d.Failures
	c.Errors += d.Errors
	c.Skipped += d.Skipped
}

func junitSuiteOf(r *conformance.Report, s *conformance.Suite) (junitSuite, error) {
	doc := junitSuite{Name: xmlSafe(r.Protocol + " " + s.Role), Time: junitTime(s.Elapsed), Properties: []junitProperty{
		{"target", xmlSafe(s.Target)},
		{"seed", fmt.Sprint(r.Seed)},
		{"isolation", xmlSafe(r.Isolation)},
		{"score", fmt.Sprintf("%d/%d", s.Score.Earned, s.Score.Possible)},
	}}
	for i := range s.Results {
		c, err := junitCaseOf(r, s, &s.Results[i])
		if err != nil {
			return doc, err
		}
		doc.Cases = append(doc.Cases, c)
		doc.count(c)
	}
	return doc, nil
}

func (c *junitCounts) count(t junitCase) {
	c.Tests++
	switch {
	case t.Failure != nil:
		c.Failures++
	case t.Error != nil:
		c.Errors++
	case t.Skipped != nil:
		c.Skipped++
	}
}

func junitCaseOf(r *conformance.Report, s *conformance.Suite, res *conformance.Result) (junitCase, error) {
	c := junitCase{Name: xmlSafe(res.ID()), Time: junitTime(res.Elapsed), Class: s.Role}
	if len(res.Covers) > 0 {
		c.Class = xmlSafe(res.Covers[0])
	}
	detail := &junitDetail{Type: string(res.Outcome), Message: xmlSafe(clean(message(res)))}
	switch res.Outcome {
	case conformance.Pass:
		return c, nil
	case conformance.Observed:
		c.SystemOut = &junitText{xmlSafe(clean("observed: " + res.Observed))}
		return c, nil
	case conformance.Fail:
		c.Failure, detail.Text = detail, xmlSafe(res.Pos+"\n"+res.Why)
	case conformance.Broken:
		c.Error = detail
	default:
		detail.Type = ""
		c.Skipped = detail
	}
	if res.Outcome == conformance.Skip {
		return c, nil
	}
	var text strings.Builder
	err := Failure(&text, r, s, res)
	c.SystemOut = &junitText{xmlSafe("\n" + text.String())}
	return c, err
}

// message is a result that did not pass in one line.
func message(r *conformance.Result) string {
	finding := fmt.Sprintf("wanted %s, got %s", r.Want, r.Got)
	switch r.Outcome {
	case conformance.Skip:
		return r.Reason
	case conformance.Fail, conformance.Broken:
		return finding
	}
	return fmt.Sprintf("%s: %s", r.Outcome, finding)
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

// xmlSafe replaces what XML 1.0 cannot hold, even as a character reference.
func xmlSafe(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
		case r < ' ' || r > 0xD7FF && r < 0xE000 || r == 0xFFFE || r == 0xFFFF:
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
