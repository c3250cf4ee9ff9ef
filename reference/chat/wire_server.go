package chat

import (
	"net/netip"
	"strconv"
)

// The fixed parts of what a server sends, and prints. The source gives them to
// the letter (§IV.3 to §IV.6).
const (
	connectedOpen = "> Connected to the chat server ("
	enteredOpen   = "> New user "
	enteredMiddle = " entered ("
	saidOpen      = "["
	saidMiddle    = "] "
	uploadedOpen  = "> User "
	uploadedEnd   = " has uploaded a file"
	leftOpen      = "< The user "
	leftMiddle    = " left ("
	onlineOne     = " user online)"  // behind 0 and 1
	onlineMany    = " users online)" // behind larger numbers
)

// online returns what stands behind a number of users.
func online(users int) string {
	if users > 1 {
		return onlineMany
	}
	return onlineOne
}

// appendUsers appends the number of users and what stands behind it.
func appendUsers(b []byte, users int) []byte {
	return append(strconv.AppendInt(b, int64(users), 10), online(users)...)
}

// appendUser appends an address and a port.
func appendUser(b []byte, open string, user netip.AddrPort) []byte {
	return user.AppendTo(append(b, open...))
}

// users takes a number of users, at least least, and what stands behind it.
func (s *scanner) users(least int64) int {
	n := int(s.number("Users", least, MaxUsers))
	s.literal(online(n))
	return n
}

// A Connected greets a client that has just come (§IV.3).
type Connected struct {
	Users int // how many are there now: the new one, too, so at least 1
}

// Append appends the wire form of m to b.
func (m *Connected) Append(b []byte) []byte {
	return appendUsers(append(b, connectedOpen...), m.Users)
}

// ParseConnected reads exactly one Connected from b.
func ParseConnected(b []byte) (*Connected, error) {
	var m Connected
	s := scanner{message: "Connected", b: b}
	s.literal(connectedOpen)
	m.Users = s.users(1)
	if s.end(); s.err != nil {
		return nil, s.err
	}
	return &m, nil
}

// An Entered tells the others that a client has come (§IV.3).
type Entered struct {
	User  netip.AddrPort // the client's own end of its connection
	Users int            // how many are there now, at least 1
}

// Append appends the wire form of m to b.
func (m *Entered) Append(b []byte) []byte {
	b = appendUser(b, enteredOpen, m.User)
	return appendUsers(append(b, enteredMiddle...), m.Users)
}

// ParseEntered reads exactly one Entered from b.
func ParseEntered(b []byte) (*Entered, error) {
	var m Entered
	s := scanner{message: "Entered", b: b}
	s.literal(enteredOpen)
	m.User = s.user(enteredMiddle)
	m.Users = s.users(1)
	if s.end(); s.err != nil {
		return nil, s.err
	}
	return &m, nil
}

// A Said is a text as it reaches the others (§IV.4).
type Said struct {
	User netip.AddrPort // who said it
	Text Text           // at least 1 byte
}

// Append appends the wire form of m to b.
func (m *Said) Append(b []byte) []byte {
	b = appendUser(b, saidOpen, m.User)
	return m.Text.Append(append(b, saidMiddle...))
}

// ParseSaid reads exactly one Said from b. As nothing marks the end of a text,
// it takes all of b.
func ParseSaid(b []byte) (*Said, error) {
	var m Said
	s := scanner{message: "Said", b: b}
	s.literal(saidOpen)
	m.User = s.user(saidMiddle)
	if s.err != nil {
		return nil, s.err
	}
	var err error
	if m.Text, err = ParseText(s.b); err != nil {
		return nil, err
	}
	return &m, nil
}

// An Uploaded tells the others that the server has got all of a file (§IV.5).
type Uploaded struct {
	User netip.AddrPort // who sent the file
}

// Append appends the wire form of m to b.
func (m *Uploaded) Append(b []byte) []byte {
	return append(appendUser(b, uploadedOpen, m.User), uploadedEnd...)
}

// ParseUploaded reads exactly one Uploaded from b.
func ParseUploaded(b []byte) (*Uploaded, error) {
	var m Uploaded
	s := scanner{message: "Uploaded", b: b}
	s.literal(uploadedOpen)
	m.User = s.user(uploadedEnd)
	if s.end(); s.err != nil {
		return nil, s.err
	}
	return &m, nil
}

// A Left tells those who stay that a client has gone (§IV.6).
type Left struct {
	User  netip.AddrPort // who has gone
	Users int            // how many are there now, at least 0
}

// Append appends the wire form of m to b.
func (m *Left) Append(b []byte) []byte {
	b = appendUser(b, leftOpen, m.User)
	return appendUsers(append(b, leftMiddle...), m.Users)
}

// ParseLeft reads exactly one Left from b.
func ParseLeft(b []byte) (*Left, error) {
	var m Left
	s := scanner{message: "Left", b: b}
	s.literal(leftOpen)
	m.User = s.user(leftMiddle)
	m.Users = s.users(0)
	if s.end(); s.err != nil {
		return nil, s.err
	}
	return &m, nil
}
