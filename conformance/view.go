package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A view is what is known at one moment of a play: the sum of the events so
// far. Play keeps one while it waits, and Judge builds the same one from a
// transcript; both see a program through nothing else.
type view struct {
	now     time.Duration // of the last event
	expired bool          // the current wait ran out
	begun   time.Duration // when the current step began
	step    int
	phase   Phase
	paused  time.Duration // the last pause in the current step
	sends   int           // writes in the current step

	conns    map[string]*connView
	sockets  map[string]*socketView
	relays   map[string]string // where relays listen, by name
	incoming []string          // connections that came in, in order; an accepted one is renamed
	taken    int               // how many of incoming were accepted
	attempts int               // connections that were tried where nobody listens
	runs     []*runView        // in the order of their starts
	counts   map[string]int    // descriptors by label
	memory   map[string]int    // bytes of memory by label
	files    map[string]fileView
	segments []segment // those with data in them, in the order of the wire
	folders  map[string]folderView
	phases   map[Phase]span // what was printed in which phase
	typed    int            // the event of the last line that was typed to any run
	observed string         // the case of the last either that held

	uncaptured string // why there are no segments to be seen
}

// A connView is one connection as the harness sees it.
type connView struct {
	name          string
	local, remote string
	refused       string        // why it could not be made
	opened        time.Duration // the clock before connect, or when it came in
	order         int           // the event that opened it
	acted         int           // the event of the harness's last act on it
	// stimulus is the clock before the harness's last act on it: nothing that
	// the program does in answer can have begun earlier.
	stimulus time.Duration
	sent     int    // how many bytes the harness has sent
	data     []byte // all that was received
	chunks   []chunk
	used     int // how much of data an expectation has consumed
	ended    bool
	reset    bool
	endedAt  time.Duration
	drained  *digest // what the last bulk expectation has got
	blank    string  // bytes that do not count between what is expected
	sendErr  string
	closed   bool // by the harness
}

// A fileView is a file as the harness saw it last.
type fileView struct {
	missing string // why there is none; empty if there is one
	digest  digest
}

// A chunk is where one read's bytes begin, and when they came.
type chunk struct {
	at   time.Duration
	from int
}

// A runView is one program run as the harness sees it.
type runView struct {
	name    string
	started time.Duration
	order   int    // the event that started it
	failed  string // why it could not be started
	bound   string // the addresses it listens on; empty while none
	output  []printed
	stream  string // that of the last output
	exited  bool
	exit    Event
	idled   Event
	awaits  bool // it waited for input at the last look
	typed   int  // the event of the last line that was typed to it
}

// A printed is a piece of output, or with typed set the place where a line was
// typed.
type printed struct {
	at    time.Duration
	order int // among all events
	data  []byte
	typed bool
}

// A span is a range of event numbers.
type span struct{ from, to int }

func newView() *view {
	return &view{
		conns:   map[string]*connView{},
		sockets: map[string]*socketView{},
		relays:  map[string]string{},
		counts:  map[string]int{},
		memory:  map[string]int{},
		files:   map[string]fileView{},
		folders: map[string]folderView{},
		phases:  map[Phase]span{},
	}
}

// conn gives the connection of that name, or nil.
func (v *view) conn(name string) *connView { return v.conns[name] }

// run gives the program run of that name; an empty one if it was not started.
func (v *view) run(name string) *runView {
	if i := v.runIndex(name); i >= 0 {
		return v.runs[i]
	}
	return &runView{name: name}
}

func (v *view) runIndex(name string) int {
	return slices.IndexFunc(v.runs, func(r *runView) bool { return r.name == name })
}

// consume takes what a finding used from its connection, and remembers which
// way the program went.
func (v *view) consume(f Finding) {
	if f.Observed != "" {
		v.observed = f.Observed
	}
	if c := v.conn(f.Conn); c != nil {
		c.used = len(c.data) - len(c.left()) + f.use
		c.blank = f.blank
	}
	if s := v.socket(f.Conn); s != nil {
		s.consume(f.use)
	}
}

// left is what was received and not yet consumed.
func (c *connView) left() []byte { return trimBlank(c.data[c.used:], c.blank) }

// trimBlank leaves out the bytes that do not count at the beginning.
func trimBlank(b []byte, blank string) []byte {
	if blank == "" {
		return b
	}
	return bytes.TrimLeft(b, blank)
}

// closing says how the peer ended the connection.
func (c *connView) closing() string {
	switch {
	case c.reset:
		return "reset (RST)"
	case c.ended:
		return "closed (FIN)"
	}
	return "open"
}

// amount says how much has come that nothing has consumed.
func (c *connView) amount() string {
	if len(c.left()) == 0 {
		return "nothing"
	}
	return count(len(c.left()), "byte")
}

// cut says how the connection ended before all had come.
func (c *connView) cut() string {
	return fmt.Sprintf("%s, then the connection was %s", c.amount(), c.end(c.stimulus))
}

// end says how the connection ended, and how long after a moment.
func (c *connView) end(since time.Duration) string {
	if c.endedAt < since {
		return fmt.Sprintf("%s %s before the harness had sent all", c.closing(), seconds(since-c.endedAt))
	}
	return fmt.Sprintf("%s after %s", c.closing(), seconds(c.endedAt-since))
}

// apply adds the order-th event of a play.
func (v *view) apply(e Event, order int) {
	v.now = max(v.now, e.At)
	if e.Seen > 0 {
		order = e.Seen
	}
	if e.Run != "" {
		v.applyRun(e, order)
		return
	}
	switch e.Kind {
	case StepBegin:
		v.step, v.begun, v.expired = e.Step, e.At, false
		v.sends, v.paused = 0, 0
		v.enter(Phase(e.Text), order)
	case StepEnd:
		v.expired = e.Text == expired
	case Accepted:
		v.accept(e.Conn, e.Text)
	case Attempted:
		v.attempts = e.N
	case Listening:
		v.relays[e.Conn] = e.Text
	case Paused:
		v.paused = e.Took
	case FileSeen:
		v.files[e.Text] = fileView{digest: digestOf(e)}
	case Segment:
		v.segments = append(v.segments, newSegment(e))
	case NoCapture:
		v.uncaptured = e.Text
	case NoFile:
		v.files[e.Text] = fileView{missing: string(e.Data)}
	case FolderNoted, FolderSeen:
		v.applyFolder(e)
	case PacketOpened, PacketSent, PacketFailed, PacketReceived:
		v.applySocket(e, order)
	default:
		v.applyConn(e, order)
	}
}

// enter notes that a phase begins at the order-th event, or goes on.
func (v *view) enter(ph Phase, order int) {
	if prev, ok := v.phases[v.phase]; ok {
		prev.to = order
		v.phases[v.phase] = prev
	}
	if _, known := v.phases[ph]; !known {
		v.phases[ph] = span{order, math.MaxInt}
	}
	if v.phase != ph {
		v.phase = ph
	}
}

// accept gives the connection that came in as from its name.
func (v *view) accept(name, from string) {
	if c := v.conns[from]; c != nil {
		v.taken++
		v.conns[name] = c
	}
}

func (v *view) applyConn(e Event, order int) {
	c := v.conns[e.Conn]
	switch e.Kind {
	case Connected, Incoming, NoConnect:
		v.open(e, order)
		return
	}
	if c == nil {
		return
	}
	switch e.Kind {
	case Sent:
		c.stimulus, c.acted = e.At, order
		c.sent += max(len(e.Data), e.N)
		v.sends++
	case SendFailed:
		c.sendErr = e.Text
	case HalfClosed:
		c.stimulus, c.acted = e.At, order
	case Received:
		c.chunks = append(c.chunks, chunk{e.At, len(c.data)})
		c.data = append(c.data, e.Data...)
	case Draining:
		c.used = len(c.data) - len(c.left()) + e.N
		c.drained = nil
	case Drained:
		d := digestOf(e)
		c.drained = &d
	case PeerClosed, PeerReset:
		c.ended, c.reset, c.endedAt = true, e.Kind == PeerReset, e.At
	case Closed, Reset:
		c.closed = true
	}
}

func (v *view) open(e Event, order int) {
	c := &connView{name: e.Conn, opened: e.At, stimulus: e.At, order: order, acted: order}
	v.conns[e.Conn] = c
	switch e.Kind {
	case NoConnect:
		c.refused = e.Text
		return
	case Incoming:
		v.incoming = append(v.incoming, e.Conn)
	}
	c.local, c.remote, _ = strings.Cut(e.Text, " ")
}

func (v *view) applyRun(e Event, order int) {
	r := v.run(e.Run)
	switch e.Kind {
	case Started:
		v.begin(&runView{name: e.Run, started: e.At, order: order})
	case NoStart:
		r.failed = e.Text
	case Bound:
		r.bound = e.Text
	case Printed:
		r.output = append(r.output, printed{at: e.At, order: order, data: r.apart(e)})
		r.stream = e.Text
	case Typed:
		r.awaits, r.typed, v.typed = false, order, order
		r.output = append(r.output, printed{at: e.At, order: order, data: e.Data, typed: true})
	case AwaitsInput:
		r.awaits = true
	case Idled:
		r.idled = e
	case Exited:
		r.exited, r.exit = true, e
	case Descriptors:
		v.counts[e.Text] = e.N
	case Memory:
		v.memory[e.Text] = e.N
	}
}

// begin adds a program run, in place of an earlier one of that name.
func (v *view) begin(r *runView) {
	if i := v.runIndex(r.name); i >= 0 {
		v.runs = slices.Delete(v.runs, i, i+1)
	}
	v.runs = append(v.runs, r)
}

// apart gives what was printed. What comes on standard error begins a line of its
// own, whatever prompt stands before it on standard output.
func (r *runView) apart(e Event) []byte {
	if e.Text == "stderr" && r.stream == "stdout" && r.inLine() {
		return append([]byte("\n"), e.Data...)
	}
	return e.Data
}

// inLine tells whether the last line of the output has no end yet.
func (r *runView) inLine() bool {
	for _, p := range slices.Backward(r.output) {
		if !p.typed && len(p.data) > 0 {
			return p.data[len(p.data)-1] != '\n'
		}
	}
	return false
}

// server is the address at which the program takes connections: what its
// listening socket says, or loopback where it listens on every address.
func (v *view) server(values map[string]string) string {
	port := values["port"]
	for _, r := range v.runs {
		for _, a := range strings.Fields(r.bound) {
			ap, err := netip.ParseAddrPort(a)
			if err == nil && strconv.Itoa(int(ap.Port())) == port && !ap.Addr().IsUnspecified() {
				return a
			}
		}
	}
	for _, r := range v.runs {
		if strings.HasPrefix(r.bound, "[::]") {
			return net.JoinHostPort("localhost", port)
		}
	}
	return net.JoinHostPort(values["host"], port)
}

// ends says that the program has ended, if it has, to be put behind what was
// seen of it on the wire.
func (v *view) ends() string {
	if r := v.lastRun(); r != nil && r.exited {
		return "; the program has ended: " + r.exit.Text
	}
	return ""
}

// lastRun is the program run that was started last, or nil.
func (v *view) lastRun() *runView {
	if len(v.runs) == 0 {
		return nil
	}
	return v.runs[len(v.runs)-1]
}

// errNoConn is what a step says of a connection that was never made.
var errNoConn = errors.New("no such connection")
