package download

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"netproctor/reference"
)

// A client is a download client in exchangeable parts. clientParts gives the
// right ones; a wrong client has one of them replaced.
type client struct {
	count  func(args []string) error
	port   func(arg string) (int, error)
	name   func(arg string) error
	exists func(s *session, name string) error

	encode func(name string) []byte
	dial   func(s *session, host string, port int) (net.Conn, error)
	send   func(c net.Conn, b []byte) error

	timer  func(c net.Conn) io.Reader // reads that give up in a gap
	fill   func(r io.Reader, b []byte) error
	header func(h []byte) error
	length func(h []byte) int64
	none   func(s *session, r io.Reader, name string, h []byte) error // where the server has no file
	create func(s *session, name string) (io.WriteCloser, error)
	save   func(w io.Writer, r io.Reader, n int64) error
	excess func(r io.Reader) error // bytes behind the data
	remove func(s *session, name string)
	report func(s *session, name string, n int64)

	fail func(s *session, err error)
	end  func(s *session, c net.Conn)

	session *session // of this run
}

// A session is one run of a client.
type session struct {
	reference.Env
	ctx context.Context
}

func (s *session) say(format string, a ...any) { fmt.Fprintf(s.Out, format+"\n", a...) }

// path is where a file of that name is.
func (s *session) path(name string) string { return filepath.Clean(s.Dir) + "/" + name }

const (
	clientMagic    = 0x497E
	clientRequest  = 1
	clientResponse = 2
	clientHeader   = 8
	clientGap      = time.Second
)

// The faults that a client finds.
var (
	errCount   = errors.New("wanted HOST PORT FILENAME")
	errName    = errors.New("the name of the file must have 1 to 1024 bytes")
	errExists  = errors.New("there is such a file already")
	errResolve = errors.New("cannot find the host")
	errConnect = errors.New("cannot connect to the server")
	errSilent  = errors.New("the server was silent for a second")
	errShort   = errors.New("the response ended early")
	errExcess  = errors.New("more data came than was announced")
	errCreate  = errors.New("cannot make the local file")
	errType    = errors.New("the response has a wrong type")
	errStatus  = errors.New("the response has a wrong status")
	errMagic   = errors.New("the response has a wrong magic number")
)

func clientParts() *client {
	return &client{
		count: checkCount, port: parsePort, name: checkName, exists: checkExists,
		encode: encodeRequest, dial: dialServer, send: sendAll,
		timer: gapTimer(clientGap), fill: fillAll, header: checkHeader, length: dataLength,
		none: reportNone, create: createFile, save: saveData, excess: checkExcess, remove: removeFile,
		report: func(s *session, name string, n int64) { s.say("%d bytes received, see %s.", n, name) },
		fail:   func(s *session, err error) { s.say("Error: %v.", err) },
		end:    func(_ *session, c net.Conn) { c.Close() },
	}
}

// main is the program.
func (c *client) main(ctx context.Context, env reference.Env) int {
	s := &session{Env: env, ctx: ctx}
	c.session = s
	if err := c.run(s); err != nil {
		c.fail(s, err)
		return 1
	}
	return 0
}

func (c *client) run(s *session) error {
	if err := c.count(s.Args); err != nil {
		return err
	}
	port, err := c.port(s.Args[1])
	if err != nil {
		return err
	}
	name := "index.html"
	if len(s.Args) > 2 {
		name = s.Args[2]
	}
	if err := c.name(name); err != nil {
		return err
	}
	if err := c.exists(s, name); err != nil {
		return err
	}
	conn, err := c.dial(s, s.Args[0], port)
	if err != nil {
		return err
	}
	defer func() { c.end(s, conn) }()
	if err := c.send(conn, c.encode(name)); err != nil {
		return err
	}
	return c.response(s, c.timer(conn), name)
}

func (c *client) response(s *session, r io.Reader, name string) error {
	h := make([]byte, clientHeader)
	if err := c.fill(r, h); err != nil {
		return err
	}
	if err := c.header(h); err != nil {
		return err
	}
	if h[3] == 0 {
		return c.none(s, r, name, h)
	}
	n := c.length(h)
	if err := c.download(s, r, name, n); err != nil {
		return err
	}
	c.report(s, name, n)
	return nil
}

// download fills the local file, and leaves none if that fails.
func (c *client) download(s *session, r io.Reader, name string, n int64) error {
	f, err := c.create(s, name)
	if err != nil {
		return err
	}
	if err = c.save(f, r, n); err == nil {
		err = c.excess(r)
	}
	if bad := f.Close(); err == nil {
		err = bad
	}
	if err != nil {
		c.remove(s, name)
	}
	return err
}

// The right parts, in the order of a run.

func checkCount(args []string) error {
	if len(args) != 3 {
		return errCount
	}
	return nil
}

func parsePort(arg string) (int, error) { return portBetween(1024, 64000)(arg) }

func portBetween(least, most int) func(string) (int, error) {
	return func(arg string) (int, error) {
		port, err := strconv.Atoi(arg)
		if err != nil || port < least || port > most {
			return 0, fmt.Errorf("the port must be a number from %d to %d", least, most)
		}
		return port, nil
	}
}

func checkName(arg string) error {
	if len(arg) < 1 || len(arg) > 1024 {
		return errName
	}
	return nil
}

func checkExists(s *session, name string) error {
	if _, err := os.Lstat(s.path(name)); err == nil {
		return errExists
	}
	return nil
}

func encodeRequest(name string) []byte {
	b := binary.BigEndian.AppendUint16(nil, clientMagic)
	b = append(b, clientRequest)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	return append(b, name...)
}

func dialServer(s *session, host string, port int) (net.Conn, error) {
	conn, err := s.Dial(s.ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if unresolved := (*net.DNSError)(nil); errors.As(err, &unresolved) {
		return nil, errResolve
	}
	if err != nil {
		return nil, errConnect
	}
	return conn, nil
}

func sendAll(c net.Conn, b []byte) error {
	_, err := c.Write(b)
	return err
}

// gapTimer gives each read a time of its own.
func gapTimer(limit time.Duration) func(net.Conn) io.Reader {
	return func(c net.Conn) io.Reader { return gapConn{c, limit} }
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

func fillAll(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	return readError(err)
}

func readError(err error) error {
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return errSilent
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errShort
	}
	return err
}

func checkHeader(h []byte) error {
	switch {
	case binary.BigEndian.Uint16(h) != clientMagic:
		return errMagic
	case h[2] != clientResponse:
		return errType
	case h[3] > 1:
		return errStatus
	}
	return nil
}

func dataLength(h []byte) int64 { return int64(binary.BigEndian.Uint32(h[4:])) }

func reportNone(s *session, _ io.Reader, name string, _ []byte) error {
	s.say("The server has no file %s.", name)
	return nil
}

func createFile(s *session, name string) (io.WriteCloser, error) {
	f, err := os.OpenFile(s.path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, errCreate
	}
	return f, nil
}

func saveData(w io.Writer, r io.Reader, n int64) error {
	done, err := io.CopyN(w, r, n)
	if err == nil && done < n {
		err = io.EOF
	}
	return readError(err)
}

// checkExcess reads on to the end. A silence, or a connection that breaks, is
// no fault any more.
func checkExcess(r io.Reader) error {
	if n, _ := io.ReadFull(r, make([]byte, 1)); n > 0 {
		return errExcess
	}
	return nil
}

func removeFile(s *session, name string) { os.Remove(s.path(name)) }
