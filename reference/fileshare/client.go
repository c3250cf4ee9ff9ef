package fileshare

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Prompt asks the user for the next command.
const Prompt = "> "

// ConnectLimit is how long a client waits for its connection.
const ConnectLimit = 5 * time.Second

// A Client does what its user types, one line after the other. Its fields are
// set before it runs.
type Client struct {
	In      *bufio.Reader // where the user types
	Out     io.Writer     // what the user sees
	Dialect Dialect
	Files   Files // the user's own

	// Broadcast is where discovery requests are sent to.
	Broadcast net.Addr
	// SharingPort is what is shown as the port of a server that was found.
	SharingPort int

	// Dial is [net.Dialer.DialContext], and ListenPacket [net.ListenPacket], or
	// what stands for them in a test.
	Dial         func(ctx context.Context, network, address string) (net.Conn, error)
	ListenPacket func(network, address string) (net.PacketConn, error)

	conn    *Conn       // nil while there is no connection
	release func() bool // what ctx has to do with conn, undone
}

// errBye is what the command bye returns.
var errBye = errors.New("bye")

// errNotConnected is what a command returns that needs a connection.
var errNotConnected = errors.New("not connected: connect to a server first")

// Run prompts and does commands until the user says bye, the input ends, which
// is the same, or ctx ends. Whatever goes wrong in a command is shown, and the
// next one may be typed.
func (c *Client) Run(ctx context.Context) error {
	defer c.hangUp()
	for {
		fmt.Fprint(c.Out, Prompt)
		line, err := c.readLine(ctx)
		if errors.Is(err, io.EOF) {
			line, err = "bye", nil
		}
		if err != nil {
			return fmt.Errorf("reading a command: %w", err)
		}
		err = c.Do(ctx, line)
		if errors.Is(err, errBye) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(c.Out, "error: %v\n", err)
		}
	}
}

// A consoleCommand is something that the user may type.
type consoleCommand struct {
	word  string // in lower case; any will do
	takes string // what must follow the word; empty for nothing
	do    func(c *Client, ctx context.Context, arg string) error
}

// consoleCommands returns all of them (§2.1.1).
func consoleCommands() []consoleCommand {
	return []consoleCommand{
		{"scan", "", func(c *Client, ctx context.Context, _ string) error { return c.Scan(ctx) }},
		{"connect", "IP PORT", (*Client).Connect},
		{"llist", "", func(c *Client, _ context.Context, _ string) error { return c.LocalList() }},
		{"rlist", "", func(c *Client, _ context.Context, _ string) error { return c.RemoteList() }},
		{"put", "NAME", (*Client).Put},
		{"get", "NAME", func(c *Client, _ context.Context, name string) error { return c.Get(name) }},
		{"bye", "", func(c *Client, _ context.Context, _ string) error { return c.Bye() }},
	}
}

// Do does the command of one line. An empty line is none. The rest of the line
// behind the word is one argument, so that a name may have spaces in it.
func (c *Client) Do(ctx context.Context, line string) error {
	line = strings.TrimSpace(line)
	word, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	if word == "" {
		return nil
	}
	var known []string
	for _, command := range consoleCommands() {
		known = append(known, strings.TrimSpace(command.word+" "+command.takes))
		if !strings.EqualFold(word, command.word) {
			continue
		}
		if (arg == "") != (command.takes == "") {
			return fmt.Errorf("invalid command: wanted %s, got %.64q", known[len(known)-1], line)
		}
		return command.do(c, ctx, arg)
	}
	return fmt.Errorf("invalid command: wanted one of %s, got %.64q", strings.Join(known, ", "), line)
}

// readLine returns the next line. The last one of the input may have no end. A
// read from a terminal cannot be called back, so it goes on behind our back when
// ctx ends.
func (c *Client) readLine(ctx context.Context) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := c.In.ReadString('\n')
		done <- result{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		if r.line != "" && errors.Is(r.err, io.EOF) {
			r.err = nil
		}
		return r.line, r.err
	}
}
