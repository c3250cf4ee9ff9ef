package reports_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/reports"
)

// junit is what a build server reads.
type junit struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Suites   []struct {
		Name  string `xml:"name,attr"`
		Tests int    `xml:"tests,attr"`
		Cases []struct {
			Name    string  `xml:"name,attr"`
			Class   string  `xml:"classname,attr"`
			Time    float64 `xml:"time,attr"`
			Failure *detail `xml:"failure"`
			Error   *detail `xml:"error"`
			Skipped *detail `xml:"skipped"`
			Out     string  `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type detail struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func readJUnit(t *testing.T, b []byte) junit {
	t.Helper()
	var doc junit
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = true
	require.NoError(t, d.Decode(&doc))
	end, err := d.Token()
	require.NoError(t, err)
	require.Equal(t, xml.CharData("\n"), end)
	_, err = d.Token()
	require.ErrorIs(t, err, io.EOF, "nothing may follow")
	return doc
}

func TestJUnitOutcomes(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, reports.JUnit(&out, built()))
	doc := readJUnit(t, out.Bytes())
	require.Equal(t, []int{9, 3, 1, 3}, []int{doc.Tests, doc.Failures, doc.Errors, doc.Skipped})
	require.Len(t, doc.Suites, 1)
	require.Equal(t, "mailbox client", doc.Suites[0].Name)

	cases := doc.Suites[0].Cases
	require.Equal(t, "client/closes/read", cases[0].Name)
	require.Equal(t, "client.closes", cases[0].Class)
	require.Equal(t, 0.125, cases[0].Time)
	require.Empty(t, cases[0].Out)
	require.Contains(t, cases[1].Failure.Message, "wanted another prompt, got ")
	require.Contains(t, cases[1].Out, "fail   client/prompt/empty")
	require.Contains(t, cases[2].Skipped.Message, "inconclusive: ")
	require.Contains(t, cases[3].Error.Message, "too many open files")
	require.Contains(t, cases[4].Out, "the receiver first")
	require.Contains(t, cases[5].Skipped.Message, "blocked: ")
	require.Equal(t, "not run: stopped before it", cases[8].Skipped.Message)
}

func TestJUnitNamesAreUnique(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, reports.JUnit(&out, played(t, greeter{oneRead: true})))
	seen := map[string]bool{}
	for _, c := range readJUnit(t, out.Bytes()).Suites[0].Cases {
		require.False(t, seen[c.Name], c.Name)
		seen[c.Name] = true
	}
	require.Len(t, seen, 11)
}

func TestJUnitHoldsAnyBytes(t *testing.T) {
	res := result("server/a/"+nasty, "server.a"+nasty, conformance.Fail, nasty, nasty)
	res.Why, res.Pos, res.Step, res.Hint = nasty, nasty, nasty, nasty
	res.Transcript = []conformance.Event{
		{Kind: conformance.Printed, Text: nasty, Data: []byte(nasty)},
		{Kind: conformance.Received, Conn: nasty, Data: []byte(nasty)},
		{Kind: conformance.Exited, Run: nasty, Text: nasty},
	}
	skip := conformance.Result{Scenario: "b", Outcome: conformance.Skip, Reason: nasty}
	seen := conformance.Result{Scenario: "c", Outcome: conformance.Observed, Observed: nasty}
	r := &conformance.Report{Protocol: nasty, Isolation: nasty, Suites: []conformance.Suite{{
		Role: nasty, Target: nasty, Results: []conformance.Result{res, skip, seen},
	}}}
	var out bytes.Buffer
	require.NoError(t, reports.JUnit(&out, r))
	doc := readJUnit(t, out.Bytes())
	require.Equal(t, 3, doc.Tests)
	require.Contains(t, doc.Suites[0].Cases[0].Out, "]]>")
	require.NotContains(t, out.String(), "\x1b")

	out.Reset()
	require.NoError(t, reports.Text(&out, r))
	requireHarmless(t, out.String())
}

func TestJUnitGolden(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, reports.JUnit(&out, played(t, greeter{crashes: true})))
	readJUnit(t, out.Bytes())
	golden(t, "crashes.xml", out.Bytes())
}
