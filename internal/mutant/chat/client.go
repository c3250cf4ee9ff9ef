package chat

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"netproctor/reference"
)

// A client is a chat client in exchangeable parts. clientParts gives the right
// ones; a wrong client has one of them replaced. One goroutine does all that the
// keyboard and the server ask for, others only read.
type client struct {
	enough func(args []string) bool
	usage  func(c *client)
	unable func(c *client, err error)
	begun  func(c *client)

	heard  func(c *client, data []byte)
	show   func(c *client, text string)
	prompt func(c *client)

	typed    func(c *client, line string)
	say      func(c *client, line string)
	send     func(c *client, b []byte)
	upload   func(c *client, line string)
	read     func(path string) ([]byte, error)
	command  func(name string, content []byte) string
	body     func(c *client, content []byte)
	uploaded func(c *client, name string)
	missing  func(c *client, err error)

	closed    func(c *client, err error)
	interrupt func(c *client)

	env       reference.Env
	ctx       context.Context
	conn      net.Conn
	announced bool // the last line was the announcement
	stop      bool // the program is to end
}

const (
	announcement = "I will upload a file"
	promptText   = "[You] "
	clientPause  = 30 * time.Millisecond
)

// Something that came from the server: bytes, or the end.
type arrival struct {
	data []byte
	err  error
}

func clientParts() *client {
	return &client{
		enough: func(args []string) bool { return len(args) >= 2 },
		usage:  func(c *client) { c.print("valid format : cli HOST PORT\n") },
		unable: func(c *client, _ error) { c.print("Unable to connect\n") },
		begun:  func(*client) {},
		heard:  func(c *client, data []byte) { c.show(c, string(data)) },
		show:   show, prompt: func(c *client) { c.print(promptText) },
		typed: typed, say: say, send: func(c *client, b []byte) { c.conn.Write(b) },
		upload: uploadFile, read: os.ReadFile, command: command,
		body:      func(c *client, content []byte) { c.send(c, content) },
		uploaded:  func(c *client, name string) { c.show(c, "> File '"+name+"' has uploaded!") },
		missing:   func(c *client, err error) { c.show(c, "> cannot upload: "+err.Error()) },
		closed:    func(c *client, _ error) { c.print("\n server closed\n") },
		interrupt: func(c *client) { c.print("\nexit\n") },
	}
}

// main is the program.
func (c *client) main(ctx context.Context, e reference.Env) int {
	c.env, c.ctx = e, ctx
	if !c.enough(e.Args) {
		c.usage(c)
		return 1
	}
	conn, err := e.Dial(ctx, "tcp", net.JoinHostPort(c.env.Args[0], c.env.Args[1]))
	if err != nil {
		c.unable(c, err)
		return 1
	}
	defer conn.Close()
	c.conn = conn
	c.begun(c)
	c.chat()
	return 0
}

// chat does one thing after the other.
func (c *client) chat() {
	over := make(chan struct{})
	defer close(over)
	lines, arrivals := make(chan string), make(chan arrival)
	go c.readLines(lines, over)
	go c.readServer(arrivals, over)
	interrupted := c.ctx.Done()
	for !c.stop {
		select {
		case line, open := <-lines:
			if !open {
				return
			}
			c.typed(c, line)
		case a := <-arrivals:
			if a.err != nil {
				arrivals, c.stop = nil, true
				c.closed(c, a.err)
				continue
			}
			c.heard(c, a.data)
		case <-interrupted:
			interrupted, c.stop = nil, true
			c.interrupt(c)
		}
	}
}

func (c *client) readLines(lines chan<- string, over <-chan struct{}) {
	defer close(lines)
	in := bufio.NewScanner(c.env.In)
	for in.Scan() {
		select {
		case lines <- in.Text():
		case <-over:
			return
		}
	}
}

func (c *client) readServer(arrivals chan<- arrival, over <-chan struct{}) {
	for {
		b := make([]byte, 4096)
		n, err := c.conn.Read(b)
		if n > 0 {
			err = nil
		}
		select {
		case arrivals <- arrival{b[:n], err}:
		case <-over:
			return
		}
		if err != nil {
			return
		}
	}
}

func (c *client) print(text string) { fmt.Fprint(c.env.Out, text) }

// The right parts, in the order of a run.

func show(c *client, text string) {
	c.print("\r" + text + "\n")
	c.prompt(c)
}

func typed(c *client, line string) {
	if c.announced && strings.HasPrefix(line, "#upload") {
		c.announced = false
		c.upload(c, line)
		return
	}
	c.announced = line == announcement
	c.say(c, line)
}

func say(c *client, line string) {
	if line != "" {
		c.send(c, []byte(line))
	}
	c.prompt(c)
}

var errName = errors.New("a name stands in quotes")

// fileName is the name in a command.
func fileName(line string) (string, error) {
	parts := strings.Split(line, "'")
	if len(parts) != 3 {
		return "", errName
	}
	return parts[1], nil
}

func uploadFile(c *client, line string) {
	name, err := fileName(line)
	var content []byte
	if err == nil {
		content, err = c.read(filepath.Join(c.env.Dir, name))
	}
	if err != nil {
		c.missing(c, err)
		return
	}
	c.send(c, []byte(c.command(name, content)))
	time.Sleep(clientPause)
	c.body(c, content)
	c.uploaded(c, name)
}

func command(name string, content []byte) string {
	return fmt.Sprintf("#upload '%s' %d", name, len(content))
}
