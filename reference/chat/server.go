package chat

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// Files is where a server keeps what is uploaded; a [Store] is one. Save has to
// take size bytes from r, whether it can keep them or not.
type Files interface {
	Save(name string, r io.Reader, size int64) error
}

// A Server lets clients talk to each other, and keeps their files. Many are
// served at once, each by two goroutines: one listens to the client, the other
// sends it what is said.
type Server struct {
	Room  *Room
	Files Files

	clients sync.WaitGroup
}

// Serve accepts connections until ctx ends (§IV.2). Then it closes the listener
// and all connections, and returns when nothing is going on any more.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer s.clients.Wait()
	defer s.Room.Close()
	defer l.Close()
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting a connection: %w", err)
		}
		s.Welcome(conn)
	}
}

// Welcome lets a client in (§IV.3) and serves it until it leaves. It does not wait
// for anything, so that clients enter in the order in which they came.
func (s *Server) Welcome(conn net.Conn) {
	m, err := s.Room.Join(conn)
	if err != nil {
		s.Room.Notef("error: %v", err)
		conn.Close()
		return
	}
	s.clients.Go(m.Deliver)
	s.clients.Go(func() {
		s.Listen(m, NewIncoming(conn))
		s.Room.Leave(m)
	})
}

// Listen does what a client's messages ask for (§IV.4), until its connection ends.
// How that ends makes no difference: the client has left (§IV.6).
func (s *Server) Listen(m *Member, in *Incoming) {
	for {
		message, err := in.Next()
		if err != nil {
			return
		}
		switch message := message.(type) {
		case Text:
			s.Room.Tell(m, &Said{User: m.User, Text: message})
		case *Upload:
			s.Receive(m, message, in)
		}
	}
}

// Receive keeps the file that follows an upload command, and then tells the
// others (§IV.5). A file that cannot be kept is told to nobody; the server goes
// on with what comes behind it.
func (s *Server) Receive(m *Member, u *Upload, in io.Reader) {
	if err := s.Files.Save(u.Name, in, u.Size); err != nil {
		s.Room.Notef("error: upload by %s: %v", m.User, err)
		return
	}
	s.Room.Tell(m, &Uploaded{User: m.User})
}
