package protocols

import (
	"bytes"
	"encoding/binary"
	"slices"

	"netproctor/fuzz"
	"netproctor/reference/fileshare"
)

// A talk is one client's conversation.
type talk struct {
	turns [][]byte // of the command that has not come to its end
	said  int      // pieces of the answer to them that were said already
	over  bool     // the connection is closed, or nothing more is known of it
	ended bool     // the client has half-closed
	loose []byte   // the end of what was sent since nothing more is known
}

// apart tells whether what a client sends is about another file than all that
// others are in the middle of: a get, or a part of a put or all of it.
func (s fileshareState) apart(a fuzz.Action) bool {
	t := s.talks[a.Client]
	name := s.alone(slices.Concat(t.turns, a.Turns))
	if t.over || name == "" {
		return false
	}
	for n, other := range s.talks {
		if n != a.Client && len(other.turns) > 0 {
			if about := s.alone(other.turns); about == "" || about == name {
				return false
			}
		}
	}
	return true
}

// alone is the file that some turns are about which are one command, or its
// beginning up to a part of its file; empty if they are anything else.
func (s fileshareState) alone(turns [][]byte) string {
	c := s.command(turns)
	if c == nil || !c.Kind.HasName() || strange(c.Name) || !s.inTurn(turns) {
		return ""
	}
	head := len(c.Append(nil, s.dialect))
	file := bytes.Join(turns, nil)[head:]
	if c.Kind == fileshare.Get && len(file) > 0 {
		return ""
	}
	if s.dialect.Name == fileshare.Sized.Name && len(file) >= fileshare.SizeLen && binary.BigEndian.Uint64(file) < uint64(len(file)-fileshare.SizeLen) {
		return "" // there is more behind it
	}
	if c.Kind == fileshare.Put {
		return s.dialect.StoredPrefix + c.Name
	}
	return c.Name
}

// amid tells whether another client is in the middle of a command: its file may
// be there in part.
func (s fileshareState) amid(client int) bool {
	for n, t := range s.talks {
		if n != client && len(t.turns) > 0 {
			return true
		}
	}
	return false
}

// inTurn tells whether the last turn is what a client may send at once: where
// lengths do not tell, a whole command, or a whole file.
func (s fileshareState) inTurn(turns [][]byte) bool {
	if s.dialect.Name == fileshare.Sized.Name {
		return true
	}
	c, err := fileshare.ParseCommand(turns[0], s.dialect)
	if err != nil || len(turns) == 1 {
		return err == nil
	}
	_, err = fileshare.ParseFile(turns[1], s.dialect)
	return err == nil && c.Kind == fileshare.Put && len(turns) == 2
}

// command is the first command in some turns.
func (s fileshareState) command(turns [][]byte) *fileshare.Command {
	if len(turns) == 0 {
		return nil
	}
	sent := turns[0]
	if s.dialect.Name == fileshare.Sized.Name { // it may come in pieces
		sent = bytes.Join(turns, nil)
	}
	c, err := fileshare.ReadCommand(bytes.NewReader(sent), s.dialect)
	if err != nil {
		return nil
	}
	return c
}

// about is the name of the file that some turns ask for.
func (s fileshareState) about(turns [][]byte) string {
	if c := s.command(turns); c != nil && c.Kind == fileshare.Get {
		return c.Name
	}
	return ""
}

func (s fileshareState) isBye(turns [][]byte) bool {
	c := s.command(turns)
	return c != nil && c.Kind == fileshare.Bye
}

// demand names the requirement that some turns are about.
func (s fileshareState) demand(turns [][]byte) string {
	c := s.command(turns)
	switch {
	case c == nil:
		return "server.bad-command"
	case c.Kind == fileshare.Get:
		if _, there := s.model.Files()[c.Name]; !there {
			return "server.get-missing"
		}
		return "server.get"
	case c.Kind == fileshare.Put:
		return "server.put"
	case c.Kind == fileshare.Bye:
		return "server.after-close"
	}
	return "server.list"
}
