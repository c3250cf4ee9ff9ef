package mailbox

import (
	"maps"
	"slices"
	"unicode/utf8"
)

// A Model is what a right server knows: the messages that it keeps. It is a
// value: [Model.Apply] returns new models and leaves this one as it is. The zero
// Model is a server that has just been started.
type Model struct {
	shelves [shelves]map[string][]Message // by receiver, oldest first
}

// shelves is over how many maps the mailboxes are spread: a new model shares all
// of them but one.
const shelves = 16

// shelf returns the place of a user's mailbox.
func shelf(user string) int {
	sum := len(user)
	for _, b := range []byte(user) {
		sum = 31*sum + int(b)
	}
	return sum & (shelves - 1)
}

// box returns the messages of a user, oldest first.
func (m Model) box(user string) []Message { return m.shelves[shelf(user)][user] }

// An Outcome is one of the things that a right server may do with a connection:
// send Answer (nothing, if that is empty), close, and be Next from then on.
type Outcome struct {
	Answer []byte
	Next   Model
}

// Apply returns what a right server may do with a client that sends these bytes
// and then no more. There is more than one outcome where the source leaves
// something open: a server that reads no further than it must does not see the
// bytes that follow a request, and what is not UTF-8 may be taken as it is or
// for erroneous.
func (m Model) Apply(sent []byte) []Outcome {
	erroneous := Outcome{Next: m}
	h, err := ParseRequestHeader(sent)
	if err != nil {
		return []Outcome{erroneous}
	}
	size := RequestHeaderSize + h.BodyLen()
	request, err := ParseMessageRequest(sent[:min(size, len(sent))])
	if err != nil {
		return []Outcome{erroneous}
	}
	if len(sent) > size || !isText(request) {
		return []Outcome{erroneous, m.outcome(request)}
	}
	return []Outcome{m.outcome(request)}
}

// isText reports whether all texts of a request are UTF-8.
func isText(r *MessageRequest) bool {
	return utf8.ValidString(r.Name) && utf8.ValidString(r.Receiver) && utf8.ValidString(r.Message)
}

// outcome returns what follows from a legal request.
func (m Model) outcome(r *MessageRequest) Outcome {
	if r.ID == Create {
		return Outcome{Next: m.Create(r.Receiver, Message{Sender: r.Name, Text: r.Message})}
	}
	response, next := m.Read(r.Name)
	return Outcome{Answer: response.Append(nil), Next: next}
}

// Create returns the model with one more message for a user.
func (m Model) Create(user string, item Message) Model {
	return m.with(user, append(slices.Clip(m.box(user)), item))
}

// Read returns what a user is sent, and the model without it.
func (m Model) Read(user string) (MessageResponse, Model) {
	box := m.box(user)
	if len(box) == 0 {
		return MessageResponse{}, m
	}
	n := min(MaxItems, len(box))
	return MessageResponse{Items: box[:n:n], More: n < len(box)}, m.with(user, box[n:])
}

// with returns the model with other messages for one user.
func (m Model) with(user string, box []Message) Model {
	i := shelf(user)
	boxes := maps.Clone(m.shelves[i])
	if boxes == nil {
		boxes = map[string][]Message{}
	}
	boxes[user] = box
	if len(box) == 0 {
		delete(boxes, user)
	}
	if len(boxes) == 0 {
		boxes = nil // no messages are the same as none yet
	}
	m.shelves[i] = boxes
	return m
}
