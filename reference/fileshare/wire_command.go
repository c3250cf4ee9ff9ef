package fileshare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxWordCommand is the longest command of a dialect with words, in bytes.
const maxWordCommand = len("get"+wordEnd) + MaxName

// A Command is what a client asks for. In a Put a [File] follows it.
type Command struct {
	Kind Kind   // Get, Put, List or Bye; Handout has no Bye
	Name string // of the file, 1 to 255 bytes; empty for List and Bye
}

// Append appends the wire form of c to b. It panics if the dialect has no such
// command or the name has a wrong length.
func (c *Command) Append(b []byte, d Dialect) []byte {
	must(c.check(d))
	b = append(b, d.verb(c.Kind)...)
	if d.nameLen && c.Kind.HasName() {
		b = append(b, byte(len(c.Name)))
	}
	return append(b, c.Name...)
}

// check holds the fields against each other.
func (c *Command) check(d Dialect) error {
	if !d.has(c.Kind) {
		return erroneous("Command.Kind", "a command of the dialect "+d.Name, c.Kind)
	}
	if c.Kind.HasName() {
		return checkNameLen(len(c.Name))
	}
	if c.Name != "" {
		return erroneous("Command.Name", fmt.Sprintf("0 bytes for %v", c.Kind), len(c.Name))
	}
	return nil
}

// checkNameLen checks the length of a file's name, in bytes.
func checkNameLen(n int) error {
	if n < 1 || n > MaxName {
		return erroneous("Command.Name", fmt.Sprintf("1 to %d bytes", MaxName), n)
	}
	return nil
}

// ParseCommand reads exactly one Command from b.
func ParseCommand(b []byte, d Dialect) (*Command, error) {
	kind, rest, err := d.cutVerb(b)
	if err != nil {
		return nil, err
	}
	c := &Command{Kind: kind}
	if kind.HasName() {
		c.Name, err = d.parseName(rest)
	} else {
		err = noMore("Command", rest)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// ReadCommand reads one Command from r, and no more than that. Where the name
// ends with its turn, it is what one read brings. If r ends before a command
// begins, the error is [io.EOF]: the other side has closed, which is a goodbye.
func ReadCommand(r io.Reader, d Dialect) (*Command, error) {
	if d.words {
		b, err := readTurn(r, maxWordCommand+1) // one more, to see that it is too long
		if err != nil {
			return nil, fmt.Errorf("reading a command: %w", err)
		}
		return ParseCommand(b, d)
	}
	b, err := readTurn(r, 1)
	if err != nil {
		return nil, fmt.Errorf("reading a command: %w", err)
	}
	kind, _, err := d.cutVerb(b)
	if err != nil {
		return nil, err
	}
	c := &Command{Kind: kind}
	if kind.HasName() {
		if c.Name, err = d.readName(r); err != nil {
			return nil, fmt.Errorf("reading the name for %v: %w", kind, err)
		}
	}
	return c, nil
}

// cutVerb returns the kind of the command that b begins with, and what follows
// its verb.
func (d Dialect) cutVerb(b []byte) (Kind, []byte, error) {
	for _, k := range kinds {
		if !d.has(k) {
			continue
		}
		verb := []byte(d.verb(k))
		if rest, ok := bytes.CutPrefix(b, verb); ok {
			return k, rest, nil
		}
		if bytes.HasPrefix(verb, b) {
			return 0, nil, short("Command", len(verb), len(b))
		}
	}
	return 0, nil, erroneous("Command.Kind", "a command of the dialect "+d.Name, fmt.Sprintf("%.8q", b))
}

// parseName reads a name that takes all of b.
func (d Dialect) parseName(b []byte) (string, error) {
	if len(b) == 0 {
		return "", short("Command.Name", 1, 0)
	}
	if !d.nameLen {
		return string(b), checkNameLen(len(b))
	}
	n, b := int(b[0]), b[1:]
	if err := checkNameLen(n); err != nil {
		return "", err
	}
	if len(b) < n {
		return "", short("Command.Name", n, len(b))
	}
	return string(b[:n]), noMore("Command", b[n:])
}

// readName reads a name: as long as the byte before it says, or what one read
// brings.
func (d Dialect) readName(r io.Reader) (string, error) {
	if !d.nameLen {
		return readTurnName(r)
	}
	length, err := readFull(r, 1)
	if err != nil {
		return "", err
	}
	n := int(length[0])
	if err := checkNameLen(n); err != nil {
		return "", err
	}
	name, err := readFull(r, n)
	return string(name), err
}

// readTurnName reads a name that ends with its turn.
func readTurnName(r io.Reader) (string, error) {
	name, err := readTurn(r, MaxName+1) // one more, to see that it is too long
	if errors.Is(err, io.EOF) {
		return "", short("Command.Name", 1, 0)
	}
	if err != nil {
		return "", err
	}
	return string(name), checkNameLen(len(name))
}

// noMore returns an error if there are bytes behind a record.
func noMore(record string, rest []byte) error {
	if len(rest) > 0 {
		return erroneous("the end of "+record, "no more bytes", len(rest))
	}
	return nil
}
