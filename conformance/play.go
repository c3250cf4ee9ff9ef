package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// PlayOptions say how a scenario is played.
type PlayOptions struct {
	Seed     uint64
	Delivery Delivery
	// Patience multiplies the scenario's waits; 0 means 1. It is the one knob
	// for slow machines. The protocol's own limits are not touched by it.
	Patience float64
	// Calm, if not 0, ends a wait also when no program has had anything to do for
	// so long: for somebody who plays again what does not hold. A program that
	// sleeps before it goes on may look the same.
	Calm time.Duration
	// Lateness gives the harness's own lateness since a moment: see Canary.
	Lateness func(since time.Time) time.Duration
	// Starting is called before a program is started; what it returns is
	// called when the start has calmed down. It keeps starts from crowding.
	Starting func() (calm func())
	// Pausing, if not nil, is called when nothing will be done for a while; what
	// it returns is called when the play goes on, and must not hold it up.
	Pausing func() (over func())
}

// Play performs one scenario in a fresh sandbox of the target. It stops at the
// first step that does not hold. What goes wrong with the harness itself is
// noted in the transcript as Broken.
func Play(ctx context.Context, s *Scenario, role Program, target Target, o PlayOptions) *Transcript {
	p := &player{
		opts:      o,
		role:      role,
		began:     time.Now(),
		view:      newView(),
		changed:   make(chan struct{}),
		closing:   make(chan struct{}),
		live:      map[string]*liveConn{},
		packets:   map[string]net.PacketConn{},
		processes: map[string]Process{},
		ended:     map[string]func(){},
		uncounted: !s.counts(),
		tr:        &Transcript{Scenario: s.ID, Delivery: o.Delivery, Seed: o.Seed},
	}
	p.tr.Began = p.began
	p.tr.Events = make([]Event, 0, eventsPerStep*len(s.all()))
	p.bind = newBinding(p.tr, p.view)
	if err := p.playAll(ctx, s, target); err != nil {
		p.tr.Broken = err.Error()
	}
	p.tr.Took = time.Since(p.began) - p.waited
	p.tr.Lateness = p.slow
	if o.Lateness != nil {
		p.tr.Lateness = max(p.slow, o.Lateness(p.began))
	}
	return p.tr
}

// eventsPerStep is about how many events a step makes: its begin, its end, and
// what happens between them.
const eventsPerStep = 4

// newBinding is what a transcript's expressions depend on.
func newBinding(tr *Transcript, v *view) *binding {
	return &binding{scenario: tr.Scenario, seed: tr.Seed, view: v, values: map[string]string{}, samples: map[Sample][]byte{}, digests: map[string]digest{}}
}

// place sets what {host} and {port} stand for.
func (b *binding) place(text string) {
	b.values["host"], b.values["port"], _ = strings.Cut(text, " ")
}

// A player is the state of one play. The mutex guards what readers of
// connections and of output add to: the transcript and the view.
type player struct {
	opts  PlayOptions
	role  Program
	began time.Time
	bind  *binding
	box   Sandbox
	// waited is how long other starts held this one back: it is no part of
	// the scenario's own time.
	waited time.Duration
	// slow is the longest that a message took to be made, while the program
	// waited for it.
	slow time.Duration

	mu      sync.Mutex
	tr      *Transcript
	view    *view
	changed chan struct{} // closed and renewed with every event
	done    bool          // events that come later are dropped
	signs   int           // events other than the harness's own pauses

	live      map[string]*liveConn
	listeners []liveListener
	stops     []func() // end what watches the network
	files     *os.Root // where programs may write
	closing   chan struct{}
	packets   map[string]net.PacketConn
	processes map[string]Process
	ended     map[string]func() // notes the end of a process, once
	refusals  []uint64          // how many connections had been refused at each start
	uncounted bool              // nobody asks for them, or they cannot be told
	pieces    bool              // this step's messages may be delivered in pieces
	readers   sync.WaitGroup
	bound     sync.WaitGroup // those that read from sockets with a port of their own
}

// A liveListener is a listener that the harness holds.
type liveListener struct {
	net.Listener
	over chan struct{} // closed when nobody accepts from it any more
}

// A liveConn is a connection that the harness holds.
type liveConn struct {
	net.Conn
	how  reading
	sink *sink // takes what comes next; nil while there is none
}

// reading says how a connection is read.
type reading struct {
	slow bool // little at a time, so that the sender must wait
	bulk bool // only so far ahead: see ExpectBulk
}

func (p *player) playAll(ctx context.Context, s *Scenario, target Target) (err error) {
	calm := p.gate()
	p.box, err = target.Open(ctx)
	calm()
	if err != nil {
		return fmt.Errorf("open a sandbox: %w", err)
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if a, fixed := target.(addressed); fixed {
		host, port, _ := net.SplitHostPort(a.Address())
		p.setPlace(host, port)
	} else if err := p.leasePort(ctx); err != nil {
		return err
	}
	for i, step := range s.all() {
		if i > 0 && i == len(s.Needs) && comparesNeeds(s) {
			p.settle(ctx)
		}
		p.pieces = s.Pieces && s.phase(i) == PhaseSteps
		done, err := p.playStep(ctx, i, step, s.phase(i))
		if err != nil || !done {
			return err
		}
	}
	return nil
}

// gate waits until nothing else is being started. The start must be followed
// by a call of what it returns; more calls do no harm.
func (p *player) gate() (calm func()) {
	if p.opts.Starting == nil {
		return func() {}
	}
	at := time.Now()
	calm = p.opts.Starting()
	p.waited += time.Since(at)
	return calm
}

func (p *player) leasePort(ctx context.Context) error {
	if port := p.role.Port; port != 0 {
		at := time.Now()
		if err := p.box.ClaimPort(ctx, port); err != nil {
			return err
		}
		p.waited += time.Since(at)
		p.setPlace("127.0.0.1", strconv.Itoa(port))
		return nil
	}
	port, err := p.box.Port(ctx)
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	p.setPlace("127.0.0.1", strconv.Itoa(port))
	return nil
}

// playStep plays one step and tells whether the next one makes sense.
func (p *player) playStep(ctx context.Context, i int, step Step, ph Phase) (bool, error) {
	p.add(Event{Kind: StepBegin, Step: i, Text: string(ph)})
	if err := step.play(ctx, p); err != nil {
		return false, fmt.Errorf("step %d, %s: %w", i+1, step.star(), err)
	}
	held := p.endStep(i, step)
	if !held {
		p.look(ctx)
	}
	return held, nil
}

// endStep judges a step at the moment of its end. All of it is done under one
// lock, so that the transcript shows Judge just what was seen here.
func (p *player) endStep(i int, step Step) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	end := Event{Kind: StepEnd, Step: i}
	f := step.judge(p.view, p.bind)
	if f.State == Pending {
		end.Text = expired
	}
	p.note(end)
	if f.State == Pending {
		f = step.judge(p.view, p.bind)
	}
	p.view.consume(f)
	return f.State == OK
}

// expired is the Text of a StepEnd whose wait ran out.
const expired = "expired"

// setPlace notes what {host} and {port} stand for.
func (p *player) setPlace(host, port string) {
	p.bind.place(host + " " + port)
	p.add(Event{Kind: Place, Text: host + " " + port})
}

// add notes an event. At is set to now unless the caller read the clock
// before the call that the event tells of.
func (p *player) add(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(e)
}

// note is add for a caller that holds the lock.
func (p *player) note(e Event) {
	if p.done {
		return
	}
	if e.At == 0 {
		e.At = p.now()
	}
	if e.Kind != Paused {
		p.signs++
	}
	p.tr.Events = append(p.tr.Events, e)
	p.view.apply(e, len(p.tr.Events)-1)
	close(p.changed)
	p.changed = make(chan struct{})
}

// act is the clock, and how many events there are, before a call of the
// harness's: see Event.Seen.
func (p *player) act() (at time.Duration, seen int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now(), len(p.tr.Events)
}

// now is the clock that events are stamped with.
func (p *player) now() time.Duration { return max(1, time.Since(p.began)) }

// hold begins to read from a connection: all that comes is noted as it comes.
func (p *player) hold(name string, c net.Conn, how reading) {
	lc := p.keep(name, c, how)
	p.readers.Go(func() { p.read(name, lc) })
}

// keep takes a connection without reading from it.
func (p *player) keep(name string, c net.Conn, how reading) *liveConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	lc := &liveConn{Conn: c, how: how}
	p.live[name] = lc
	return lc
}

// read notes what comes on a connection until it ends.
func (p *player) read(name string, c *liveConn) {
	buf := make([]byte, leastRead)
	for total := 0; total < mostReceived; {
		if c.how.bulk && !p.awaitDemand(name, c) {
			return
		}
		n, err := c.Read(buf)
		total += p.receive(name, c, buf[:n])
		if err != nil {
			p.ends(name, c, err)
			return
		}
		switch {
		case c.how.slow:
			time.Sleep(slowPause)
		case n == len(buf) && n < mostRead:
			buf = make([]byte, mostRead)
		}
	}
}

// receive notes what came, but for what a sink takes, and tells how much was
// noted.
func (p *player) receive(name string, c *liveConn, b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.sink != nil {
		b = b[c.sink.take(b):]
		if c.sink.left == 0 {
			p.drained(name, c)
		}
	}
	if len(b) > 0 {
		p.note(Event{Kind: Received, Conn: name, Data: bytes.Clone(b)})
	}
	return len(b)
}

// ends notes how a connection has ended.
func (p *player) ends(name string, c *liveConn, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case errors.Is(err, io.EOF):
		p.note(Event{Kind: PeerClosed, Conn: name})
	case errors.Is(err, net.ErrClosed):
		return
	default:
		p.note(Event{Kind: PeerReset, Conn: name, Text: err.Error()})
	}
	p.drained(name, c)
}

// awaitDemand waits until more is wanted of a connection than was read ahead,
// and tells whether it will be.
func (p *player) awaitDemand(name string, c *liveConn) bool {
	for {
		p.mu.Lock()
		wanted := c.sink != nil || len(p.view.conns[name].left()) < bulkAhead
		changed := p.changed
		p.mu.Unlock()
		if wanted {
			return true
		}
		select {
		case <-changed:
		case <-p.closing:
			return false
		}
	}
}

// A connection is read so much at a time: little at first, as most answers are
// short and connections many, and much where much comes.
const leastRead, mostRead = 1 << 10, 64 << 10

// mostReceived is how much is read from one connection, in bytes: more than any
// protocol's longest answer, and less than a program that writes without end
// would send.
const mostReceived = 80 << 20

// slowPause lies between the reads of a slow reader: 64 KiB take 80 ms.
const slowPause = 5 * time.Millisecond

// conn gives a connection to act on. It is nil if the program did not take it,
// which the steps that expect something of it will find; a name that no step
// has opened is a fault of the scenario.
func (p *player) conn(name string) (*liveConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.view.conn(name)
	if c == nil {
		return nil, fmt.Errorf("connection %q: %w", name, errNoConn)
	}
	return p.live[c.name], nil
}

// look notes how the programs are, as evidence for a step that does not hold. A
// program that is dying gets the time to say why.
func (p *player) look(ctx context.Context) {
	p.awaitDeath(ctx)
	for name, proc := range p.processes {
		select {
		case <-proc.Done():
			continue
		default:
		}
		if v, err := proc.Vitals(); err == nil {
			p.add(Event{Kind: Vitals, Run: name, Text: v.String()})
		}
	}
}

// dying is for how long a program that fails may still be printing why: a
// dying Python program needs some 200 ms.
const dying = 250 * time.Millisecond

// awaitDeath waits until all programs have ended, or for as long as one may be
// dying. At a first look one that rests is not.
func (p *player) awaitDeath(ctx context.Context) {
	if p.opts.Calm > 0 && p.canRest() && p.rests(ctx) {
		return
	}
	timer := time.NewTimer(dying)
	defer timer.Stop()
	for name, proc := range p.processes {
		select {
		case <-proc.Done():
			p.ended[name]()
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// close ends everything that the play began.
func (p *player) close() error {
	p.mu.Lock()
	p.done = true
	conns := p.live
	p.mu.Unlock()
	close(p.closing)
	for _, stop := range p.stops {
		stop()
	}
	for _, l := range p.listeners {
		l.Close()
	}
	p.bound.Wait() // a port is free when the last call on its socket has returned
	for _, c := range conns {
		c.Close()
	}
	if p.files != nil {
		p.files.Close()
	}
	err := p.box.Close()
	p.readers.Wait()
	if err != nil {
		return fmt.Errorf("close the sandbox: %w", err)
	}
	return nil
}

// String says how a process is, in a line for people.
func (v ProcessVitals) String() string {
	s := fmt.Sprintf("%s, %d ms of CPU used, %s", v.State, v.CPU.Milliseconds(), count(v.Descriptors, "open descriptor"))
	if v.RSS > 0 {
		s += fmt.Sprintf(", %d MiB of memory", v.RSS>>20)
	}
	if v.Syscall != "" {
		s += ", blocked in " + v.Syscall
	}
	return s
}

// refused says in words why a connection could not be made.
func refused(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, context.DeadlineExceeded):
		return noAnswer
	}
	return err.Error()
}

// noAnswer is why a connection was not made if nothing came back at all.
const noAnswer = "no answer to the connection request"
