package reports

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// columns is how wide a page of text is at most.
const columns = 100

// narrow is how many columns a text has at least, however long its head is.
const narrow = 30

// margin is where the text of a failure begins, right of its labels.
const margin = 9

// A page is text that is being laid out.
type page struct{ strings.Builder }

// writeTo hands the page over in one write.
func (p *page) writeTo(w io.Writer) error {
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// line writes one line as it is.
func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// hang writes head and text behind it, and goes on below the text where it does
// not fit into one line.
func (p *page) hang(head, text string) {
	head = clean(head)
	indent := utf8.RuneCountInString(head)
	for i, part := range wrap(text, max(columns-indent, narrow)) {
		if i > 0 {
			head = strings.Repeat(" ", indent)
		}
		p.line("%s%s", head, part)
	}
}

// labelled writes "  label  text"; nothing if there is no text.
func (p *page) labelled(label, text string) {
	if text != "" {
		p.hang(fmt.Sprintf("  %-*s", margin-2, label), text)
	}
}

// below writes text at the margin.
func (p *page) below(text string) { p.hang(strings.Repeat(" ", margin), text) }

// list is names in one text, the end of a very long one left out.
func list(names []string) string {
	const most = 60
	if extra := len(names) - most; extra > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" … and %d more", extra)
	}
	return strings.Join(names, ", ")
}

// abridge leaves out the end of a very long text.
func abridge(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + " …"
}

// clean shows text of which nothing is known in one line: what is not printable
// is written as in a Go string, so that no byte can move the cursor, change
// colours or turn the direction of writing.
func clean(s string) string {
	if !slices.ContainsFunc([]rune(s), func(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) }) {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, s[0])
		case r == '\t':
			out.WriteString("    ")
		case r == '"', strconv.IsPrint(r):
			out.WriteRune(r)
		default:
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
		s = s[size:]
	}
	return out.String()
}

// wrap cuts text into clean lines of at most so many columns, between words
// where it can. A long text that quotes lines is cut where they end.
func wrap(text string, width int) []string {
	if utf8.RuneCountInString(text) > width {
		text = quotedEnd.ReplaceAllString(text, "$1\n$2")
	}
	var lines []string
	for part := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, fold([]rune(clean(part)), width)...)
	}
	return lines
}

// quotedEnd is the end of a line inside a quoted text that goes on.
var quotedEnd = regexp.MustCompile(`(\\n)([^"])`)

func fold(r []rune, width int) []string {
	var lines []string
	for len(r) > width {
		at := width
		if space := lastSpace(r[:width+1]); space > width/3 {
			at = space
		}
		lines = append(lines, string(r[:at]))
		r = r[at:]
		if r[0] == ' ' {
			r = r[1:]
		}
	}
	return append(lines, string(r))
}

func lastSpace(r []rune) int {
	for i := len(r) - 1; i >= 0; i-- {
		if r[i] == ' ' {
			return i
		}
	}
	return -1
}

// count writes a number of things: "1 scenario", "3 scenarios".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
