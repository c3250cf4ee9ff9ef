package fuzz

import (
	"reflect"
	"slices"
)

// A state is what the program may be, and how it has dealt so far with what
// sources leave open.
type state struct {
	Model
	habits habits
}

// A belief is what the program may be after all that it was sent: one of these.
// A nil belief is that of a protocol without a model.
type belief []state

// mostStates is how many states are kept apart; a program about which more are
// needed is started afresh.
const mostStates = 64

// Habits are what a program has been seen to do, by the number of the reason for
// which more than one outcome is right: 0 if it is not known, else one more than
// the outcome's place. A program deals alike with what is alike, so that one
// answer settles all later ones, and a belief does not double each time.
// A fault that is seen by this is proved without it.
type habits [maxReasons]uint8

const maxReasons = 24

// Reasons numbers them. A nil *reasons lets a program do now this and now that.
type reasons struct {
	name    func(Visit) string
	numbers map[string]int
	loose   [maxReasons]bool // the program has no habit
}

// of gives a visit's reason, and -1 for one that is not followed.
func (r *reasons) of(v Visit) int {
	if r == nil {
		return -1
	}
	name := r.name(v)
	n, known := r.numbers[name]
	if !known {
		n = len(r.numbers)
		r.numbers[name] = n
	}
	if n >= maxReasons || r.loose[n] {
		return -1
	}
	return n
}

// after gives the belief that an answer leaves; ok tells whether any of the
// allowed answers was given. The belief that it is called on is used up.
func (b belief) after(v Visit, a answer, r *reasons) (next belief, ok bool) {
	if b == nil {
		return nil, true
	}
	if len(b) == 1 { // nearly always, and then nothing is made anew
		if list := b[0].Apply(v); len(list) == 1 {
			if list[0].allows(a, true) {
				b[0].Model = list[0].Next
				return b, true
			}
			return nil, false
		}
	}
	allowed := func(o Outcome, alone bool) bool { return o.allows(a, alone) }
	next = b.follow(v, r, allowed)
	if len(next) > 0 {
		return next, true
	}
	n := r.of(v)
	if n < 0 {
		return nil, false
	}
	r.loose[n] = true
	next = b.follow(v, nil, allowed)
	return next, len(next) > 0
}

// any gives the belief after a visit, whatever was answered.
func (b belief) any(v Visit) belief {
	return b.follow(v, nil, func(Outcome, bool) bool { return true })
}

// follow gives the states that come of an outcome which is allowed; alone tells
// that its state leaves no other.
func (b belief) follow(v Visit, r *reasons, allowed func(o Outcome, alone bool) bool) (next belief) {
	next = make(belief, 0, len(b)+1)
	for _, s := range b {
		list := s.Apply(v)
		reason := -1
		if len(list) > 1 && !same(list[0].Next, list[1].Next) {
			reason = r.of(v)
		}
		for i, o := range list {
			if !allowed(o, len(list) == 1) {
				continue
			}
			after := state{o.Next, s.habits}
			if habit := uint8(i + 1); reason >= 0 {
				if s.habits[reason] != 0 && s.habits[reason] != habit {
					continue
				}
				after.habits[reason] = habit
			}
			next = next.with(after)
		}
	}
	return next
}

// with adds a state, unless it is there.
func (b belief) with(s state) belief {
	if slices.ContainsFunc(b, func(t state) bool { return t.habits == s.habits && same(t.Model, s.Model) }) {
		return b
	}
	return append(b, s)
}

func same(m, other Model) bool {
	if c, can := m.(Comparable); can {
		return c.Equal(other)
	}
	return reflect.DeepEqual(m, other)
}

// allowed gives the answers that would have been right; nil if any would.
func (b belief) allowed(v Visit) (answers [][]byte) {
	var list set
	for _, s := range b {
		for _, o := range s.Apply(v) {
			if o.Any {
				return nil
			}
			list.add(o.Answer)
		}
	}
	return list.all
}
