package fileshare

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// LocalList shows the user's own files (§2.1.2).
func (c *Client) LocalList() error {
	names, err := c.Files.Names()
	if err != nil {
		return err
	}
	c.show("local files", names)
	return nil
}

// RemoteList asks for the server's files and shows them.
func (c *Client) RemoteList() error {
	return c.exchange(func(conn *Conn) error {
		if err := c.ask(conn, &Command{Kind: List}); err != nil {
			return err
		}
		l, err := ReadListing(conn.Turn(c.Dialect, AnswerLimit), c.Dialect)
		if err != nil {
			return fmt.Errorf("reading the server's files: %w", err)
		}
		c.show("files on the server", l.Names)
		return nil
	})
}

// show prints names, one in a line.
func (c *Client) show(title string, names []string) {
	fmt.Fprintf(c.Out, "%s: %d\n", title, len(names))
	for _, name := range names {
		fmt.Fprintf(c.Out, "  %s\n", Printable(name))
	}
}

// Put sends a file to the server (§2.3.1).
func (c *Client) Put(ctx context.Context, name string) error {
	if c.conn == nil {
		return errNotConnected
	}
	file, size, err := c.Files.Open(name)
	if err != nil {
		return fmt.Errorf("putting a file: %w", err)
	}
	defer file.Close()
	if err := c.Dialect.CheckSize(size); err != nil {
		return fmt.Errorf("putting %s: %w", name, err)
	}
	err = c.exchange(func(conn *Conn) error { return c.upload(ctx, conn, name, file, size) })
	if err != nil {
		return fmt.Errorf("putting %s: %w", name, err)
	}
	fmt.Fprintf(c.Out, "sent %s: %d bytes\n", name, size)
	return nil
}

// upload sends the command and the file, and is quiet behind what has no
// length.
func (c *Client) upload(ctx context.Context, conn *Conn, name string, data io.Reader, size int64) error {
	if err := c.ask(conn, &Command{Kind: Put, Name: name}); err != nil {
		return err
	}
	if !c.Dialect.nameLen {
		if err := endTurn(ctx); err != nil {
			return err
		}
	}
	if err := WriteFile(conn, data, size, c.Dialect); err != nil {
		return err
	}
	if !c.Dialect.dataSize {
		return endTurn(ctx)
	}
	return nil
}

// Get takes a file from the server and stores it among the user's own (§2.3.2).
func (c *Client) Get(name string) error {
	stored := c.Dialect.StoredPrefix + name
	if err := CheckName(stored); err != nil {
		return fmt.Errorf("getting a file: %w", err)
	}
	return c.exchange(func(conn *Conn) error {
		if err := c.ask(conn, &Command{Kind: Get, Name: name}); err != nil {
			return err
		}
		size, err := c.download(conn, stored)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("the server sent nothing, or not all of it: %w", err)
		}
		if err != nil {
			return fmt.Errorf("getting %s: %w", name, err)
		}
		fmt.Fprintf(c.Out, "received %s: %d bytes\n", stored, size)
		return nil
	})
}

// download stores the file that the server sends.
func (c *Client) download(conn *Conn, name string) (int64, error) {
	data, err := ReadFile(conn.Turn(c.Dialect, AnswerLimit), c.Dialect)
	if err != nil {
		return 0, err
	}
	return c.Files.Store(name, data)
}
