package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"netproctor/reference"
)

// A server is a chat server in exchangeable parts. serverParts gives the right
// ones; a wrong server has one of them replaced. All that happens is done by one
// goroutine, one thing after the other, as select() would give it: others only
// read and write.
type server struct {
	enough  func(args []string) bool
	usage   func(s *server)
	folder  func(s *server) error
	listen  func(s *server, host, port string) (net.Listener, error)
	started func(s *server, port string)

	came   func(s *server, p *peer)
	greet  func(s *server, p *peer)
	enter  func(s *server, p *peer)
	heard  func(s *server, p *peer, data []byte)
	speak  func(s *server, p *peer, data []byte)
	leave  func(s *server, p *peer, err error)
	online func(n int) string
	count  func(s *server, by int)
	others func(s *server, from *peer) []*peer
	print  func(s *server, text string)
	send   func(s *server, to *peer, b []byte)

	parse    func(s *server, data []byte) (upload, error)
	path     func(name string) string
	open     func(s *server, path string) (io.WriteCloser, error)
	begin    func(s *server, p *peer, u upload)
	take     func(s *server, p *peer, data []byte)
	uploaded func(s *server, p *peer)
	aborted  func(s *server, p *peer)

	interrupt func(s *server)

	env      reference.Env
	ctx      context.Context
	peers    []*peer // in the order in which they came
	n        int     // how many the texts say that there are
	arrivals chan net.Conn
	events   chan event
	over     chan struct{} // closed when the program ends
	stop     bool          // the program is to end
}

// A peer is a client as the server knows it.
type peer struct {
	conn net.Conn
	name string // IP:PORT
	out  chan []byte
	file io.WriteCloser // what is being uploaded, or nil
	left int            // bytes of it to come
	said int            // messages so far
}

// An upload is a command.
type upload struct {
	name string
	size int
}

// An event is what a client sent, or the end of its connection.
type event struct {
	from *peer
	data []byte
	err  error
}

// bufferSize is how much is read at once, backlog how many messages a client may
// be behind.
const bufferSize, backlog = 16 << 10, 4096

// uploadFolder is where files go.
const uploadFolder = "server"

func serverParts() *server {
	return &server{
		enough: func(args []string) bool { return len(args) >= 2 },
		usage:  func(s *server) { s.print(s, "valid format : srv HOST PORT") },
		folder: makeFolder, listen: listenAt,
		started: func(s *server, port string) { s.print(s, "Chat server started on port "+port+".") },
		came:    came, greet: greet, enter: enter, heard: heard, speak: speak, leave: leave, online: online,
		count: func(s *server, by int) { s.n += by }, others: others, print: printLine, send: queue,
		parse: parse, path: func(name string) string { return filepath.Join(uploadFolder, filepath.Base(name)) },
		open: create, begin: begin, take: take, uploaded: uploaded, aborted: func(*server, *peer) {},
		interrupt: func(s *server) { s.print(s, "\nexit") },
		arrivals:  make(chan net.Conn), events: make(chan event), over: make(chan struct{}),
	}
}

// main is the program.
func (s *server) main(ctx context.Context, e reference.Env) int {
	s.env, s.ctx = e, ctx
	if !s.enough(e.Args) {
		s.usage(s)
		return 1
	}
	if err := s.folder(s); err != nil {
		s.print(s, "error: "+err.Error())
		return 1
	}
	l, err := s.listen(s, s.env.Args[0], s.env.Args[1])
	if err != nil {
		s.print(s, "error: "+err.Error())
		return 1
	}
	defer s.end(l)
	s.started(s, s.env.Args[1])
	go s.accept(l)
	s.serve()
	return 0
}

// end closes everything.
func (s *server) end(l net.Listener) {
	close(s.over)
	l.Close()
	for _, p := range s.peers {
		p.conn.Close()
		close(p.out)
	}
}

func (s *server) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			close(s.arrivals)
			return
		}
		select {
		case s.arrivals <- c:
		case <-s.over:
			c.Close()
			return
		}
	}
}

// serve does one thing after the other.
func (s *server) serve() {
	interrupted := s.ctx.Done()
	for !s.stop {
		select {
		case c, open := <-s.arrivals:
			if !open {
				return // nobody can come any more
			}
			s.welcome(c)
		case e := <-s.events:
			s.handle(e)
		case <-interrupted:
			interrupted, s.stop = nil, true
			s.interrupt(s)
		}
	}
}

func (s *server) welcome(c net.Conn) {
	p := &peer{conn: c, name: c.RemoteAddr().String(), out: make(chan []byte, backlog)}
	s.peers = append(s.peers, p)
	go p.write()
	s.came(s, p)
	go s.read(p)
}

func (s *server) handle(e event) {
	switch {
	case !slices.Contains(s.peers, e.from):
	case e.err != nil:
		if e.from.file != nil {
			e.from.file.Close()
			s.aborted(s, e.from)
		}
		s.leave(s, e.from, e.err)
	default:
		s.heard(s, e.from, e.data)
	}
}

// read gives the loop what comes from a client.
func (s *server) read(p *peer) {
	for {
		b := make([]byte, bufferSize)
		n, err := p.conn.Read(b)
		e := event{p, b[:n], nil}
		if n == 0 {
			e.err = err
		}
		select {
		case s.events <- e:
		case <-s.over:
			return
		}
		if e.err != nil {
			return
		}
	}
}

// write sends a client what is in its queue.
func (p *peer) write() {
	for b := range p.out {
		if _, err := p.conn.Write(b); err != nil {
			break
		}
	}
	p.conn.Close()
}

// remove forgets a client and closes its connection.
func (s *server) remove(p *peer) {
	s.peers = slices.DeleteFunc(s.peers, func(q *peer) bool { return q == p })
	close(p.out)
}

// tell prints a text and sends it to the others.
func (s *server) tell(from *peer, text string) {
	s.print(s, text)
	s.sendAll(from, text)
}

func (s *server) sendAll(from *peer, text string) {
	for _, p := range s.others(s, from) {
		s.send(s, p, []byte(text))
	}
}

// file is a path in the working directory.
func (s *server) file(path string) string { return filepath.Join(s.env.Dir, path) }

// The right parts, in the order of a run.

func makeFolder(s *server) error { return os.MkdirAll(s.file(uploadFolder), 0o755) }

func listenAt(s *server, host, port string) (net.Listener, error) {
	return s.env.Listen("tcp", net.JoinHostPort(host, port))
}

func came(s *server, p *peer) {
	s.count(s, 1)
	s.greet(s, p)
	s.enter(s, p)
}

func greet(s *server, p *peer) { s.send(s, p, []byte(s.greeting())) }

func (s *server) greeting() string { return "> Connected to the chat server " + s.online(s.n) }

func enter(s *server, p *peer) { s.tell(p, s.entered(p.name)) }

func (s *server) entered(name string) string {
	return "> New user " + name + " entered " + s.online(s.n)
}

func online(n int) string {
	if n > 1 {
		return fmt.Sprintf("(%d users online)", n)
	}
	return fmt.Sprintf("(%d user online)", n)
}

// heard tells uploads from messages.
func heard(s *server, p *peer, data []byte) {
	if p.file != nil {
		s.take(s, p, data)
		return
	}
	u, err := s.parse(s, data)
	if err == nil {
		s.begin(s, p, u)
		return
	}
	p.said++
	s.speak(s, p, data)
}

func speak(s *server, p *peer, data []byte) { s.tell(p, said(p.name, data)) }

func said(name string, data []byte) string { return "[" + name + "] " + string(data) }

func leave(s *server, p *peer, _ error) {
	s.remove(p)
	s.count(s, -1)
	s.tell(p, s.left(p.name))
}

func (s *server) left(name string) string { return "< The user " + name + " left " + s.online(s.n) }

func others(s *server, from *peer) []*peer {
	return slices.DeleteFunc(slices.Clone(s.peers), func(p *peer) bool { return p == from })
}

func printLine(s *server, text string) { fmt.Fprintln(s.env.Out, text) }

// queue never waits: a client that does not read for long is dropped.
func queue(_ *server, to *peer, b []byte) {
	select {
	case to.out <- b:
	default:
		to.conn.Close()
	}
}

var (
	errNoUpload = errors.New("no upload")
	errParts    = errors.New("an upload has a name and a size")
	errSize     = errors.New("the size must be a number")
)

// parse reads a command. One that is not right is a message.
func parse(_ *server, data []byte) (upload, error) {
	words := strings.Fields(string(data))
	if !strings.HasPrefix(string(data), "#upload") {
		return upload{}, errNoUpload
	}
	if len(words) != 3 {
		return upload{}, errParts
	}
	size, err := strconv.Atoi(words[2])
	if err != nil || size < 0 {
		return upload{}, errSize
	}
	return upload{strings.ReplaceAll(words[1], "'", ""), size}, nil
}

func create(_ *server, path string) (io.WriteCloser, error) { return os.Create(path) }

func begin(s *server, p *peer, u upload) {
	f, err := s.open(s, s.file(s.path(u.name)))
	if err != nil {
		f = discard{}
	}
	p.file, p.left = f, u.size
	s.finishIfWhole(p)
}

// take takes bytes of a file, and what is behind them.
func take(s *server, p *peer, data []byte) {
	n := min(len(data), p.left)
	p.file.Write(data[:n])
	p.left -= n
	s.finishIfWhole(p)
	if n < len(data) {
		s.heard(s, p, data[n:])
	}
}

func (s *server) finishIfWhole(p *peer) {
	if p.left == 0 {
		p.file.Close()
		p.file = nil
		s.uploaded(s, p)
	}
}

func uploaded(s *server, p *peer) { s.tell(p, hasUploaded(p.name)) }

func hasUploaded(name string) string { return "> User " + name + " has uploaded a file" }

// discard is a file that cannot be kept.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func (discard) Close() error { return nil }
