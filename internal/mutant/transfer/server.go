// Package transfer holds wrong servers and clients of the transfer protocol, and
// right ones that go about it in their own way.
package transfer

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
	"strings"

	"netproctor/reference"
)

// A server is a transfer server in exchangeable parts. serverParts gives the
// right ones; a wrong server has one of them replaced.
type server struct {
	args    func(args []string) (port int, verbose bool, err error)
	listen  func(s *server, port int) (net.Listener, error)
	serve   func(s *server, l net.Listener)
	wrap    func(c net.Conn) net.Conn
	greet   func(s *server, c net.Conn) error
	command func(c net.Conn) (string, error)
	choose  func(command string) (verb, name string)
	unknown func(s *server, c net.Conn, command string) error
	failed  func(s *server, c net.Conn, err error) // an exchange that ended early
	end     func(s *server, c net.Conn)

	get, put, del func(s *server, c net.Conn, name string) error

	open     func(s *server, name string) (io.ReadCloser, int64, error)
	readies  func(c net.Conn) error // waits for the client's READY
	announce func(size int64) []byte
	okays    func(c net.Conn) error // waits for the client's OK
	send     func(c net.Conn, file io.Reader, size int64) error
	done     string // behind the data of a GET

	create  func(s *server, name string) (io.WriteCloser, error)
	size    func(c net.Conn) (int64, error)
	okay    string // behind the size of a PUT
	receive func(c net.Conn, file io.Writer, size int64) error
	remove  func(s *server, path string) error

	missing, unable func(name string) string // refusals

	log   func(s *server, line string)
	lines lines

	env     reference.Env
	ctx     context.Context
	verbose bool
	over    bool // accept no more
}

// lines are what a server says with -v.
type lines struct {
	waiting, connected, request, receiving, sending, deleting string
}

func serverLines() lines {
	return lines{
		waiting: "server waiting on port %d", connected: "server connected to client at %s:%s",
		request: "server receiving request: %s", receiving: "server receiving %d bytes",
		sending: "server sending %d bytes", deleting: "server deleting file %s",
	}
}

const (
	blockSize = 1024
	sizeBytes = 8
)

// errLeft is a client that went away.
var errLeft = errors.New("the client left")

func serverParts() *server {
	return &server{
		args: serverArgs, listen: listenAll, serve: acceptLoop,
		wrap:    func(c net.Conn) net.Conn { return c },
		greet:   func(_ *server, c net.Conn) error { return say(c, "READY") },
		command: readCommand, choose: splitCommand,
		unknown: func(*server, net.Conn, string) error { return nil },
		failed:  func(*server, net.Conn, error) {},
		end:     func(_ *server, c net.Conn) { c.Close() },
		get:     get, put: put, del: del,
		open: openFile, readies: hears("READY"), announce: bigEndian, okays: hears("OK"), send: sendBlocks, done: "DONE",
		create: createFile, size: readSize, okay: "OK", receive: receiveBlocks,
		remove:  func(_ *server, path string) error { return os.Remove(path) },
		missing: func(name string) string { return "ERROR: " + name + " does not exist" },
		unable:  func(name string) string { return "ERROR: unable to create file " + name },
		log: func(s *server, line string) {
			if s.verbose {
				fmt.Fprintln(s.env.Out, line)
			}
		},
		lines: serverLines(),
	}
}

// main is the program.
func (s *server) main(ctx context.Context, e reference.Env) int {
	s.env, s.ctx = e, ctx
	port, verbose, err := s.args(e.Args)
	if err != nil {
		fmt.Fprintf(e.Out, "usage: server PORT [-v]: %v\n", err)
		return 2
	}
	s.verbose = verbose
	l, err := s.listen(s, port)
	if err != nil {
		fmt.Fprintf(e.Out, "cannot listen: %v\n", err)
		return 1
	}
	defer l.Close()
	s.serve(s, l)
	return 0
}

func serverArgs(args []string) (port int, verbose bool, err error) {
	if len(args) < 1 || len(args) > 2 {
		return 0, false, fmt.Errorf("wanted one or two parameters, got %d", len(args))
	}
	port, err = strconv.Atoi(args[0])
	return port, len(args) == 2 && args[1] == "-v", err
}

func listenAll(s *server, port int) (net.Listener, error) {
	return s.env.Listen("tcp", net.JoinHostPort("0.0.0.0", strconv.Itoa(port)))
}

// logf logs one of s.lines; an empty one is not said.
func (s *server) logf(format string, a ...any) {
	if format != "" {
		s.log(s, fmt.Sprintf(format, a...))
	}
}

// acceptLoop serves one client after the other.
func acceptLoop(s *server, l net.Listener) {
	for !s.over {
		s.waiting(l)
		c, err := l.Accept()
		if err != nil {
			return
		}
		s.client(c)
	}
}

func (s *server) waiting(l net.Listener) {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	s.logf(s.lines.waiting, n)
}

// client is the life of a connection.
func (s *server) client(c net.Conn) {
	host, port, _ := net.SplitHostPort(c.RemoteAddr().String())
	s.logf(s.lines.connected, host, port)
	if err := s.exchange(s.wrap(c)); err != nil {
		s.failed(s, c, err)
	}
	s.end(s, c)
}

func (s *server) exchange(c net.Conn) error {
	if err := s.greet(s, c); err != nil {
		return err
	}
	command, err := s.command(c)
	if err != nil {
		return err
	}
	s.logf(s.lines.request, command)
	verb, name := s.choose(command)
	switch verb {
	case "GET":
		return s.get(s, c, name)
	case "PUT":
		return s.put(s, c, name)
	case "DEL":
		return s.del(s, c, name)
	}
	return s.unknown(s, c, command)
}

// readCommand takes what one read gives.
func readCommand(c net.Conn) (string, error) {
	b := make([]byte, 4096)
	n, err := c.Read(b)
	return string(b[:n]), err
}

func splitCommand(command string) (verb, name string) {
	verb, name, _ = strings.Cut(command, " ")
	return verb, name
}

func get(s *server, c net.Conn, name string) error {
	file, size, err := s.open(s, name)
	if err != nil {
		return say(c, s.missing(name))
	}
	defer file.Close()
	if err := say(c, "OK"); err != nil {
		return err
	}
	if err := s.readies(c); err != nil {
		return err
	}
	if err := say(c, string(s.announce(size))); err != nil {
		return err
	}
	if err := s.okays(c); err != nil {
		return err
	}
	s.logf(s.lines.sending, size)
	if err := s.send(c, file, size); err != nil {
		return err
	}
	return say(c, s.done)
}

func put(s *server, c net.Conn, name string) error {
	file, err := s.create(s, name)
	if err != nil {
		return say(c, s.unable(name))
	}
	defer file.Close()
	if err := say(c, "OK"); err != nil {
		return err
	}
	size, err := s.size(c)
	if err != nil {
		return err
	}
	s.logf(s.lines.receiving, size)
	if err := say(c, s.okay); err != nil {
		return err
	}
	if err := s.receive(c, file, size); err != nil {
		return err
	}
	file.Close()
	return say(c, "DONE")
}

func del(s *server, c net.Conn, name string) error {
	path, err := s.path(name)
	if err == nil {
		_, err = os.Lstat(path)
	}
	if err != nil {
		return say(c, s.missing(name))
	}
	s.logf(s.lines.deleting, name)
	if err := s.remove(s, path); err != nil {
		return say(c, "ERROR: unable to delete "+name)
	}
	return say(c, "DONE")
}

// path is where a file is, if it is inside the served folder.
func (s *server) path(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s is not ours", name)
	}
	return filepath.Join(s.env.Dir, name), nil
}

func openFile(s *server, name string) (io.ReadCloser, int64, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, 0, err
	}
	return openAt(path)
}

func openAt(path string) (io.ReadCloser, int64, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

func createFile(s *server, name string) (io.WriteCloser, error) {
	return createWith(os.O_TRUNC)(s, name)
}

// createWith opens a file for writing, in a way of its own.
func createWith(flags int) func(s *server, name string) (io.WriteCloser, error) {
	return func(s *server, name string) (io.WriteCloser, error) {
		path, err := s.path(name)
		if err != nil {
			return nil, err
		}
		return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o666)
	}
}

// say sends a token.
func say(c net.Conn, token string) error {
	if token == "" {
		return nil
	}
	_, err := c.Write([]byte(token))
	return err
}

// hears waits for a word, and takes no more than that.
func hears(word string) func(c net.Conn) error {
	return func(c net.Conn) error {
		_, err := io.ReadFull(c, make([]byte, len(word)))
		return err
	}
}

func bigEndian(size int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(size)) }

func readSize(c net.Conn) (int64, error) {
	b := make([]byte, sizeBytes)
	_, err := io.ReadFull(c, b)
	return int64(binary.BigEndian.Uint64(b)), err
}

// sendBlocks sends a file in blocks.
func sendBlocks(c net.Conn, file io.Reader, _ int64) error { return sendIn(blockSize)(c, file, 0) }

// sendIn sends a file in blocks of another size.
func sendIn(block int) func(c net.Conn, file io.Reader, size int64) error {
	return func(c net.Conn, file io.Reader, _ int64) error {
		b := make([]byte, block)
		for {
			n, err := file.Read(b)
			if n == 0 || err != nil {
				return nil
			}
			if _, err := c.Write(b[:n]); err != nil {
				return err
			}
		}
	}
}

func receiveBlocks(c net.Conn, file io.Writer, size int64) error {
	return receiveIn(blockSize)(c, file, size)
}

// receiveIn receives a file with reads of another size.
func receiveIn(block int64) func(c net.Conn, file io.Writer, size int64) error {
	return func(c net.Conn, file io.Writer, size int64) error {
		b := make([]byte, block)
		for left := size; left > 0; {
			n, err := c.Read(b[:min(left, block)])
			if n == 0 && err != nil {
				return errLeft
			}
			file.Write(b[:n])
			left -= int64(n)
		}
		return nil
	}
}
