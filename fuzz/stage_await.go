package fuzz

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"netproctor/conformance"
)

// moment is how long a client is quiet where nothing shows that it was heard.
const moment = 20 * time.Millisecond

// settle waits until the server has done what follows from what it has read: for a
// pause, and then until none of its threads has anything to do. One that has
// rested before and does not do so any more spins.
func (s *stage) settle() {
	time.Sleep(max(moment, s.o.Machine.Pause))
	rests := 0
	for deadline := time.Now().Add(stagePatience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		v, err := s.process.Vitals()
		if err != nil {
			return
		}
		if rests++; v.Runnable > 0 {
			rests = 0
		}
		if rests == 2 {
			s.rested = true
			return
		}
	}
	s.spins = s.rested
}

// await waits until what has come is one of the allowed reactions, and no other
// one can come of it.
func (s *stage) await(ctx context.Context, p *played) *fault {
	if p.Deed == Looking {
		return s.look(ctx, p)
	}
	timer := time.NewTimer(s.o.patient())
	defer timer.Stop()
	settled, late := false, false
	for {
		whole, short, changed := s.sort(p.allowed)
		switch quiet := slices.ContainsFunc(whole, func(i int) bool { return p.allowed[i].silent() }); {
		case len(whole)+len(short) == 0:
			return s.wrong(p, false)
		case len(whole) > 0 && !settled && (quiet || len(short) > 0):
			settled = true
			if c := s.client(p.Client); c != nil {
				limit := s.o.patient()
				if reply, _ := p.allowed[whole[0]].to(p.Client); c.anything || reply.Open { // it may be read or not
					limit = moment
				}
				conformance.AwaitTaken(ctx, s.box, c.conn, limit)
			}
			s.settle()
			continue
		case len(whole) > 0:
			s.take(p, whole)
			return nil
		case late:
			return s.wrong(p, true)
		}
		select {
		case <-changed:
		case <-timer.C:
			late = true
		case <-s.process.Done():
			s.settle() // what it said last is still to be read
			late = true
		case <-ctx.Done():
			return nil
		}
	}
}

// sort tells which of some reactions have come, and which are still to come.
func (s *stage) sort(list []Reaction) (whole, short []int, changed chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		switch s.fit(&list[i]) {
		case Whole:
			whole = append(whole, i)
		case Short:
			short = append(short, i)
		}
	}
	return whole, short, s.changed
}

// fit tells how what all clients have heard suits a reaction.
func (s *stage) fit(r *Reaction) Fit {
	all := Whole
	for n, c := range s.clients {
		reply, _ := r.to(n)
		if f := c.fit(reply, s.o.Machine.Blank); f < all {
			all = f
		}
	}
	for _, t := range r.Tells {
		if s.clients[t.Client] == nil {
			return Not
		}
	}
	return all
}

// fit tells how what a client has heard suits a reply; the zero Reply is
// nothing.
func (c *client) fit(r *Reply, blank string) Fit {
	if c.anything || r.Open && len(r.Want) == 0 {
		return Whole
	}
	if c.datagram {
		return c.fitDatagram(r)
	}
	heard := bytes.TrimLeft(c.heard, blank)
	n, f := r.fits(heard)
	if f == Not {
		return Not
	}
	if r.Open && f == Whole {
		return Whole
	}
	extra := f == Whole && len(bytes.TrimLeft(heard[n:], blank)) > 0
	ends := r.End != Stays || c.mayClose
	switch {
	case extra:
		return Not
	case c.reset && ends: // it may have destroyed the rest
		return Whole
	case c.ended && (!ends || f == Short):
		return Not
	case r.End == Closes && !c.ended:
		return Short
	}
	return f
}

// fitDatagram is fit for one who must hear one datagram, or none.
func (c *client) fitDatagram(r *Reply) Fit {
	switch {
	case !r.expects() && c.packets == 0:
		return Whole
	case !r.expects() || c.packets > 1:
		return Not
	case c.packets == 0:
		return Short
	}
	if n, f := r.fits(c.heard); f != Whole || n < len(c.heard) {
		return Not
	}
	return Whole
}

// take goes on with the reactions that have come.
func (s *stage) take(p *played, whole []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.belief = nil
	for _, i := range whole {
		next := p.allowed[i].Next
		if !slices.ContainsFunc(s.belief, func(st State) bool { return reflect.DeepEqual(st, next) }) {
			s.belief = append(s.belief, next)
		}
	}
	p.held = &p.allowed[whole[0]]
	for n, c := range s.clients {
		r, _ := p.held.to(n)
		c.heard, c.packets = nil, 0
		c.mayClose = c.mayClose || r.End == MayClose
		c.anything = c.anything || r.Open
		if r.End == Closes {
			c.conn.Close()
			delete(s.clients, n)
		}
	}
}

// look looks at the files until they are as they should be: a program may still
// be writing what it has told of.
func (s *stage) look(ctx context.Context, p *played) *fault {
	if s.root == nil {
		var err error
		if s.root, err = s.box.Files(); err != nil {
			return nil
		}
	}
	deadline := time.Now().Add(time.Second)
	for {
		var whole []int
		why := ""
		for i, r := range p.allowed {
			if why = misses(s.root, &r); why == "" {
				whole = append(whole, i)
			}
		}
		switch {
		case len(whole) > 0:
			if _, short, _ := s.sort(p.allowed); len(short) == 0 {
				s.take(p, whole)
			}
			return nil
		case time.Now().After(deadline) || ctx.Err() != nil:
			return &fault{Answer, "files differ", why}
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// misses says what is wrong with the files; empty if they are as they should be.
func misses(root *os.Root, r *Reaction) string {
	for _, name := range slices.Sorted(maps.Keys(r.Kept)) {
		want := r.Kept[name]
		b, err := root.ReadFile(path.Join(work, name))
		switch {
		case err != nil:
			return fmt.Sprintf("%s: wanted %s, got %s", name, quote([]byte(want)), strings.TrimPrefix(err.Error(), "openat "))
		case string(b) != want:
			return fmt.Sprintf("%s: wanted %s, got %s", name, quote([]byte(want)), quote(b))
		}
	}
	for _, name := range r.Gone {
		if _, err := root.Stat(path.Join(work, name)); err == nil {
			return name + ": wanted no such file, got one"
		}
	}
	return ""
}
