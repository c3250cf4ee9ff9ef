package mailbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"time"

	"netproctor/reference"
)

// A server is a mailbox server in exchangeable parts. serverParts gives the
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
	split   func(h header, body []byte) letter
	choose  func(id byte) (create bool)

	keep    func(s *server, l letter)
	created func(s *server, l letter)          // logs
	take    func(s *server, user string) batch // removes what it gives
	encode  func(b batch) []byte
	write   func(w io.Writer, b []byte) error
	sent    func(s *server, user string, n int) // logs

	complain func(s *server, c net.Conn, err error)
	end      func(s *server, c net.Conn, outcome outcome)

	env   reference.Env
	ctx   context.Context
	boxes map[string][]letter // by receiver, oldest first
	order []string            // receivers, in the order in which they were first heard of
	over  bool                // accept no more
}

// A header is the seven bytes that a request begins with.
type header struct {
	magic          uint16
	id             byte
	name, receiver int
	message        int
}

// A letter is a request; for a read only name is set.
type letter struct{ name, receiver, text string }

// A batch is what one response holds.
type batch struct {
	letters []letter
	left    int // letters that stay
}

// An outcome says how a connection went.
type outcome int

const (
	erroneous outcome = iota
	wasRead
	wasCreated
)

const (
	serverMagic = 0xAE73
	serverGap   = time.Second
	headerSize  = 7
	mostItems   = 255
)

// errEarly is a request that ends before it is complete.
var errEarly = errors.New("the request ended early")

// say prints a line.
func (s *server) say(format string, a ...any) { fmt.Fprintf(s.env.Out, format+"\n", a...) }

func serverParts() *server {
	return &server{
		args: parseArgs, listen: listenEverywhere, refuse: refuse, serve: acceptLoop, accepted: logAccepted,
		timer: patience(serverGap), header: readHeader, rules: slices.Clone(allRules), body: readBody, surplus: refuseSurplus,
		split: split, choose: func(id byte) bool { return id == 2 },
		keep: keep, created: logCreated, take: take, encode: encode, write: writeAll, sent: logSent,
		complain: complain, end: func(_ *server, c net.Conn, _ outcome) { c.Close() },
		boxes: map[string][]letter{},
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

var errArgs = errors.New("wanted one parameter, the port")
var errNumber = errors.New("the port must be a number")
var errRange = errors.New("the port must be from 1024 to 64000")

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

func logAccepted(s *server, c net.Conn) { s.say("Connection from %s.", c.RemoteAddr()) }

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
	body, err := s.body(c, h.length())
	if err == nil {
		err = s.surplus(h, body)
	}
	if err != nil {
		return erroneous, err
	}
	return s.answer(c, h.id, s.split(h, body))
}

func (s *server) answer(c net.Conn, id byte, l letter) (outcome, error) {
	if s.choose(id) {
		s.keep(s, l)
		s.created(s, l)
		return wasCreated, nil
	}
	b := s.take(s, l.name)
	if err := s.write(c, s.encode(b)); err != nil {
		return erroneous, err
	}
	s.sent(s, l.name, len(b.letters))
	return wasRead, nil
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
	return header{
		magic: binary.BigEndian.Uint16(b), id: b[2], name: int(b[3]), receiver: int(b[4]),
		message: int(binary.BigEndian.Uint16(b[5:])),
	}
}

func (h header) length() int { return h.name + h.receiver + h.message }

// A rule is what must not be true of a header.
type rule struct {
	name  string
	wrong func(h header) bool
}

const (
	ruleMagic          = "magic number"
	ruleID             = "ID"
	ruleNameRead       = "name length of a read"
	ruleNameCreate     = "name length of a create"
	ruleReceiverRead   = "receiver length of a read"
	ruleReceiverCreate = "receiver length of a create"
	ruleMessageRead    = "message length of a read"
	ruleMessageCreate  = "message length of a create"
)

var allRules = []rule{
	{ruleMagic, func(h header) bool { return h.magic != serverMagic }},
	{ruleID, func(h header) bool { return h.id != 1 && h.id != 2 }},
	{ruleNameRead, func(h header) bool { return h.id != 2 && h.name == 0 }},
	{ruleNameCreate, func(h header) bool { return h.id == 2 && h.name == 0 }},
	{ruleReceiverRead, func(h header) bool { return h.id == 1 && h.receiver != 0 }},
	{ruleReceiverCreate, func(h header) bool { return h.id == 2 && h.receiver == 0 }},
	{ruleMessageRead, func(h header) bool { return h.id == 1 && h.message != 0 }},
	{ruleMessageCreate, func(h header) bool { return h.id == 2 && h.message == 0 }},
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
	if len(body) > h.length() {
		return errSurplus
	}
	return nil
}

func split(h header, body []byte) letter {
	receiver := body[h.name:]
	return letter{string(body[:h.name]), string(receiver[:h.receiver]), string(receiver[h.receiver : h.receiver+h.message])}
}

func keep(s *server, l letter) {
	if _, known := s.boxes[l.receiver]; !known {
		s.order = append(s.order, l.receiver)
	}
	s.boxes[l.receiver] = append(s.boxes[l.receiver], l)
}

func take(s *server, user string) batch {
	box := s.boxes[user]
	n := min(len(box), mostItems)
	s.boxes[user] = box[n:]
	return batch{box[:n:n], len(box) - n}
}

func logCreated(s *server, l letter) { s.say("%s left a message for %s.", l.name, l.receiver) }

func logSent(s *server, user string, n int) { s.say("%d messages sent to %s.", n, user) }

func encode(b batch) []byte {
	out := responseHeader(len(b.letters), min(b.left, 1))
	for _, l := range b.letters {
		out = append(out, byte(len(l.name)))
		out = binary.BigEndian.AppendUint16(out, uint16(len(l.text)))
		out = append(append(out, l.name...), l.text...)
	}
	return out
}

func responseHeader(n, more int) []byte {
	return []byte{serverMagic >> 8, serverMagic & 0xFF, 3, byte(n), byte(more)}
}

func writeAll(w io.Writer, b []byte) error {
	for len(b) > 0 {
		n, err := w.Write(b[:min(len(b), 64<<10)])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func complain(s *server, _ net.Conn, err error) { s.say("Error: %v.", err) }
