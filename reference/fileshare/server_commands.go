package fileshare

import (
	"fmt"
	"strings"
)

// Do does what a command other than Bye asks for (§3.1.3). After an error the
// connection is of no more use: the client is told by its close.
func (s *Server) Do(c *Conn, command *Command) error {
	switch command.Kind {
	case Get:
		return s.Get(c, command.Name)
	case Put:
		return s.Put(c, command.Name)
	case List:
		return s.List(c)
	}
	return erroneous("Command.Kind", "get, put or list", command.Kind)
}

// Get sends a file (§3.3.2).
func (s *Server) Get(c *Conn, name string) error {
	file, size, err := s.Files.Open(name)
	if err != nil {
		return fmt.Errorf("getting a file: %w", err)
	}
	defer file.Close()
	if err := WriteFile(c, file, size, s.Dialect); err != nil {
		return fmt.Errorf("sending %s: %w", Printable(name), err)
	}
	s.Logf("sent %s to %s: %d bytes", Printable(name), c.RemoteAddr(), size)
	return nil
}

// Put takes a file (§3.3.3). A name that no file can have is refused before the
// file is read.
func (s *Server) Put(c *Conn, name string) error {
	name = s.Dialect.StoredPrefix + name
	data, err := ReadFile(c.Turn(s.Dialect, StallLimit), s.Dialect)
	if err != nil {
		return fmt.Errorf("taking %s: %w", Printable(name), err)
	}
	size, err := s.Files.Store(name, data)
	if err != nil {
		return fmt.Errorf("taking a file: %w", err)
	}
	s.Logf("stored %s from %s: %d bytes", Printable(name), c.RemoteAddr(), size)
	return nil
}

// List sends the names of all files that a listing can carry, as they are now
// (§3.1.3).
func (s *Server) List(c *Conn) error {
	names, err := s.Files.Names()
	if err != nil {
		return err
	}
	l := &Listing{}
	for _, name := range names {
		if err := s.Dialect.CheckListed(name); err != nil {
			s.Logf("not listed: %v", err)
			continue
		}
		l.Names = append(l.Names, name)
	}
	if size := len(s.Dialect.joinNames(l.Names)); size > MaxListing {
		return fmt.Errorf("the listing wanted at most %d bytes, got %d", MaxListing, size)
	}
	if _, err := c.Write(l.Append(nil, s.Dialect)); err != nil {
		return fmt.Errorf("sending %d names: %w", len(l.Names), err)
	}
	s.Logf("sent a list to %s: %d names", c.RemoteAddr(), len(l.Names))
	return nil
}

// Announce logs which files are shared at the start.
func (s *Server) Announce() error {
	names, err := s.Files.Names()
	if err != nil {
		return err
	}
	for i, name := range names {
		names[i] = "\n  " + Printable(name)
	}
	s.Logf("shared files: %d%s", len(names), strings.Join(names, ""))
	return nil
}
