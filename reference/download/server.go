package download

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"time"
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

// Files is what a server sends from; a [Directory] is one.
type Files interface {
	Open(name string) (*File, error)
}

// A Server answers requests and logs what it does, one line for each event.
type Server struct {
	Files Files
	Log   io.Writer
}

// Handle serves one connection and closes it. Whatever goes wrong is logged
// and ends this connection only (§3.1).
func (s *Server) Handle(conn net.Conn) {
	defer conn.Close()
	s.Logf("%s connection from %s", time.Now().Format(time.DateTime), conn.RemoteAddr())
	patient := GapConn{Conn: conn, Limit: GapLimit}
	request, err := ReadFileRequest(patient)
	if err != nil {
		s.Logf("error: %v", err)
		return
	}
	if err := s.Answer(patient, request); err != nil {
		s.Logf("error: %v", err)
	}
}

// Answer sends the file that a legal request asks for, or says that there is
// none.
func (s *Server) Answer(w io.Writer, r *FileRequest) error {
	f, err := s.Files.Open(r.Filename)
	if err != nil {
		s.Logf("no file to send: %v", err)
		return s.SendMissing(w)
	}
	defer f.Close()
	if err := s.SendFile(w, f); err != nil {
		return fmt.Errorf("sending %s: %w", r.Filename, err)
	}
	s.Logf("%d bytes of %s sent", f.Size, r.Filename)
	return nil
}

// SendMissing sends the response without a file.
func (s *Server) SendMissing(w io.Writer) error {
	if _, err := w.Write(ResponseHeader{Status: Missing}.Append(nil)); err != nil {
		return fmt.Errorf("sending that there is no file: %w", err)
	}
	return nil
}

// SendFile sends the response with a file. It sends as much as the header
// announces and no more, even if the file has grown since it was opened; if it
// has shrunk, the error is [io.ErrUnexpectedEOF].
//
// The buffer lets the header and the first data leave in one piece.
func (s *Server) SendFile(w io.Writer, f *File) error {
	h := ResponseHeader{Status: Found, DataLength: f.Size}
	b := bufio.NewWriterSize(w, writePiece)
	if _, err := b.Write(h.Append(nil)); err != nil {
		return err
	}
	if n, err := io.CopyN(b, f, h.BodyLen()); err != nil {
		return fmt.Errorf("after %d of %d bytes: %w", n, h.BodyLen(), unexpected(err))
	}
	return b.Flush()
}

// Logf writes one line to the log, whatever is in the names that it is given.
func (s *Server) Logf(format string, args ...any) {
	fmt.Fprintln(s.Log, Printable(fmt.Sprintf(format, args...)))
}
