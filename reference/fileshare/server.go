package fileshare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// retryPause is how long a server rests when it could not take a connection or
// a datagram, for instance because too many files are open.
const retryPause = 100 * time.Millisecond

// A Server answers who looks for it and serves who connects, any number of
// clients at once. It logs what it does, one line for each event. Its fields
// are set before it starts.
type Server struct {
	Dialect Dialect
	Files   Files
	Service string // what it calls itself; see CheckService
	Log     io.Writer

	logging sync.Mutex // lines of several clients do not mix
}

// Run serves connections and answers datagrams until ctx ends, and returns when
// all has come to rest. If one of both fails, it stops the other.
func (s *Server) Run(ctx context.Context, l net.Listener, pc net.PacketConn) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()
	go func() { ended <- s.AnswerDiscovery(ctx, pc) }()
	first := <-ended
	stop()
	return errors.Join(first, <-ended)
}

// Serve accepts connections and handles each in a goroutine of its own, until
// ctx ends or the listener fails: then it closes the listener and the
// connections, and waits for the goroutines to clear up (§3.1.2).
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var clients sync.WaitGroup
	defer clients.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer l.Close()
	context.AfterFunc(ctx, func() { l.Close() })
	for {
		conn, err := l.Accept()
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accepting a connection: %w", err)
		case err != nil:
			s.Logf("error: accepting a connection: %v", err)
			time.Sleep(retryPause)
			continue
		}
		clients.Go(func() {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			defer stop()
			s.Handle(conn)
		})
	}
}

// Handle serves one connection and closes it. Whatever goes wrong is logged
// and ends this connection only (§3.3.1).
func (s *Server) Handle(conn net.Conn) {
	defer s.Logf("connection closed: %s", conn.RemoteAddr())
	defer conn.Close()
	s.Logf("connection from %s", conn.RemoteAddr())
	err := s.Converse(&Conn{Conn: conn, Limit: StallLimit})
	if err != nil && !errors.Is(err, net.ErrClosed) { // that was us, at the end
		s.Logf("error: %s: %v", conn.RemoteAddr(), err)
	}
}

// Converse does one command after the other, until the client says goodbye or
// something goes wrong.
func (s *Server) Converse(c *Conn) error {
	for {
		c.Idle()
		command, err := ReadCommand(c, s.Dialect)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if command.Kind == Bye {
			return nil
		}
		if err := s.Do(c, command); err != nil {
			return err
		}
	}
}

// Logf writes one line to the log.
func (s *Server) Logf(format string, args ...any) {
	s.logging.Lock()
	defer s.logging.Unlock()
	fmt.Fprintf(s.Log, format+"\n", args...)
}
