package transfer

import (
	"errors"
	"fmt"
	"slices"
)

// A Verb is what a command wants to be done.
type Verb string

// The verbs (§ Protocol). They are told apart by case, too.
const (
	Get Verb = "GET" // sends a file from the server to the client
	Put Verb = "PUT" // sends a file from the client to the server
	Del Verb = "DEL" // deletes a file of the server
)

// Verbs are all of them, each of [VerbLen] bytes.
var Verbs = []Verb{Get, Put, Del}

// VerbLen is how many bytes each verb has.
const VerbLen = 3

// blank stands between the verb and the filename. What follows it belongs to
// the name, even another blank.
const blank = " "

// MaxCommand is how many bytes the longest command has.
const MaxCommand = VerbLen + len(blank) + MaxName

// A Command is what a client asks for: exactly one for each connection
// (§ Protocol 1b, 2b, 3b). Nothing in it tells where it ends.
type Command struct {
	Verb Verb
	Name string // the file's; 1 to 4,096 bytes of UTF-8, no newline
}

// String returns the command as it is sent.
func (c *Command) String() string { return string(c.Verb) + blank + c.Name }

// Append appends the wire form of c to b. It panics if the command is not legal.
func (c *Command) Append(b []byte) []byte {
	if err := c.Check(); err != nil {
		panic(fmt.Sprintf("transfer: %v", err))
	}
	return append(b, c.String()...)
}

// Check returns an error unless c can be sent.
func (c *Command) Check() error {
	if !slices.Contains(Verbs, c.Verb) {
		return erroneous("Command.Verb", fmt.Sprintf("one of %q", Verbs), fmt.Sprintf("%q", c.Verb))
	}
	return checkText("Command.Name", c.Name, MaxName)
}

// ParseCommand reads exactly one Command from b. The error wraps
// [io.ErrUnexpectedEOF] if b is only the beginning of a command, else
// [ErrErroneous].
func ParseCommand(b []byte) (*Command, error) {
	for _, v := range Verbs {
		name, err := cutLiteral("Command.Verb", b, string(v)+blank)
		if errors.Is(err, ErrErroneous) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c := &Command{Verb: v, Name: string(name)}
		if err := c.Check(); err != nil {
			return nil, err
		}
		return c, nil
	}
	verb := b[:min(len(b), VerbLen+len(blank))]
	return nil, erroneous("Command.Verb", fmt.Sprintf("one of %q", Verbs), fmt.Sprintf("%q", verb))
}
