package fuzz

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

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
		for _, t := range r.Tells {
			if f := c.hear(call, t.Client, t.Reply); f != nil {
				return f
			}
		}
		return c.take(r, s)
	}
	return c.choose(call, s)
}

// hear waits until a client has heard what it is told.
func (c *player) hear(call *call, n int, reply *Reply) *fault {
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
		reply, told := r.to(n)
		if s == nil || !s.there && !s.datagram {
			if told {
				return Not
			}
			continue
		}
		if f := s.fit(reply, c.m.Blank); f < all {
			all = f
		}
	}
	return all
}

// awaited gives a client that has not heard all of a reaction.
func (c *player) awaited(r *Reaction) *speaker {
	for _, t := range r.Tells {
		if s := c.speaker(t.Client); s.fit(t.Reply, c.m.Blank) == Short {
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
	for _, t := range r.Tells {
		s, reply := c.speaker(t.Client), t.Reply
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
			c.w.renew(s)
			s.datagram = false
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
