package mailbox

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"netproctor/reference"
)

// A client is a mailbox client in exchangeable parts. clientParts gives the
// right ones; a wrong client has one of them replaced.
type client struct {
	count     func(args []string) error
	port      func(arg string) (int, error)
	user      func(arg string) error
	operation func(arg string) (id byte, err error)

	receiver, message func(answer string) error
	prompt            func(s *session, what string, valid func(string) error) (string, error)
	prompts           func(s *session, c *client) (receiver, message string, err error)
	early             bool // connects before it prompts

	encode func(r request) []byte
	dial   func(s *session, host string, port int) (net.Conn, error)
	send   func(c net.Conn, b []byte) error
	sent   func(s *session)
	done   func(s *session, c net.Conn) // after a create

	timer  func(c net.Conn) io.Reader // reads that give up in a gap
	fill   func(r io.Reader, b []byte) error
	header func(h []byte) error
	item   func(n int, senderLen, messageLen int) error
	lens   func(h []byte) (senderLen, messageLen int)
	skips  bool // goes on behind an erroneous message
	report func(s *session, items []item)
	more   func(s *session, more byte)

	fail func(s *session, err error)
	end  func(s *session, c net.Conn)

	session *session // of this run
}

// A session is one run of a client.
type session struct {
	reference.Env
	ctx   context.Context
	lines *bufio.Reader
}

func (s *session) say(format string, a ...any) { fmt.Fprintf(s.Out, format+"\n", a...) }

// A request is what a client was asked to send.
type request struct {
	id                      byte
	user, receiver, message string
}

// An item is one message of a response.
type item struct{ sender, text []byte }

const (
	clientMagic    = 0xAE73
	clientRead     = 1
	clientCreate   = 2
	clientResponse = 3
	clientGap      = time.Second
)

// The faults that a client finds.
var (
	errResolve = errors.New("cannot find the host")
	errConnect = errors.New("cannot connect to the server")
	errSilent  = errors.New("the server was silent for a second")
	errShort   = errors.New("the response ended early")
)

func clientParts() *client {
	return &client{
		count: checkCount, port: parsePort, user: checkUser, operation: parseOperation,
		receiver: atMost("receiver", 255), message: atMost("message", 65535),
		prompt: promptUntilValid, prompts: receiverFirst,
		encode: encodeRequest, dial: dialServer, send: sendAll,
		sent:  func(s *session) { s.say("The request was sent.") },
		done:  func(*session, net.Conn) {},
		timer: gapTimer(clientGap), fill: fillAll,
		header: checkHeader, item: checkItem, lens: itemLens,
		report: reportItems, more: reportMore,
		fail: func(s *session, err error) { s.say("Error: %v.", err) },
		end:  func(_ *session, c net.Conn) { c.Close() },
	}
}

// main is the program.
func (c *client) main(ctx context.Context, env reference.Env) int {
	s := &session{Env: env, ctx: ctx, lines: bufio.NewReader(env.In)}
	c.session = s
	if err := c.run(s); err != nil {
		c.fail(s, err)
		return 1
	}
	return 0
}

func (c *client) run(s *session) error {
	r, port, err := c.parse(s)
	if err != nil {
		return err
	}
	var conn net.Conn
	if c.early {
		if conn, err = c.dial(s, s.Args[0], port); err != nil {
			return err
		}
		defer func() { c.end(s, conn) }()
	}
	if r.id == clientCreate {
		if r.receiver, r.message, err = c.prompts(s, c); err != nil {
			return err
		}
	}
	if conn == nil {
		if conn, err = c.dial(s, s.Args[0], port); err != nil {
			return err
		}
		defer func() { c.end(s, conn) }()
	}
	return c.exchange(s, conn, r)
}

// parse checks the command line.
func (c *client) parse(s *session) (r request, port int, err error) {
	if err = c.count(s.Args); err != nil {
		return r, 0, err
	}
	if port, err = c.port(s.Args[1]); err != nil {
		return r, 0, err
	}
	r.user = s.Args[2]
	if err = c.user(r.user); err != nil {
		return r, 0, err
	}
	operation := "read"
	if len(s.Args) > 3 {
		operation = s.Args[3]
	}
	r.id, err = c.operation(operation)
	return r, port, err
}

func (c *client) exchange(s *session, conn net.Conn, r request) error {
	if err := c.send(conn, c.encode(r)); err != nil {
		return err
	}
	c.sent(s)
	if r.id == clientCreate {
		c.done(s, conn)
		return nil
	}
	items, more, err := c.response(c.timer(conn))
	if err != nil {
		return err
	}
	c.report(s, items)
	c.more(s, more)
	return nil
}

// response reads all messages before any is printed.
func (c *client) response(r io.Reader) (items []item, more byte, err error) {
	h := make([]byte, 5)
	if err := c.fill(r, h); err != nil {
		return nil, 0, err
	}
	if err := c.header(h); err != nil {
		return nil, 0, err
	}
	for n := range int(h[3]) {
		m, err := c.next(r, n)
		if c.skips && errors.Is(err, errLength) {
			continue
		}
		if err == io.EOF { // the right parts never say so
			break
		}
		if err != nil {
			return items, h[4], err
		}
		items = append(items, m)
	}
	return items, h[4], nil
}

// next reads the n-th message.
func (c *client) next(r io.Reader, n int) (item, error) {
	h := make([]byte, 3)
	if err := c.fill(r, h); err != nil {
		return item{}, err
	}
	senderLen, messageLen := c.lens(h)
	wrong := c.item(n, senderLen, messageLen)
	if wrong != nil && !c.skips {
		return item{}, wrong
	}
	body := make([]byte, senderLen+messageLen)
	if err := c.fill(r, body); err != nil {
		return item{}, err
	}
	return item{body[:senderLen], body[senderLen:]}, wrong
}

// The right parts, in the order of a run.

func checkCount(args []string) error {
	if len(args) != 4 {
		return errors.New("wanted HOST PORT USER read|create")
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

func checkUser(arg string) error { return atMost("user", 255)(arg) }

// atMost is the limit of a text's length in bytes.
func atMost(what string, most int) func(string) error {
	return func(text string) error {
		if len(text) < 1 || len(text) > most {
			return fmt.Errorf("the %s must have 1 to %d bytes", what, most)
		}
		return nil
	}
}

// charactersAtMost is the same in characters, which is wrong.
func charactersAtMost(what string, most int) func(string) error {
	return func(text string) error {
		if n := utf8.RuneCountInString(text); n < 1 || n > most {
			return fmt.Errorf("the %s must have 1 to %d characters", what, most)
		}
		return nil
	}
}

func parseOperation(arg string) (byte, error) {
	switch arg {
	case "read":
		return clientRead, nil
	case "create":
		return clientCreate, nil
	}
	return 0, errors.New("the operation is read or create")
}

func promptUntilValid(s *session, what string, valid func(string) error) (string, error) {
	return promptTimes(1<<20)(s, what, valid)
}

// promptTimes gives up after a number of answers that are not valid.
func promptTimes(times int) func(s *session, what string, valid func(string) error) (string, error) {
	return func(s *session, what string, valid func(string) error) (answer string, err error) {
		for range times {
			answer = ask(s, what)
			if err = valid(answer); err == nil || s.ctx.Err() != nil {
				return answer, err
			}
			s.say("Error: %v.", err)
		}
		return "", err
	}
}

func ask(s *session, what string) string {
	fmt.Fprintf(s.Out, "%s: ", what)
	line, _ := s.lines.ReadString('\n')
	return strings.TrimSuffix(line, "\n")
}

func receiverFirst(s *session, c *client) (receiver, message string, err error) {
	if receiver, err = c.prompt(s, "Receiver", c.receiver); err != nil {
		return "", "", err
	}
	message, err = c.prompt(s, "Message", c.message)
	return receiver, message, err
}

func encodeRequest(r request) []byte {
	b := binary.BigEndian.AppendUint16(nil, clientMagic)
	b = append(b, r.id, byte(len(r.user)), byte(len(r.receiver)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(r.message)))
	return slices.Concat(b, []byte(r.user), []byte(r.receiver), []byte(r.message))
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
		return errID
	case h[4] > 1:
		return errMore
	}
	return nil
}

var (
	errMagic  = errors.New("the response has a wrong magic number")
	errID     = errors.New("the response has a wrong id")
	errMore   = errors.New("the response has a wrong MoreMsgs")
	errLength = errors.New("the response holds an empty sender or text")
)

func checkItem(_, senderLen, messageLen int) error {
	if senderLen == 0 || messageLen == 0 {
		return errLength
	}
	return nil
}

func itemLens(h []byte) (senderLen, messageLen int) {
	return int(h[0]), int(binary.BigEndian.Uint16(h[1:]))
}

func reportItems(s *session, items []item) {
	if len(items) == 0 {
		s.say("There are no messages for you.")
	}
	for _, m := range items {
		s.say("From %s: %s", m.sender, m.text)
	}
}

func reportMore(s *session, more byte) {
	if more == 1 {
		s.say("The server holds more messages.")
	}
}
