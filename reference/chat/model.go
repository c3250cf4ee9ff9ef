package chat

import (
	"maps"
	"net/netip"
)

// A Model is what a right server knows: who is there, and the files that it
// keeps. It is a value: its methods return new models and leave this one as it
// is. The zero Model is a server that has just been started.
type Model struct {
	clients map[netip.AddrPort]talker
	files   map[string]string // content by name
}

// A talker is what the server knows of one client.
type talker struct {
	announced bool   // its last text announces an upload
	left      int64  // bytes of a file that are next; 0 for none
	got       string // bytes of it that have come
	name      string // the file's; empty if it is not going to be kept
}

// An Outcome is one of the things that a right server may do: send Self to the
// client that acted and Others to every other client, and be Next from then on.
type Outcome struct {
	Self, Others []byte
	Next         Model
}

// lineEnds are what a server may put behind each of its messages: the source
// puts nothing there, and a newline is right, too.
var lineEnds = []string{"", "\n"}

// Users returns how many clients are there.
func (m Model) Users() int { return len(m.clients) }

// File returns what the server keeps under a name.
func (m Model) File(name string) (content string, ok bool) {
	content, ok = m.files[name]
	return content, ok
}

// Join returns what a right server may do when a client comes.
func (m Model) Join(user netip.AddrPort) []Outcome {
	next := m.with(user, talker{})
	self := &Connected{Users: next.Users()}
	others := &Entered{User: user, Users: next.Users()}
	var all []Outcome
	for _, end := range lineEnds {
		all = append(all, Outcome{Self: line(self, end), Others: line(others, end), Next: next})
	}
	return all
}

// Leave returns what a right server may do when a client goes. It says nothing of
// a file of which not all bytes have come.
func (m Model) Leave(user netip.AddrPort) []Outcome {
	next := Model{clients: maps.Clone(m.clients), files: m.files}
	delete(next.clients, user)
	left := &Left{User: user, Users: next.Users()}
	var all []Outcome
	for _, end := range lineEnds {
		all = append(all, Outcome{Others: line(left, end), Next: next})
	}
	return all
}

// line returns a message as it is sent, nothing if there is none.
func line(m Message, end string) []byte {
	if m == nil {
		return nil
	}
	return append(m.Append(nil), end...)
}

// with returns the model with something else known of one client.
func (m Model) with(user netip.AddrPort, t talker) Model {
	clients := maps.Clone(m.clients)
	if clients == nil {
		clients = map[netip.AddrPort]talker{}
	}
	clients[user] = t
	return Model{clients: clients, files: m.files}
}

// keeping returns the model with one more file.
func (m Model) keeping(name, content string) Model {
	files := maps.Clone(m.files)
	if files == nil {
		files = map[string]string{}
	}
	files[name] = content
	return Model{clients: m.clients, files: files}
}
