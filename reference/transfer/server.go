package transfer

import (
	"context"
	"fmt"
	"io"
	"net"
)

// A Server serves the files of a folder, one client after the other (§ Server).
type Server struct {
	Folder *Folder
	Log    io.Writer // one line for each event; io.Discard for none
}

// Serve accepts connections and handles one after the other, until ctx ends:
// then it closes the listener and the connection that is being handled. Clients
// wait for their turn in the queue of l; the listen(0) of § Server, which makes
// that as short as can be, is not to be had from package net.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for {
		s.Logf("server waiting on port %s", port)
		conn, err := l.Accept()
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting a connection: %w", err)
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		s.Handle(conn)
		stop()
	}
}

// Handle serves one connection and closes it. Whatever goes wrong is logged and
// ends this connection only.
func (s *Server) Handle(conn net.Conn) {
	defer conn.Close()
	host, port, _ := net.SplitHostPort(conn.RemoteAddr().String())
	s.Logf("server connected to client at %s:%s", host, port)
	if err := s.Exchange(&Peer{Conn: conn, Patience: IdleLimit}); err != nil {
		s.Logf("error: %v", err)
	}
}

// Exchange says that the server is ready, reads a command and does what it asks
// (§ Protocol 1a, 1b and alike). An illegal command gets no answer.
func (s *Server) Exchange(client *Peer) error {
	if err := client.Send(Ready); err != nil {
		return err
	}
	command, err := client.ReadCommand()
	if err != nil {
		return err
	}
	s.Logf("server receiving request: %s", command)
	switch command.Verb {
	case Get:
		return s.Get(client, command.Name)
	case Put:
		return s.Put(client, command.Name)
	}
	return s.Del(client, command.Name)
}

// Get sends a file (§ Protocol 1c to 1h). A file that cannot be read is one that
// does not exist, for there is no other refusal of a GET.
func (s *Server) Get(client *Peer, name string) error {
	file, size, err := s.Folder.Open(name)
	if err != nil {
		return s.refuse(client, DoesNotExist(name), err)
	}
	defer file.Close()
	if err := client.Send(OK); err != nil {
		return err
	}
	if err := client.Expect(Ready); err != nil {
		return err
	}
	if err := client.Send(size); err != nil {
		return err
	}
	if err := client.Expect(OK); err != nil {
		return err
	}
	s.Logf("server sending %d bytes", size)
	if err := SendData(client, file, size); err != nil {
		return err
	}
	return client.Send(Done)
}

// Put receives a file (§ Protocol 2c to 2g). It stands under its name before the
// client learns that all is done.
func (s *Server) Put(client *Peer, name string) error {
	draft, err := s.Folder.Create(name)
	if err != nil {
		return s.refuse(client, UnableToCreate(name), err)
	}
	defer draft.Drop()
	if err := client.Send(OK); err != nil {
		return err
	}
	size, err := client.ReadSize()
	if err != nil {
		return err
	}
	s.Logf("server receiving %d bytes", size)
	if err := client.Send(OK); err != nil {
		return err
	}
	if err := ReceiveData(draft, client, size); err != nil {
		return err
	}
	if err := draft.Keep(); err != nil {
		return err
	}
	return client.Send(Done)
}

// Del deletes a file (§ Protocol 3c).
func (s *Server) Del(client *Peer, name string) error {
	if !s.Folder.Has(name) {
		return client.Send(DoesNotExist(name))
	}
	s.Logf("server deleting file %s", name)
	if err := s.Folder.Remove(name); err != nil {
		return s.refuse(client, UnableToDelete(name), err)
	}
	return client.Send(Done)
}

// refuse tells the client what it may know, and the log why.
func (s *Server) refuse(client *Peer, refusal *Refusal, why error) error {
	s.Logf("error: %v", why)
	return client.Send(refusal)
}

// Logf writes one line to the log.
func (s *Server) Logf(format string, args ...any) {
	fmt.Fprintln(s.Log, Printable(fmt.Sprintf(format, args...)))
}
