package mailbox

import (
	"context"
	"fmt"
	"io"
	"net"
)

// Serve accepts connections and handles one after the other, until ctx ends:
// then it closes the listener and the connection that is being handled. handle
// has to close its connection.
func Serve(ctx context.Context, l net.Listener, handle func(net.Conn)) error {
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
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		handle(conn)
		stop()
	}
}

// Mailboxes is where a server keeps messages; a [Store] is one.
type Mailboxes interface {
	Append(user string, m Message)
	Take(user string) (items []Message, more bool)
}

// A Server answers requests and logs what it does, one line for each event.
type Server struct {
	Store Mailboxes
	Log   io.Writer
}

// Handle serves one connection and closes it. Whatever goes wrong is logged
// and ends this connection only.
func (s *Server) Handle(conn net.Conn) {
	defer conn.Close()
	s.Logf("connection from %s", conn.RemoteAddr())
	patient := GapConn{Conn: conn, Limit: GapLimit}
	request, err := ReadMessageRequest(patient)
	if err != nil {
		s.Logf("error: %v", err)
		return
	}
	if err := s.Answer(patient, request); err != nil {
		s.Logf("error: %v", err)
	}
}

// Answer does what a legal request asks for.
func (s *Server) Answer(w io.Writer, r *MessageRequest) error {
	if r.ID == Create {
		s.Create(r)
		return nil
	}
	return s.Read(w, r)
}

// Create keeps the message of a create request. The client gets no response.
func (s *Server) Create(r *MessageRequest) {
	s.Store.Append(r.Receiver, Message{Sender: r.Name, Text: r.Message})
	s.Logf("kept a message from %s for %s", Printable(r.Name), Printable(r.Receiver))
}

// Read answers a read request.
func (s *Server) Read(w io.Writer, r *MessageRequest) error {
	items, more := s.Store.Take(r.Name)
	response := MessageResponse{Items: items, More: more}
	if _, err := w.Write(response.Append(nil)); err != nil {
		return fmt.Errorf("sending %d messages to %s: %w", len(items), Printable(r.Name), err)
	}
	s.Logf("messages sent to %s: %d", Printable(r.Name), len(items))
	return nil
}

// Logf writes one line to the log.
func (s *Server) Logf(format string, args ...any) {
	fmt.Fprintf(s.Log, format+"\n", args...)
}
