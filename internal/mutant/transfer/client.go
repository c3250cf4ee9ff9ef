package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"netproctor/reference"
)

// A client is a transfer client in exchangeable parts. clientParts gives the
// right ones; a wrong client has one of them replaced.
type client struct {
	check func(c *client) error // what can be known before
	dial  func(c *client) (net.Conn, error)
	wrap  func(conn net.Conn) net.Conn
	ready func(c *client, conn net.Conn) error // waits for the server's READY

	command func(verb, name string) string
	okay    func(c *client, conn net.Conn) error // waits for the server's OK
	done    func(c *client, conn net.Conn) error // waits for the server's DONE

	readies  string // behind the OK of a GET
	size     func(conn net.Conn) (int64, error)
	okays    string // behind the size of a GET
	create   func(c *client, name string) (io.WriteCloser, error)
	receive  func(conn net.Conn, file io.Writer, size int64) error
	early    bool // makes the file before it connects
	abandon  func(c *client, name string)
	open     func(path string) (io.ReadCloser, int64, error)
	announce func(size int64) []byte
	second   func(c *client, conn net.Conn) error // waits for the server's second OK
	send     func(conn net.Conn, file io.Reader, size int64) error

	prefix string // in front of what the server says
	strip  func(refusal string) string
	fail   func(c *client, err error)
	end    func(c *client, conn net.Conn)
	says   phrases

	env        reference.Env
	ctx        context.Context
	verb, name string
}

// phrases are what a client says.
type phrases struct {
	sending, receiving, deleting, complete string
	missing, unable                        string
}

func clientPhrases() phrases {
	return phrases{
		sending: "client sending file %s (%d bytes)", receiving: "client receiving file %s (%d bytes)",
		deleting: "client deleting file %s", complete: "Complete",
		missing: "client error: %s does not exist", unable: "client error: unable to create file %s",
	}
}

// A refusal is what the server says in place of a word.
type refusal string

func (r refusal) Error() string { return string(r) }

// A trouble is the client's own.
type trouble string

func (t trouble) Error() string { return string(t) }

// errWord is another word than was wanted.
var errWord = errors.New("the server says something else")

// refusalWait is how long the rest of a refusal may take.
const refusalWait = 100 * time.Millisecond

func clientParts() *client {
	return &client{
		check: checkLocal, dial: dialServer, wrap: func(conn net.Conn) net.Conn { return conn },
		ready:   answers("READY"),
		command: func(verb, name string) string { return verb + " " + name },
		okay:    answers("OK"), done: answers("DONE"), readies: "READY", size: readSize, okays: "OK",
		create: createLocal, receive: receiveBlocks, abandon: func(*client, string) {},
		open: openAt, announce: bigEndian, second: answers("OK"), send: sendBlocks,
		prefix: "server error: ", strip: func(r string) string { return strings.TrimPrefix(r, "ERROR: ") },
		fail: report, end: func(_ *client, conn net.Conn) { conn.Close() }, says: clientPhrases(),
	}
}

// main is the program.
func (c *client) main(ctx context.Context, e reference.Env) int {
	c.env, c.ctx = e, ctx
	if len(e.Args) != 4 {
		c.say("usage: client HOST PORT GET|PUT|DEL FILENAME")
		return 2
	}
	c.verb, c.name = e.Args[2], e.Args[3]
	if err := c.run(); err != nil {
		c.fail(c, err)
		return 1
	}
	return 0
}

func (c *client) say(format string, a ...any) {
	if format != "" {
		fmt.Fprintf(c.env.Out, format+"\n", a...)
	}
}

// report tells the user what went wrong.
func report(c *client, err error) {
	var r refusal
	if errors.As(err, &r) {
		c.say("%s%s", c.prefix, c.strip(string(r)))
		return
	}
	c.say("%v", err)
}

func (c *client) run() error {
	if err := c.check(c); err != nil {
		return err
	}
	var file io.WriteCloser
	if c.early && c.verb == "GET" {
		var err error
		if file, err = c.create(c, c.name); err != nil {
			return trouble(fmt.Sprintf(c.says.unable, c.name))
		}
		defer file.Close()
	}
	conn, err := c.dial(c)
	if err != nil {
		return err
	}
	defer c.end(c, conn)
	if err := c.exchange(c.wrap(conn), file); err != nil {
		c.abandon(c, c.name)
		return err
	}
	c.say(c.says.complete)
	return nil
}

func (c *client) exchange(conn net.Conn, file io.WriteCloser) error {
	if err := c.ready(c, conn); err != nil {
		return err
	}
	if c.verb == "DEL" && c.says.deleting != "" {
		c.say(c.says.deleting, c.name)
	}
	if err := say(conn, c.command(c.verb, c.name)); err != nil {
		return err
	}
	switch c.verb {
	case "GET":
		return c.get(conn, file)
	case "PUT":
		return c.put(conn)
	}
	return c.done(c, conn)
}

func (c *client) get(conn net.Conn, file io.WriteCloser) error {
	if err := c.okay(c, conn); err != nil {
		return err
	}
	if err := say(conn, c.readies); err != nil {
		return err
	}
	size, err := c.size(conn)
	if err != nil {
		return err
	}
	if file == nil {
		if file, err = c.create(c, c.name); err != nil {
			return trouble(fmt.Sprintf(c.says.unable, c.name))
		}
		defer file.Close()
	}
	if c.says.receiving != "" {
		c.say(c.says.receiving, c.name, size)
	}
	if err := say(conn, c.okays); err != nil {
		return err
	}
	if err := c.receive(conn, file, size); err != nil {
		return err
	}
	file.Close()
	return c.done(c, conn)
}

func (c *client) put(conn net.Conn) error {
	file, size, err := c.open(c.path(c.name))
	if err != nil {
		return trouble(fmt.Sprintf(c.says.missing, c.name))
	}
	defer file.Close()
	if err := c.okay(c, conn); err != nil {
		return err
	}
	if err := say(conn, string(c.announce(size))); err != nil {
		return err
	}
	if err := c.second(c, conn); err != nil {
		return err
	}
	if c.says.sending != "" {
		c.say(c.says.sending, c.name, size)
	}
	if err := c.send(conn, file, size); err != nil {
		return err
	}
	return c.done(c, conn)
}

func (c *client) path(name string) string { return filepath.Join(c.env.Dir, name) }

// checkLocal finds out what can be known before.
func checkLocal(c *client) error {
	info, err := os.Stat(c.path(c.name))
	switch c.verb {
	case "PUT":
		if err != nil || !info.Mode().IsRegular() {
			return trouble(fmt.Sprintf(c.says.missing, c.name))
		}
	case "GET":
		folder, bad := os.Stat(filepath.Dir(c.path(c.name)))
		if bad != nil || !folder.IsDir() || err == nil && !info.Mode().IsRegular() {
			return trouble(fmt.Sprintf(c.says.unable, c.name))
		}
	}
	return nil
}

func dialServer(c *client) (net.Conn, error) {
	return c.env.Dial(c.ctx, "tcp", net.JoinHostPort(c.env.Args[0], c.env.Args[1]))
}

func createLocal(c *client, name string) (io.WriteCloser, error) { return os.Create(c.path(name)) }

// answers waits for a word of the server's, or for a refusal.
func answers(word string) func(c *client, conn net.Conn) error {
	return func(_ *client, conn net.Conn) error {
		b := make([]byte, len(word))
		if _, err := io.ReadFull(conn, b[:1]); err != nil {
			return err
		}
		if b[0] == 'E' {
			return readRefusal(conn)
		}
		if _, err := io.ReadFull(conn, b[1:]); err != nil {
			return err
		}
		if string(b) != word {
			return errWord
		}
		return nil
	}
}

// readRefusal reads a refusal whose first byte was read, up to a silence.
func readRefusal(conn net.Conn) error {
	text, b := "E", make([]byte, 1024)
	for {
		conn.SetReadDeadline(time.Now().Add(refusalWait))
		n, err := conn.Read(b)
		text += string(b[:n])
		if err != nil {
			return refusal(text)
		}
	}
}
