package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"netproctor/conformance"
)

// A moment is a line of the wire: one event, or several of a kind one close
// behind the other.
type moment struct {
	at    time.Duration
	until time.Duration // the last of the events
	kind  conformance.EventKind
	who   string // the connection or the program run
	data  []byte
	bulk  int // how many bytes, where they were not kept
	times int
	text  string
	// sender is who has sent what was relayed.
	sender string
}

// The wire shows at most so many moments, takes data that comes as close
// together as this for one moment, and leaves out pauses that are shorter.
const (
	mostMoments = 24
	together    = 100 * time.Millisecond
)

// wire writes what happened, with times, from the step that the scenario is
// about. What it needed and got is folded into one line.
func (p *page) wire(r *conformance.Result) {
	from := begin(r)
	names := accepted(r.Transcript)
	before, shown := moments(r.Transcript[:from], names), moments(byTime(r.Transcript[from:]), names)
	if len(shown) == 0 {
		return
	}
	p.labelled("wire", "in seconds since the scenario began; > is what netproctor did, < what the program did")
	if len(before) > 0 {
		p.below(fmt.Sprintf("   …  %s: what the scenario needs works", count(len(before), "earlier event")))
	}
	if extra := len(shown) - mostMoments; extra > 0 {
		shown = shown[extra:]
		p.below(fmt.Sprintf("   …  %s", count(extra, "earlier event")))
	}
	width := 0
	for _, m := range shown {
		width = max(width, utf8.RuneCountInString(m.who))
	}
	for _, m := range shown {
		p.hang(fmt.Sprintf("%*s%6.3f  %s  ", margin, "", m.at.Seconds(), pad(clean(m.who), width)), m.String())
	}
}

// byTime puts events in the order of their times: a pause is noted at its end,
// with the time of its beginning.
func byTime(events []conformance.Event) []conformance.Event {
	return slices.SortedStableFunc(slices.Values(events), func(a, b conformance.Event) int { return cmp.Compare(a.At, b.At) })
}

// begin is the event from which on the transcript matters: where the
// scenario's own steps begin, or all of it if it did not come so far.
func begin(r *conformance.Result) int {
	if r.Verdict.Phase == conformance.PhaseNeeds {
		return 0
	}
	return max(0, slices.IndexFunc(r.Transcript, func(e conformance.Event) bool {
		return e.Kind == conformance.StepBegin && e.Text == string(conformance.PhaseSteps)
	}))
}

// accepted gives the names that connections got when they were accepted, by
// those that they had when they came in.
func accepted(events []conformance.Event) map[string]string {
	names := map[string]string{}
	for _, e := range events {
		if e.Kind == conformance.Accepted {
			names[e.Text] = e.Conn
		}
	}
	return names
}

// moments are the events that show on the wire, data that came or went in
// pieces put together.
func moments(events []conformance.Event, names map[string]string) []moment {
	var list []moment
	for _, e := range events {
		text, shown := said(e)
		if !shown {
			continue
		}
		who := e.Conn + e.Run
		if name := names[e.Conn]; name != "" {
			who = name
		}
		if n := len(list) - 1; n >= 0 && list[n].joins(e, who) {
			list[n].until, list[n].times = e.At, list[n].times+1
			list[n].data = append(list[n].data, e.Data...)
			continue
		}
		list = append(list, moment{at: e.At, until: e.At, kind: e.Kind, who: who, data: slices.Clone(e.Data), bulk: e.N, times: 1, text: text, sender: sender(e)})
	}
	return list
}

// joins tells whether an event goes on with the data of a moment.
func (m *moment) joins(e conformance.Event, who string) bool {
	return carries(e.Kind) && e.N == 0 && m.bulk == 0 && m.kind == e.Kind && m.who == who && m.sender == sender(e) && e.At-m.until <= together
}

// carries tells whether an event of the kind is data on the wire.
func carries(k conformance.EventKind) bool {
	return k == conformance.Sent || k == conformance.Received || k == conformance.Relayed
}

// sender is which of the two programs of a pair has sent what was relayed.
func sender(e conformance.Event) string {
	if e.Kind == conformance.Relayed {
		return e.Text
	}
	return ""
}

// said puts an event into words; shown is false for what is not on the wire.
func said(e conformance.Event) (text string, shown bool) {
	switch e.Kind {
	case conformance.Connected:
		_, peer, _ := strings.Cut(e.Text, " ")
		return "> connect to " + peer, true
	case conformance.NoConnect:
		return "> connect: " + e.Text, true
	case conformance.Listening:
		return "> listen on " + e.Text, true
	case conformance.Incoming:
		_, peer, _ := strings.Cut(e.Text, " ")
		return "< connects, from " + peer, true
	case conformance.Attempted:
		return "< tries to connect to a port where nobody listens", true
	case conformance.Accepted:
		return "> accept the connection", true
	case conformance.Sent:
		return "> send", true
	case conformance.Drained:
		return fmt.Sprintf("< %s, not kept", count(e.N, "byte")), true
	case conformance.SendFailed:
		return "> send fails: " + e.Text, true
	case conformance.Received:
		return "<", true
	case conformance.PeerClosed:
		return "< closes the connection (FIN)", true
	case conformance.PeerReset:
		return "< resets the connection (RST)", true
	case conformance.HalfClosed:
		return "> end what is sent (half-close)", true
	case conformance.Closed:
		return "> close", true
	case conformance.Reset:
		return "> reset (RST)", true
	}
	return saidOfRelay(e)
}

func saidOfRelay(e conformance.Event) (text string, shown bool) {
	switch e.Kind {
	case conformance.Relayed:
		return "< " + e.Text + " sends", true
	case conformance.ServerClosed:
		return "< server closes the connection (FIN)", true
	case conformance.ServerReset:
		return "< server resets the connection (RST)", true
	case conformance.NoServer:
		return "> connect to the server: " + e.Text, true
	}
	return saidOfPacket(e)
}

func saidOfPacket(e conformance.Event) (text string, shown bool) {
	switch e.Kind {
	case conformance.PacketOpened:
		return "> open a datagram socket on " + e.Text, true
	case conformance.PacketSent:
		return fmt.Sprintf("> datagram of %s to %s: %s", count(len(e.Data), "byte"), e.Text, excerpt(e.Data)), true
	case conformance.PacketFailed:
		return "> datagram cannot be sent: " + e.Text, true
	case conformance.PacketReceived:
		from, to, _ := strings.Cut(e.Text, " ")
		if to != "" {
			to = " to " + to
		}
		return fmt.Sprintf("< datagram of %s from %s%s: %s", count(len(e.Data), "byte"), from, to, excerpt(e.Data)), true
	}
	return saidOfProgram(e)
}

func saidOfProgram(e conformance.Event) (text string, shown bool) {
	switch e.Kind {
	case conformance.Paused:
		return fmt.Sprintf("> pause of %.3f s", e.Took.Seconds()), e.Took >= together
	case conformance.Started:
		return "> start the " + cmp.Or(e.Text, "program"), true
	case conformance.NoStart:
		return "> start the program: " + e.Text, true
	case conformance.Bound:
		return "< listens on " + e.Text, true
	case conformance.Typed:
		return "> type " + excerpt(e.Data), true
	case conformance.Exited:
		return "< ends: " + e.Text, true
	case conformance.Descriptors:
		return fmt.Sprintf("> count descriptors: %d open (%s)", e.N, e.Text), true
	case conformance.Memory:
		return fmt.Sprintf("> measure memory: %d MiB at its fullest (%s)", e.N>>20, e.Text), e.N > 0
	case conformance.Segment:
		return fmt.Sprintf("  segment with %s, from %s", count(e.N, "byte"), strings.Replace(e.Text, " ", " to ", 1)), true
	case conformance.NoCapture:
		return "> capture packets: " + e.Text, true
	case conformance.FileSeen:
		return fmt.Sprintf("> look at file %s: %s", e.Text, count(e.N, "byte")), true
	case conformance.NoFile:
		return fmt.Sprintf("> look at file %s: it %s", e.Text, e.Data), true
	case conformance.FolderNoted, conformance.FolderSeen:
		names := strings.FieldsFunc(string(e.Data), func(r rune) bool { return r == '/' })
		return fmt.Sprintf("> look at folder %s: %s", e.Text, count(len(names), "file")), true
	case conformance.Signalled:
		return "> signal " + e.Text, true
	case conformance.StepEnd:
		return "  the time to wait is over", e.Text != ""
	}
	return "", false
}

// String says what happened at the moment.
func (m moment) String() string {
	if !carries(m.kind) {
		return m.text
	}
	pieces := ""
	if m.times > 1 {
		pieces = fmt.Sprintf(" in %d pieces until %.3f", m.times, m.until.Seconds())
	}
	if m.bulk > 0 {
		return fmt.Sprintf("%s %s", m.text, count(m.bulk, "byte"))
	}
	return fmt.Sprintf("%s %s%s: %s", m.text, count(len(m.data), "byte"), pieces, excerpt(m.data))
}

// excerpt shows the beginning of some bytes: as text if they are text, else
// in hexadecimal.
func excerpt(b []byte) string {
	const mostText, mostHex = 60, 12
	if readable(b) {
		if len(b) <= mostText {
			return strconv.Quote(string(b))
		}
		return strconv.Quote(string(b[:mostText])) + " …"
	}
	if len(b) <= mostHex {
		return fmt.Sprintf("% x", b)
	}
	return fmt.Sprintf("% x …", b[:mostHex])
}

// readable tells whether bytes are ASCII text.
func readable(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c != '\n' && c != '\r' && c != '\t' && (c < ' ' || c > '~') })
}
