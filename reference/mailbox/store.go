package mailbox

// A Store keeps messages until their receiver takes them. Users are told apart
// by the exact bytes of their names. It is not safe for several goroutines at
// once: the server handles one connection after the other.
type Store struct {
	boxes map[string][]Message // by receiver, oldest first; no empty ones
}

// NewStore returns a store without messages.
func NewStore() *Store {
	return &Store{boxes: map[string][]Message{}}
}

// Append keeps m for user, behind what is kept for the user already.
func (s *Store) Append(user string, m Message) {
	s.boxes[user] = append(s.boxes[user], m)
}

// Take removes and returns the user's oldest messages, as many as fit into one
// response, and reports whether more are left.
func (s *Store) Take(user string) (items []Message, more bool) {
	box := s.boxes[user]
	if len(box) <= MaxItems {
		delete(s.boxes, user)
		return box, false
	}
	s.boxes[user] = box[MaxItems:]
	return box[:MaxItems:MaxItems], true
}
