package fuzz

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"netproctor/conformance"
)

// A player plays actions of a state machine on a server that runs on, with system
// calls that block, from one thread. It is a stage without patience: what it
// takes for a fault must be shown by a stage before it is one.
type player struct {
	ctx   context.Context
	m     *Machine
	p     *program
	w     sockets
	root  *os.Root
	limit time.Duration // for what has to come
	// careful has it wait for rest wherever nobody is told anything.
	careful bool

	belief    []State
	speakers  []*speaker // by number
	unsettled int        // who did last what nobody was told of; -1: nobody
	played    played     // the last action
	told      int        // actions that were heard of
	stays     int        // how often the server did not close a connection; see closing
	allowed   []Reaction // room for those of more than one state
	ask, call *unix.RawSockaddrInet4
}

// newPlayer makes one for a program that has just been started.
func newPlayer(ctx context.Context, m *Machine, p *program, limit time.Duration) *player {
	box, _ := p.box.(conformance.Direct)
	c := &player{ctx: ctx, m: m, p: p, limit: limit, belief: []State{m.Start}, unsettled: -1}
	c.w.direct = *newDirect(box, p.address)
	c.ask = rawAddress([4]byte{127, 0, 0, 1}, m.Datagrams)
	c.call = rawAddress([4]byte{255, 255, 255, 255}, m.Datagrams)
	return c
}

func (c *player) close() {
	for _, s := range c.speakers {
		if s != nil && s.fd >= 0 {
			_ = unix.Close(s.fd)
		}
	}
	c.w.close()
	if c.root != nil {
		c.root.Close()
	}
}

// mostSpeakers is how many clients there are at once, at most.
const mostSpeakers = 256

// speaker gives the client of a number, or nil.
func (c *player) speaker(n int) *speaker {
	if n < 0 || n >= mostSpeakers {
		return nil
	}
	for n >= len(c.speakers) {
		c.speakers = append(c.speakers, nil)
	}
	if c.speakers[n] == nil {
		c.speakers[n] = &speaker{number: n, fd: -1}
	}
	return c.speakers[n]
}

// play plays a history up to a fault.
func (c *player) play(history []Action) *fault {
	for i := range history {
		a := history[i]
		times := a.times()
		a.Times = 0
		for range times {
			if f := c.step(a); f != nil {
				return f
			}
			if a.Deed == Connecting {
				a.Client++
			}
		}
	}
	return c.end()
}

// step does one action, turn by turn.
func (c *player) step(a Action) *fault {
	if a.Deed != Sending || len(a.Turns) == 1 {
		return c.do(a)
	}
	turns := a.Turns
	for i := range turns {
		a.Turns = turns[i : i+1]
		if f := c.do(a); f != nil {
			return f
		}
	}
	return nil
}

// do does an action that is possible, and judges what comes of it.
func (c *player) do(a Action) *fault {
	s := c.speaker(a.Client)
	for _, st := range c.belief {
		if s == nil || !st.Can(a) {
			return nil
		}
	}
	if len(c.belief) > mostBeliefs || c.ctx.Err() != nil {
		return nil
	}
	c.settle(&a)
	call := call{ctx: c.ctx, limit: c.limit, until: time.Now().Add(c.limit)}
	c.played = played{Action: a}
	if why := c.act(&call, s, &a); why != "" {
		return &fault{Hang, "no connection", why}
	}
	c.played.At = a.At
	if len(c.belief) == 1 {
		c.played.allowed = c.belief[0].Apply(a)
	} else {
		c.allowed = c.allowed[:0]
		for _, st := range c.belief {
			c.allowed = append(c.allowed, st.Apply(a)...)
		}
		c.played.allowed = c.allowed
	}
	f := c.await(&call, s)
	if f == nil && c.p.suspicious.Load() {
		f = &fault{Exception, "exception", ""}
	}
	return f
}

// act does what the action says; why says why there was no connection.
func (c *player) act(call *call, s *speaker, a *Action) (why string) {
	switch a.Deed {
	case Connecting, Visiting:
		if s.there {
			c.hangUp(s)
		}
		*s = speaker{number: s.number, fd: -1, client: client{heard: s.heard[:0]}}
		if err := c.w.connect(call, s); err != nil {
			return "no connection: " + err.Error()
		}
		s.there = true
		if a.Deed == Visiting {
			c.w.write(call, s, a.sent())
			c.halfClose(s)
		}
	case Sending:
		if s.there {
			c.w.write(call, s, a.Turns[0])
		}
	case Ending:
		c.halfClose(s)
	case Leaving:
		c.leave(call, s)
	case Resetting:
		if s.there {
			s.there = false
			c.w.give(s) // which resets what has not ended
		}
	case Asking, Calling:
		if !s.datagram {
			*s = speaker{number: s.number, client: client{datagram: true}}
			if err := c.w.openDatagram(c.ctx, s); err != nil {
				return "no datagram socket: " + err.Error()
			}
		}
		to := c.ask
		if a.Deed == Calling {
			to = c.call
		}
		c.w.send(s, a.Turns[0], to)
	case Laying:
		if err := a.Files(c.lay); err != nil {
			return "no file: " + err.Error()
		}
	}
	a.At = s.at
	return ""
}

// halfClose ends sending. That the connection is gone by then is told by what is
// read.
func (c *player) halfClose(s *speaker) {
	if s.there && !s.half {
		c.w.tape.note(op{kind: opShutdown, client: s.number})
		_ = unix.Shutdown(s.fd, unix.SHUT_WR)
		s.half = true
	}
}

// leave closes a connection. One that has been half-closed is read to its end
// first, for a while: then the server has noticed, and the socket can be used
// again.
func (c *player) leave(call *call, s *speaker) {
	if !s.there {
		return
	}
	if s.half && !s.ended {
		call.until = time.Now().Add(closing >> c.stays)
		for !s.ended && c.w.read(call, s) {
		}
		if !s.ended && c.stays < mostStays {
			c.stays++
		}
		c.w.tape.note(op{kind: opEnd, client: s.number})
	}
	s.there = false
	if s.half && s.ended {
		c.w.give(s)
		return
	}
	c.hangUp(s)
}

// closing is how long a server may take to close a connection that its client has
// half-closed, before the client goes all the same; half as long each time that
// one did not, down to what mostStays leaves.
const (
	closing   = 200 * time.Millisecond
	mostStays = 6
)

// hangUp closes a socket.
func (c *player) hangUp(s *speaker) {
	c.w.tape.note(op{kind: opClose, client: s.number})
	_ = unix.Close(s.fd)
	s.fd, s.there = -1, false
}

// settle has the server do what nobody was told of, if the next action might
// overtake it: that of another client, or what would be read together with what
// this one has sent.
func (c *player) settle(a *Action) {
	n := c.unsettled
	switch {
	case n < 0:
		return
	case a.Client == n && a.Deed != Connecting && (!c.m.Turns || a.Deed != Sending) && !c.careful:
		if a.Deed == Sending {
			sleep(leastPause) // so that it comes in pieces
		}
		return
	case c.m.Alone && !c.careful:
	default:
		c.rest()
	}
	c.unsettled = -1
}

// restLimit is for how long one looks in vain whether a program rests; restPause
// is how long one who is careful waits besides.
const (
	restLimit = 300 * time.Millisecond
	restPause = 5 * time.Millisecond
)

// rest waits until the program has read what was sent, and has nothing to do.
func (c *player) rest() {
	c.w.echo(c.ctx)
	if c.careful {
		time.Sleep(restPause)
	}
	began, pause := time.Now(), leastPause
	for rests := 0; rests < 2 && time.Since(began) < restLimit; pause = min(2*pause, mostPause) {
		sleep(pause)
		if !c.done(time.Since(began)) {
			continue
		}
		n, err := runnable(c.p.process)
		if err != nil {
			return
		}
		if rests++; n > 0 {
			rests = 0
		}
		if !c.careful && rests > 0 {
			break
		}
	}
	if c.m.Turns && c.m.Pause > 0 {
		time.Sleep(c.m.Pause)
	}
}

// done tells whether the program has taken what was done last: it has read what was
// sent, or closed the connection if the client has left. That some programs do
// late, or never.
func (c *player) done(waited time.Duration) bool {
	if c.unsettled < 0 {
		return true
	}
	s := c.speakers[c.unsettled]
	if c.w.taken(c.ctx, s) {
		return true
	}
	if s.there || waited < closing>>c.stays {
		return false
	}
	if c.stays < mostStays {
		c.stays++
	}
	c.unsettled = -1
	return true
}

// runnable counts the threads of a program that wait for nothing.
func runnable(p conformance.Process) (int, error) {
	if r, can := p.(conformance.Resting); can {
		return r.Runnable()
	}
	v, err := p.Vitals()
	return v.Runnable, err
}

// Others run on this processor while this thread sleeps, first for so long and
// then for longer. To yield is not enough: the kernel may take a thread that seldom
// runs for the one whose turn it is all the same.
const leastPause, mostPause = 10 * time.Microsecond, time.Millisecond

// sleep blocks the thread, which time.Sleep does not.
func sleep(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.Syscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}

// await waits until what has come is one of the allowed reactions.
func (c *player) await(call *call, s *speaker) *fault {
	allowed := c.played.allowed
	if len(allowed) == 0 {
		return &fault{Answer, "nothing allowed", c.played.String()}
	}
	if c.played.Deed == Looking {
		return c.look()
	}
	if len(allowed) == 1 {
		r := &allowed[0]
		for n := range r.Tells {
			if f := c.hear(call, n, r.Tells[n]); f != nil {
				return f
			}
		}
		return c.take(r, s)
	}
	return c.choose(call, s)
}

// hear waits until a client has heard what it is told.
func (c *player) hear(call *call, n int, reply Reply) *fault {
	s := c.speaker(n)
	if !s.there && !s.datagram {
		return c.wrong(false)
	}
	for {
		switch s.fit(reply, c.m.Blank) {
		case Whole:
			if len(s.heard) > 0 {
				c.w.tape.note(op{kind: opRead, client: n, count: len(s.heard)})
			}
			return nil
		case Not:
			return c.wrong(false)
		}
		if !c.w.read(call, s) {
			return c.wrong(true)
		}
	}
}

// choose waits until one of several reactions has come, and no other one can come
// of it.
func (c *player) choose(call *call, s *speaker) *fault {
	allowed, rested := c.played.allowed, false
	for {
		var whole, short []int
		for i := range allowed {
			switch c.fit(&allowed[i]) {
			case Whole:
				whole = append(whole, i)
			case Short:
				short = append(short, i)
			}
		}
		quiet := slices.ContainsFunc(whole, func(i int) bool { return allowed[i].silent() })
		switch {
		case len(whole)+len(short) == 0:
			return c.wrong(false)
		case len(whole) > 0 && !rested && (quiet || len(short) > 0):
			rested = true
			c.rest()
			for _, other := range c.speakers {
				if other != nil && other.there {
					c.w.peek(other)
				}
			}
			continue
		case len(whole) > 0:
			return c.takeAll(whole, s)
		}
		if !c.w.read(call, c.awaited(&allowed[short[0]])) {
			return c.wrong(true)
		}
	}
}

// fit tells how what clients have heard suits a reaction.
func (c *player) fit(r *Reaction) Fit {
	all := Whole
	for n, s := range c.speakers {
		if s == nil || !s.there && !s.datagram {
			if _, told := r.Tells[n]; told {
				return Not
			}
			continue
		}
		if f := s.fit(r.Tells[n], c.m.Blank); f < all {
			all = f
		}
	}
	return all
}

// awaited gives a client that has not heard all of a reaction.
func (c *player) awaited(r *Reaction) *speaker {
	for n, reply := range r.Tells {
		if s := c.speaker(n); s.fit(reply, c.m.Blank) == Short {
			return s
		}
	}
	return nil
}

// take goes on with the reaction that has come.
func (c *player) take(r *Reaction, s *speaker) *fault {
	c.belief = append(c.belief[:0], r.Next)
	return c.taken(r, s)
}

// takeAll goes on with several reactions that may have come.
func (c *player) takeAll(whole []int, s *speaker) *fault {
	allowed := c.played.allowed
	var belief []State
	for _, i := range whole {
		next := allowed[i].Next
		if !slices.ContainsFunc(belief, func(st State) bool { return reflect.DeepEqual(st, next) }) {
			belief = append(belief, next)
		}
	}
	c.belief = belief
	return c.taken(&allowed[whole[0]], s)
}

func (c *player) taken(r *Reaction, s *speaker) *fault {
	heard := false
	for n, reply := range r.Tells {
		s := c.speaker(n)
		s.heard, s.packets = s.heard[:0], 0
		s.mayClose = s.mayClose || reply.End == MayClose
		s.anything = s.anything || reply.Open
		heard = heard || reply.expects() && !reply.Open
		if reply.End == Closes && s.there {
			c.halfClose(s)
			s.there = false
			c.w.give(s)
		}
	}
	if heard {
		c.told++
	}
	c.settled(r, s, heard)
	if s.datagram {
		return c.fence(r, s, heard)
	}
	return nil
}

// settled notes whether the server may still be at what was done: if nobody was
// told of it, and no end of a connection has shown it.
func (c *player) settled(r *Reaction, s *speaker, heard bool) {
	switch d := c.played.Deed; {
	case heard:
		if c.unsettled == s.number || c.unsettled < 0 || c.m.Alone {
			c.unsettled = -1
		}
	case d == Sending, d == Ending, d == Resetting, d == Leaving && !s.ended:
		c.unsettled = s.number
	case d == Leaving && c.unsettled == s.number: // it was seen to end
		c.unsettled = -1
	}
}

// fence looks, behind an answer to a datagram, whether those before it were
// answered that must not be.
func (c *player) fence(r *Reaction, s *speaker, heard bool) *fault {
	if !heard {
		s.unheard = !s.anything
		return nil
	}
	for n, other := range c.speakers {
		if other == nil || !other.unheard || other == s {
			continue
		}
		c.w.tape.note(op{kind: opPeek, client: n})
		other.unheard = false
		if c.w.peek(other); other.packets > 0 && !other.anything {
			c.played.broken = r.Quiet
			return c.more(other)
		}
	}
	return nil
}

// end looks, behind a history, whether anybody has heard more than was to be
// heard: those who are left are the datagram sockets.
func (c *player) end() *fault {
	for _, s := range c.speakers {
		if s == nil || !s.datagram || s.fd < 0 {
			continue
		}
		if !s.anything {
			if c.w.peek(s); s.packets > 0 {
				return c.more(s)
			}
		}
		if s.anything || s.unheard { // what comes later is not for the next history
			_ = unix.Close(s.fd)
			s.fd, s.datagram = -1, false
		}
	}
	if c.p.ended() {
		return &fault{Crash, "crash", ""}
	}
	return nil
}

// more is the fault of a server that has told somebody more than it may.
func (c *player) more(s *speaker) *fault {
	return &fault{Answer, "more after " + c.played.what(), fmt.Sprintf("after: %s\nwanted: then nothing\ngot: %s", c.played.Action, tell(map[int]client{s.number: s.client}))}
}

// wrong says how what came differs from what is allowed.
func (c *player) wrong(late bool) *fault {
	p := &c.played
	heard := map[int]client{}
	for n, s := range c.speakers {
		if s != nil && (s.there || s.datagram) {
			heard[n] = s.client
		}
	}
	var wants []string
	for _, r := range p.allowed[:min(3, len(p.allowed))] {
		wants = append(wants, r.String())
	}
	f := &fault{kind: Answer, signature: "differs after " + p.what()}
	if late {
		f.kind, f.signature = Silence, "silence after "+p.what()
	}
	f.evidence = fmt.Sprintf("after: %s\nwanted: %s\ngot: %s", p.Action, strings.Join(slices.Compact(wants), "\n    or: "), tell(heard))
	return f
}

func (c *player) files() (err error) {
	if c.root == nil {
		c.root, err = c.p.box.Files()
	}
	return err
}

func (c *player) lay(name string, content []byte) error {
	if err := c.files(); err != nil {
		return err
	}
	return lay(c.root, name, content)
}

// look looks at the files until they are as they should be.
func (c *player) look() *fault {
	if err := c.files(); err != nil {
		return nil
	}
	for deadline := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
		why := ""
		for i := range c.played.allowed {
			r := &c.played.allowed[i]
			if why = misses(c.root, r); why == "" {
				return c.take(r, c.speaker(c.played.Client))
			}
		}
		if time.Now().After(deadline) || c.ctx.Err() != nil {
			return &fault{Answer, "files differ", why}
		}
	}
}
