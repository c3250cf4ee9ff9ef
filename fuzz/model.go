package fuzz

import (
	"reflect"
	"slices"
)

// A Model is what a right server knows at one moment, and says what it may
// answer. It is a value: Apply gives new models and leaves this one as it is.
type Model interface {
	// Apply gives what a right server may do with a client that sends these
	// bytes and then no more: a set, because sources leave things open.
	Apply(sent []byte) []Outcome
}

// An Outcome is one of the things that a right server may do with a connection.
type Outcome struct {
	// Answer is what it sends before it closes.
	Answer []byte
	// Any says that anything may be sent: the source says nothing about it.
	Any  bool
	Next Model
}

// allows tells whether an answer is the outcome's. Of one whose end was
// destroyed by a reset, the beginning is enough.
func (o Outcome) allows(a answer) bool {
	switch {
	case o.Any:
		return true
	case a.reset:
		return len(a.data) <= len(o.Answer) && string(a.data) == string(o.Answer[:len(a.data)])
	}
	return string(a.data) == string(o.Answer)
}

// mostStates is how many states are kept apart: where the source leaves much
// open, a program is started afresh before there are more.
const mostStates = 32

// A belief is what the program may be after all that it was sent: one of these.
// A nil belief is that of a protocol without a model.
type belief []Model

// after gives the belief that an answer leaves; ok tells whether any of the
// allowed answers was given.
func (b belief) after(sent []byte, a answer) (next belief, ok bool) {
	if b == nil {
		return nil, true
	}
	for _, m := range b {
		for _, o := range m.Apply(sent) {
			if o.allows(a) && !slices.ContainsFunc(next, func(m Model) bool { return reflect.DeepEqual(m, o.Next) }) {
				next = append(next, o.Next)
			}
		}
	}
	return next, len(next) > 0
}

// allowed gives the answers that would have been right; nil if any would.
func (b belief) allowed(sent []byte) (answers [][]byte) {
	var list set
	for _, m := range b {
		for _, o := range m.Apply(sent) {
			if o.Any {
				return nil
			}
			list.add(o.Answer)
		}
	}
	return list.all
}
