package fuzz

// A Model is what a right server knows at one moment, and says what it may
// answer. It is a value: Apply gives new models and leaves this one as it is.
type Model interface {
	// Apply gives what a right server may do with a client that sends these
	// bytes and then no more: a set, because sources leave things open.
	Apply(sent []byte) []Outcome
}

// A Comparable is a Model that knows faster than reflection whether it is the
// same as another one.
type Comparable interface {
	Model
	Equal(Model) bool
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
// destroyed by a reset, the beginning is enough; but where there is one answer
// alone, a right server has read all that it was sent, and resets nothing.
func (o Outcome) allows(a answer, alone bool) bool {
	switch {
	case o.Any:
		return true
	case a.reset && !alone:
		return len(a.data) <= len(o.Answer) && string(a.data) == string(o.Answer[:len(a.data)])
	}
	return string(a.data) == string(o.Answer)
}
