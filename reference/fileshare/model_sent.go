package fileshare

import (
	"errors"
	"fmt"
	"io"
)

// A sent is what a client has sent, turn by turn. It reads as a connection
// does: a read ends with the turn. It is a value: a copy can be read again.
type sent struct {
	now   []byte // what is left of the turn
	later [][]byte
}

// next goes on to the next turn when this one is over. It reports whether there
// is anything.
func (s *sent) next() bool {
	for len(s.now) == 0 && len(s.later) > 0 {
		s.now, s.later = s.later[0], s.later[1:]
	}
	return len(s.now) > 0
}

// Read reads what is left of the turn, or of the next one.
func (s *sent) Read(p []byte) (int, error) {
	if !s.next() {
		return 0, io.EOF
	}
	n := copy(p, s.now)
	s.now = s.now[n:]
	return n, nil
}

// command returns the next command. In a dialect with words that is the whole
// turn, and a part of a command is an erroneous one: nothing more belongs to it.
func (s *sent) command(d Dialect) (*Command, error) {
	command, err := ReadCommand(s, d)
	if !d.words {
		return command, err
	}
	s.now = nil
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %w", ErrErroneous, err)
	}
	return command, err
}

// file returns the data of the file that comes next.
func (s *sent) file(d Dialect) ([]byte, error) {
	if d.dataSize {
		r, err := ReadFile(s, d)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	s.next()
	f, err := ParseFile(s.now, d)
	if err != nil {
		return nil, err
	}
	s.now = nil
	return f.Data, nil
}
