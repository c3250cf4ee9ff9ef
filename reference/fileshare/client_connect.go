package fileshare

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// Connect connects to the server at an address and port that stand behind each
// other, with a space (§2.1.1). An older connection ends when the new one is
// there.
func (c *Client) Connect(ctx context.Context, arg string) error {
	address, err := parseAddress(arg)
	if err != nil {
		return err
	}
	dialing, cancel := context.WithTimeout(ctx, ConnectLimit)
	defer cancel()
	conn, err := c.Dial(dialing, "tcp", address)
	if err != nil {
		return fmt.Errorf("connecting to the server: %w", err)
	}
	c.sayBye()
	c.hangUp()
	c.conn = &Conn{Conn: conn, Limit: StallLimit}
	c.release = context.AfterFunc(ctx, func() { conn.Close() })
	fmt.Fprintf(c.Out, "connected to %s\n", conn.RemoteAddr())
	return nil
}

// parseAddress turns what was typed into an address to dial.
func parseAddress(arg string) (string, error) {
	fields := strings.Fields(arg)
	if len(fields) != 2 {
		return "", fmt.Errorf("invalid command: connect wanted IP PORT, got %.64q", arg)
	}
	if _, err := ParsePort(fields[1]); err != nil {
		return "", err
	}
	return net.JoinHostPort(fields[0], fields[1]), nil
}

// Bye ends the connection, if there is one, and the program.
func (c *Client) Bye() error {
	if c.conn != nil {
		c.sayBye()
		c.hangUp()
		fmt.Fprintln(c.Out, "connection closed")
	}
	return errBye
}

// sayBye tells the server, if there is one and the dialect has a word for it.
// An error would make no difference: the close that follows says the same.
func (c *Client) sayBye() {
	if c.conn != nil && c.Dialect.has(Bye) {
		c.conn.Write((&Command{Kind: Bye}).Append(nil, c.Dialect))
	}
}

// hangUp closes the connection, if there is one.
func (c *Client) hangUp() {
	if c.conn == nil {
		return
	}
	c.release()
	c.conn.Close()
	c.conn = nil
}

// exchange does something with the connection. If that fails, nobody knows what
// the server would send or take next, so the connection is closed.
func (c *Client) exchange(do func(conn *Conn) error) error {
	if c.conn == nil {
		return errNotConnected
	}
	err := do(c.conn)
	if err != nil {
		c.hangUp()
		return fmt.Errorf("%w; the connection is closed now", err)
	}
	return nil
}

// ask sends a command.
func (c *Client) ask(conn *Conn, command *Command) error {
	if _, err := conn.Write(command.Append(nil, c.Dialect)); err != nil {
		return fmt.Errorf("sending %v: %w", command.Kind, err)
	}
	return nil
}
