package fuzz

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"

	"netproctor/conformance"
)

// finding makes one of a fault, with the history as a scenario.
func (o *MachineOptions) finding(f *fault, s *stage, history []Action) *Finding {
	x := &Finding{History: history, Kind: f.kind, Signature: f.signature, Evidence: f.evidence, Requirements: []string{}}
	if n := len(s.played); n > 0 { // else it ends by itself
		x.demand(o.Protocol, s.played[n-1].what())
	}
	switch f.kind {
	case Exception:
		x.demand(o.Protocol, "server.no-traceback")
	case Crash:
		x.demand(o.Protocol, "server.loops")
		x.demand(o.Protocol, "server.survives")
	case Leak:
		x.Requirements = []string{noLeak}
	}
	x.Level = o.level(f, s, x)
	for _, p := range s.played {
		if len(p.Turns) > 0 {
			x.Sends = append(x.Sends, hex.EncodeToString(p.Sent()))
			x.history = append(x.history, p.Sent())
		}
		x.Actions = append(x.Actions, p.Action.String())
	}
	x.Actions = runs(x.Actions)
	x.played = &conformance.Scenario{Why: "The fuzzer found this: " + f.signature + ".", Steps: o.steps(s, f)}
	return x
}

// noLeak is the requirement without which a leak is no fault.
const noLeak = "server.no-leak"

// level is what the requirements are worth that a finding breaks. Where none is
// named it is a must.
func (o *MachineOptions) level(f *fault, s *stage, x *Finding) conformance.Level {
	ids := x.Requirements
	if f.kind == Exception && !s.over { // it has only told of it
		ids = []string{"server.no-traceback"}
	}
	if len(ids) == 0 {
		return conformance.Must
	}
	if l := o.Protocol.Strictest(ids); l == conformance.Must {
		return l
	}
	return conformance.Should
}

// runs makes one line of equal ones that follow each other.
func runs(lines []string) (less []string) {
	for i := 0; i < len(lines); {
		n := 1
		for i+n < len(lines) && lines[i+n] == lines[i] {
			n++
		}
		line := lines[i]
		if n > 1 {
			line = fmt.Sprintf("%d × %s", n, line)
		}
		less = append(less, line)
		i += n
	}
	return less
}

// demand notes a requirement that is broken, if there is one of the name.
func (x *Finding) demand(p *conformance.Protocol, id string) {
	if _, known := p.Requirement(id); known && !slices.Contains(x.Requirements, id) {
		x.Requirements = append(x.Requirements, id)
	}
}

// steps writes a history as grade plays it.
func (o *MachineOptions) steps(s *stage, f *fault) []conformance.Step {
	w := &writer{o: o, conns: map[int]string{}, loose: map[int]string{}, named: map[int]string{}, run: "main", sockets: map[int]string{}}
	w.asks = slices.ContainsFunc(s.played, func(p played) bool { return p.datagram() })
	for _, name := range slices.Sorted(maps.Keys(o.Machine.Files)) {
		if len(o.Machine.Files[name]) > mostUnasked && !s.asks(path.Base(name)) {
			continue
		}
		w.add(&conformance.LayFile{Path: conformance.Lit(name), Content: conformance.Lit(o.Machine.Files[name])})
	}
	w.start()
	for i := range s.played {
		w.write(&s.played[i])
	}
	switch {
	case f.kind == Exception:
		w.add(&conformance.ExpectNoTraceback{})
	case f.kind == Answer && len(w.conns)+len(w.sockets) > 0:
		w.quiet()
	}
	w.free()
	w.add(&conformance.ExpectRunning{Run: w.run})
	return w.steps
}

// mostUnasked is how long a file may be that nobody asks for, to be laid out.
const mostUnasked = 256

// asks tells whether some client has sent a name.
func (s *stage) asks(name string) bool {
	return slices.ContainsFunc(s.played, func(p played) bool { return bytes.Contains(p.Sent(), []byte(name)) })
}

// A writer writes played actions as steps.
type writer struct {
	o     *MachineOptions
	steps []conformance.Step
	conns map[int]string // the name of each client's connection
	loose map[int]string // of one of whom nothing is expected
	named map[int]string // also of those that have left
	count int
	run   string

	sockets map[int]string // the name of each client's datagram socket
	asks    bool           // there are some
}

func (w *writer) add(s conformance.Step) { w.steps = append(w.steps, s) }

// start starts the program, which hears datagrams if it is sent any.
func (w *writer) start() {
	s := &conformance.Start{Run: w.run, Listens: true}
	if w.asks {
		s.Datagrams = w.port()
	}
	w.add(s)
}

func (w *writer) port() conformance.Expr {
	return conformance.Lit(strconv.Itoa(w.o.Machine.Datagrams))
}

// ask sends a datagram.
func (w *writer) ask(p *played) {
	conn := w.sockets[p.Client]
	if conn == "" {
		conn = fmt.Sprintf("u%d", len(w.sockets)+1)
		w.sockets[p.Client] = conn
		w.add(&conformance.UDP{Conn: conn})
	}
	to := conformance.Expr(conformance.Variable("host"))
	if p.Deed == Calling {
		to = conformance.Lit(everybody)
	}
	w.add(&conformance.SendDatagram{Conn: conn, What: conformance.Lit(p.Sent()), Host: to, Port: w.port()})
}

// write writes an action and what must come of it. Where more than one thing
// may, and none of them came, nothing is said.
func (w *writer) write(p *played) {
	w.act(p)
	r := p.held
	if r == nil && len(p.allowed) > 0 && !slices.ContainsFunc(p.allowed, func(o Reaction) bool { return o.String() != p.allowed[0].String() }) {
		r = &p.allowed[0]
	}
	if r == nil {
		for _, other := range p.allowed {
			for _, t := range other.Tells {
				w.loosen(t.Client)
			}
		}
		return
	}
	for _, t := range r.inOrder() {
		w.expect(t.Client, *t.Reply, p.names)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Kept)) {
		w.add(&conformance.ExpectFile{Path: conformance.Lit(name), Content: conformance.Lit(r.Kept[name])})
	}
	for _, name := range r.Gone {
		w.add(&conformance.ExpectFile{Path: conformance.Lit(name), Gone: true})
	}
	if r.silent() && p.Deed != Looking {
		w.pause(p)
	}
}

// pause stands for what settle does: it does not know when the program rests.
func (w *writer) pause(p *played) {
	s := &conformance.Pause{For: max(150*time.Millisecond, w.o.Machine.Pause)}
	if p != nil && p.Deed == Sending {
		s.Taken = w.conns[p.Client]
	}
	w.add(s)
}

// mostQuiet is of how many clients quiet speaks: each takes time.
const mostQuiet = 8

// quiet expects that nobody hears more than was to be heard.
func (w *writer) quiet() {
	w.pause(nil)
	for _, n := range slices.Sorted(maps.Keys(w.conns))[:min(len(w.conns), mostQuiet)] {
		w.add(&conformance.ExpectNothing{Conn: w.conns[n], Blank: w.o.Machine.Blank})
	}
	for _, n := range slices.Sorted(maps.Keys(w.sockets)) {
		w.add(&conformance.NoDatagram{Conn: w.sockets[n]})
	}
}

func (w *writer) act(p *played) {
	conn := w.conns[p.Client]
	if conn == "" {
		conn = w.loose[p.Client]
	}
	if conn == "" && slices.Contains([]Deed{Sending, Ending, Leaving, Resetting}, p.Deed) {
		return // the server has closed it
	}
	switch p.Deed {
	case Connecting, Visiting:
		w.count++
		conn = fmt.Sprintf("c%d", w.count)
		w.conns[p.Client], w.named[p.Client] = conn, conn
		delete(w.loose, p.Client)
		w.add(&conformance.Connect{Conn: conn})
		if p.Deed == Visiting {
			w.add(&conformance.Send{Conn: conn, What: conformance.Lit(p.Sent())})
			w.add(&conformance.Close{Conn: conn, How: conformance.HalfClosed})
		}
	case Asking, Calling:
		w.ask(p)
	case Sending:
		w.add(&conformance.Send{Conn: conn, What: conformance.Lit(p.Sent())})
	case Ending:
		w.add(&conformance.Close{Conn: conn, How: conformance.HalfClosed})
	case Leaving:
		w.add(&conformance.Close{Conn: conn, How: conformance.Closed})
		w.forget(p.Client)
	case Resetting:
		w.add(&conformance.Close{Conn: conn, How: conformance.Reset})
		w.forget(p.Client)
	case Laying:
		for name, content := range p.Files() {
			w.add(&conformance.LayFile{Path: conformance.Lit(name), Content: conformance.Lit(content)})
		}
	case Restarting:
		w.free()
		w.add(&conformance.Signal{Run: w.run, Name: "SIGINT"})
		w.add(&conformance.ExpectExit{Run: w.run})
		w.run += "-again"
		w.start()
		clear(w.conns)
		clear(w.loose)
	}
}

// expect writes what a client must hear.
func (w *writer) expect(n int, r Reply, names map[int]string) {
	conn := w.conns[n]
	if socket := w.sockets[n]; socket != "" {
		if r.expects() {
			w.add(&conformance.ExpectDatagram{Conn: socket})
		}
		return
	}
	switch {
	case conn == "": // nothing is said of it, or it has gone
		return
	case r.Steps != nil:
		w.steps = append(w.steps, r.Steps(conn)...)
	case r.Fits != nil || r.Open:
		w.loosen(n)
		return
	case len(r.Want) > 0:
		w.add(&conformance.Expect{Conn: conn, What: addressed(r.Want, names, w.named), Blank: w.o.Machine.Blank})
	}
	if r.End == Closes {
		w.add(&conformance.ExpectClose{Conn: conn})
		delete(w.conns, n)
	}
}

// loosen says of a client that nothing more can be said of it.
func (w *writer) loosen(n int) {
	if conn := w.conns[n]; conn != "" {
		delete(w.conns, n)
		w.loose[n] = conn
	}
}

// forget is a client that has gone.
func (w *writer) forget(n int) {
	delete(w.conns, n)
	delete(w.loose, n)
}

// free closes the connections of which nothing is said: else what came on them
// would have to be expected.
func (w *writer) free() {
	for _, n := range slices.Sorted(maps.Keys(w.loose)) {
		w.add(&conformance.Close{Conn: w.loose[n], How: conformance.Closed})
		w.forget(n)
	}
}

// addressed writes bytes in which addresses of clients stand, which are others
// in each play.
func addressed(b []byte, names, conns map[int]string) conformance.Expr {
	var parts conformance.Concat
	for len(b) > 0 {
		at, who := len(b), -1
		for _, n := range slices.Sorted(maps.Keys(names)) {
			if i := bytes.Index(b, []byte(names[n])); i >= 0 && (i < at || i == at && len(names[n]) > len(names[who])) && conns[n] != "" {
				at, who = i, n
			}
		}
		if at > 0 {
			parts = append(parts, conformance.Lit(b[:at]))
		}
		if who < 0 {
			break
		}
		parts = append(parts, conformance.Address{Conn: conns[who], Part: "ip"}, conformance.Lit(":"), conformance.Address{Conn: conns[who], Part: "port"})
		b = b[at+len(names[who]):]
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}
