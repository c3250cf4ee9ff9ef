package fuzz

import (
	"context"
	"os"
	"time"

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
