package download

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"time"

	"netproctor/reference"
)

// A server is a download server in exchangeable parts. serverParts gives the
// right ones; a wrong server has one of them replaced.
type server struct {
	args     func(args []string) (port int, err error)
	listen   func(s *server, port int) (net.Listener, error)
	refuse   func(s *server, err error) // says why it will not run
	serve    func(s *server, l net.Listener)
	accepted func(s *server, c net.Conn) // logs

	timer   func(c net.Conn) net.Conn // gives up in a gap
	header  func(r io.Reader) ([]byte, error)
	rules   []rule
	body    func(r io.Reader, n int) ([]byte, error)
	surplus func(h header, body []byte) error
	name    func(body []byte) string

	open    func(s *server, name string) (*content, error)
	head    func(found bool, size int64) []byte
	nothing func(s *server, w io.Writer, err error) error // answers that there is no file
	missed  func(s *server, name string, err error)       // logs
	data    func(w io.Writer, head []byte, f *content) error
	sent    func(s *server, name string, f *content) // logs

	complain func(s *server, c net.Conn, err error)
	end      func(s *server, c net.Conn, outcome outcome)

	env  reference.Env
	ctx  context.Context
	over bool // accept no more
}

// A header is the five bytes that a request begins with.
type header struct {
	magic    uint16
	kind     byte
	filename int
}

// A content is what is sent of a file.
type content struct {
	io.ReadCloser
	size int64
}

// An outcome says how a connection went.
type outcome int

const (
	erroneous outcome = iota
	wasSent
	wasMissing
)

const (
	serverMagic = 0x497E
	serverGap   = time.Second
	headerSize  = 5
	mostName    = 1024
)

// errEarly is a request that ends before it is complete.
var errEarly = errors.New("the request ended early")

// say prints a line.
func (s *server) say(format string, a ...any) { fmt.Fprintf(s.env.Out, format+"\n", a...) }

func serverParts() *server {
	return &server{
		args: parseArgs, listen: listenEverywhere, refuse: refuse, serve: acceptLoop, accepted: logAccepted,
		timer: patience(serverGap), header: readHeader, rules: slices.Clone(allRules), body: readBody, surplus: refuseSurplus,
		name: func(body []byte) string { return string(body) },
		open: openFile, head: responseHeader, nothing: sendNothing, missed: logMissed, data: sendData, sent: logSent,
		complain: complain, end: func(_ *server, c net.Conn, _ outcome) { c.Close() },
	}
}

// main is the program.
func (s *server) main(ctx context.Context, e reference.Env) int {
	s.env, s.ctx = e, ctx
	port, err := s.args(e.Args)
	if err != nil {
		s.refuse(s, err)
		return 1
	}
	l, err := s.listen(s, port)
	if err != nil {
		s.refuse(s, err)
		return 1
	}
	defer l.Close()
	s.say("Server is ready on port %d.", port)
	s.serve(s, l)
	return 0
}

var (
	errArgs   = errors.New("wanted one parameter, the port")
	errNumber = errors.New("the port must be a number")
	errRange  = errors.New("the port must be from 1024 to 64000")
)

func parseArgs(args []string) (int, error) {
	if len(args) != 1 {
		return 0, errArgs
	}
	port, err := strconv.Atoi(args[0])
	if err != nil {
		return 0, errNumber
	}
	if port < 1024 || port > 64000 {
		return port, errRange
	}
	return port, nil
}

func listenEverywhere(s *server, port int) (net.Listener, error) { return s.listenAt("0.0.0.0", port) }

func (s *server) listenAt(host string, port int) (net.Listener, error) {
	return s.env.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
}

func refuse(s *server, err error) { s.say("Error: %v.", err) }

// acceptLoop serves one client after the other.
func acceptLoop(s *server, l net.Listener) {
	for !s.over {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.client(c)
	}
}

func logAccepted(s *server, c net.Conn) {
	s.say("%s: connection from %s.", time.Now().Format(time.TimeOnly), c.RemoteAddr())
}

// client is the life of a connection.
func (s *server) client(c net.Conn) {
	s.accepted(s, c)
	how, err := s.request(s.timer(c))
	if err != nil {
		s.complain(s, c, err)
	}
	s.end(s, c, how)
}

// request reads a request and does what it asks for.
func (s *server) request(c net.Conn) (outcome, error) {
	raw, err := s.header(c)
	if err != nil {
		return erroneous, err
	}
	h := parseHeader(raw)
	if err := h.check(s.rules); err != nil {
		return erroneous, err
	}
	body, err := s.body(c, h.filename)
	if err == nil {
		err = s.surplus(h, body)
	}
	if err != nil {
		return erroneous, err
	}
	return s.answer(c, s.name(body[:min(h.filename, len(body))]))
}

func (s *server) answer(c net.Conn, name string) (outcome, error) {
	f, err := s.open(s, name)
	if err != nil {
		s.missed(s, name, err)
		return wasMissing, s.nothing(s, c, err)
	}
	defer f.Close()
	if err := s.data(c, s.head(true, f.size), f); err != nil {
		return erroneous, err
	}
	s.sent(s, name, f)
	return wasSent, nil
}

// patience gives up when nothing has come or gone for the limit.
func patience(limit time.Duration) func(net.Conn) net.Conn {
	return func(c net.Conn) net.Conn { return gapConn{c, limit} }
}

// A gapConn gives each read and each write a time of its own.
type gapConn struct {
	net.Conn
	limit time.Duration
}

func (c gapConn) Read(b []byte) (int, error) {
	c.SetReadDeadline(time.Now().Add(c.limit))
	return c.Conn.Read(b)
}

func (c gapConn) Write(b []byte) (int, error) {
	c.SetWriteDeadline(time.Now().Add(c.limit))
	return c.Conn.Write(b)
}

// readSome reads at least least bytes, and more, up to most, if they come with
// the last of those.
func readSome(r io.Reader, least, most int) ([]byte, error) {
	b := make([]byte, most)
	n, err := io.ReadAtLeast(r, b, least)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errEarly
	}
	return b[:n], err
}

func readHeader(r io.Reader) ([]byte, error) { return readSome(r, headerSize, headerSize) }

func readBody(r io.Reader, n int) ([]byte, error) { return readSome(r, n, n+1) }

func parseHeader(b []byte) header {
	return header{magic: binary.BigEndian.Uint16(b), kind: b[2], filename: int(binary.BigEndian.Uint16(b[3:]))}
}

// A rule is what must not be true of a header.
type rule struct {
	name  string
	wrong func(h header) bool
}

const (
	ruleMagic = "magic number"
	ruleType  = "type"
	ruleLeast = "length of the name, which is empty"
	ruleMost  = "length of the name, which is too long"
)

var allRules = []rule{
	{ruleMagic, func(h header) bool { return h.magic != serverMagic }},
	{ruleType, func(h header) bool { return h.kind != 1 }},
	{ruleLeast, func(h header) bool { return h.filename == 0 }},
	{ruleMost, func(h header) bool { return h.filename > mostName }},
}

// A ruleError names the rule that was broken.
type ruleError string

func (e ruleError) Error() string { return "wrong " + string(e) }

func (h header) check(rules []rule) error {
	for _, r := range rules {
		if r.wrong(h) {
			return ruleError(r.name)
		}
	}
	return nil
}

var errSurplus = errors.New("there are more bytes than announced")

func refuseSurplus(h header, body []byte) error {
	if len(body) > h.filename {
		return errSurplus
	}
	return nil
}

// path is where a file of that name is.
func (s *server) path(name string) string { return s.env.Dir + "/" + name }

var errFolder = errors.New("this is no file")

func openFile(s *server, name string) (*content, error) { return openPath(s.path(name)) }

func openPath(path string) (*content, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: path, Err: errFolder}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &content{f, info.Size()}, nil
}

func responseHeader(found bool, size int64) []byte {
	head := []byte{serverMagic >> 8, serverMagic & 0xFF, 2, 0}
	if found {
		head[3] = 1
	}
	return binary.BigEndian.AppendUint32(head, uint32(size))
}

func sendNothing(s *server, w io.Writer, _ error) error {
	_, err := w.Write(s.head(false, 0))
	return err
}

func logMissed(s *server, name string, err error) { s.say("Cannot send %q: %v.", name, err) }

// piece is how much is written at once.
const piece = 64 << 10

func sendData(w io.Writer, head []byte, f *content) error {
	b := make([]byte, piece)
	n := copy(b, head)
	for {
		more, err := f.Read(b[n:])
		if n += more; n == 0 {
			return nil
		}
		if err != nil && err != io.EOF {
			return err
		}
		if _, err := w.Write(b[:n]); err != nil {
			return err
		}
		n = 0
	}
}

func logSent(s *server, name string, f *content) { s.say("%d bytes of %q sent.", f.size, name) }

func complain(s *server, _ net.Conn, err error) { s.say("Error: %v.", err) }
