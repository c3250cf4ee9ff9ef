package transfer

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
)

// A Client does one command against a server (§ Client). What can be wrong with
// its own file it finds out before it connects.
type Client struct {
	Dir  string    // where its files are; empty for the process's working directory
	Out  io.Writer // what the user sees
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A LocalError is about a file of the client's own (§ Errors).
type LocalError struct {
	Message string // one of the two that the assignment has
	Err     error  // what the system says
}

// Error returns what the client prints.
func (e *LocalError) Error() string { return "client error: " + e.Message }

// Unwrap returns what the system says.
func (e *LocalError) Unwrap() error { return e.Err }

// Run does what the command line asks, from beginning to end. The error is a
// [*LocalError] if the client's own file is at fault, a [*Refusal] if the server
// says ERROR, or another if the connection or the server goes wrong.
func (c *Client) Run(ctx context.Context, a ClientArgs) error {
	var err error
	switch a.Command.Verb {
	case Get:
		err = c.Get(ctx, a)
	case Put:
		err = c.Put(ctx, a)
	case Del:
		err = c.Del(ctx, a)
	}
	if err == nil {
		c.Printf("Complete")
	}
	return err
}

// Get fetches a file (§ Protocol 1). Until all of it is there it is a draft: a
// GET that fails leaves no file, and an old file as it was.
func (c *Client) Get(ctx context.Context, a ClientArgs) error {
	name := a.Command.Name
	unable := func(err error) error { return &LocalError{Message: unableToCreate(name), Err: err} }
	folder, base, err := OpenFolderOf(c.path(name))
	if err != nil {
		return unable(err)
	}
	defer folder.Close()
	draft, err := folder.Create(base)
	if err != nil {
		return unable(err)
	}
	defer draft.Drop()
	err = c.Converse(ctx, a.Address(), func(server *Peer) error { return c.Receive(server, &a.Command, draft) })
	if err != nil {
		return err
	}
	if err := draft.Keep(); err != nil {
		return unable(err)
	}
	return nil
}

// Put sends a file (§ Protocol 2).
func (c *Client) Put(ctx context.Context, a ClientArgs) error {
	name := a.Command.Name
	missing := func(err error) error { return &LocalError{Message: doesNotExist(name), Err: err} }
	folder, base, err := OpenFolderOf(c.path(name))
	if err != nil {
		return missing(err)
	}
	defer folder.Close()
	file, size, err := folder.Open(base)
	if err != nil {
		return missing(err)
	}
	defer file.Close()
	return c.Converse(ctx, a.Address(), func(server *Peer) error { return c.Send(server, &a.Command, file, size) })
}

// Del deletes a file of the server (§ Protocol 3).
func (c *Client) Del(ctx context.Context, a ClientArgs) error {
	return c.Converse(ctx, a.Address(), func(server *Peer) error { return c.Delete(server, &a.Command) })
}

// path returns where the client's file of that name is.
func (c *Client) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, name)
}

// Printf shows the user one line.
func (c *Client) Printf(format string, args ...any) {
	fmt.Fprintln(c.Out, Printable(fmt.Sprintf(format, args...)))
}
