package fileshare

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"netproctor/reference"
)

// A server is a file sharing server in exchangeable parts. serverParts gives
// the right ones; a wrong server has one of them replaced.
type server struct {
	begin    func(s *server) error // before anything else
	announce func(s *server)
	address  string // of the discovery socket
	run      func(s *server, l net.Listener, pc net.PacketConn)

	question func(b []byte) bool // is a request of discovery
	buffer   int                 // for datagrams
	answer   func(s *server, pc net.PacketConn, from net.Addr)
	datagram func(s *server, b []byte, err error) (on bool) // looks at each; false ends discovery

	accepted func(s *server, c net.Conn)
	reader   func(s *server, c net.Conn) io.Reader
	next     func(s *server, k *client) (bool, error) // does a command; false after the last
	unknown  func(s *server, k *client, b byte) (bool, error)
	left     func(s *server, c net.Conn, err error) // closes and logs

	fill  func(s *server, r io.Reader, b []byte) error
	name  func(s *server, r io.Reader) (string, error)
	check func(name string) error
	path  func(s *server, name string) string // of a name on the wire
	names func(s *server) []string
	list  func(s *server, k *client) []byte
	load  func(s *server, name string) ([]byte, error)
	size  func(n int) []byte
	write func(s *server, c net.Conn, b []byte) error
	got   func(s *server, k *client, name string, err error) (bool, error)
	take  func(s *server, k *client, name string, size uint64) ([]byte, error)
	store func(s *server, name string, data []byte) error
	put   func(s *server, k *client, name string) (bool, error)

	env   reference.Env
	ctx   context.Context
	conns *connSet
	lines sync.Mutex
	turn  chan struct{} // held by who must be alone
	memo  map[string]string
	count int
	stop  func() // ends the server
}

// A client is one connection, as the server sees it.
type client struct {
	c    net.Conn
	r    io.Reader
	done int // commands so far
	memo []string
}

const (
	discoveryPort = 30000
	sharingPort   = 30001
	discoveryText = "SERVICE DISCOVERY"
	serviceName   = "Mutant's File Sharing Service"
	cmdGet        = 1
	cmdPut        = 2
	cmdList       = 3
	cmdBye        = 4
)

var (
	errCut     = errors.New("the client left in the middle of a command")
	errUnknown = errors.New("unknown command")
	errName    = errors.New("a name that no file has")
	errMissing = errors.New("there is no such file")
)

func serverParts() *server {
	return &server{
		begin: func(*server) error { return nil }, announce: announce, address: ":30000", run: runThreads,
		question: func(b []byte) bool { return string(b) == discoveryText }, buffer: 64 << 10, answer: answerOnce,
		datagram: func(_ *server, _ []byte, err error) bool { return err == nil },
		accepted: func(s *server, c net.Conn) { s.say("Connection received from %s", c.RemoteAddr()) },
		reader:   func(_ *server, c net.Conn) io.Reader { return c },
		next:     nextCommand, unknown: func(*server, *client, byte) (bool, error) { return false, errUnknown }, left: left,
		fill: fillAll, name: readName, check: checkName, path: pathOf, names: namesNow, list: listNow, load: loadFile, size: size64,
		write: writeAll, got: func(_ *server, _ *client, _ string, err error) (bool, error) { return false, err },
		take: takeAll, store: storeWhole, put: putFile,
		turn: make(chan struct{}, 1), memo: map[string]string{}, conns: newConnSet(),
	}
}

// say prints a line, whichever thread prints it.
func (s *server) say(format string, a ...any) {
	s.lines.Lock()
	defer s.lines.Unlock()
	fmt.Fprintf(s.env.Out, format+"\n", a...)
}

// traceback prints what Python prints of an exception that nobody catches.
func (s *server) traceback(err error) {
	s.say("Exception in thread Thread-1:\nTraceback (most recent call last):\n  File \"server.py\", line 1, in handle\nError: %v", err)
}

// main is the program.
func (s *server) main(ctx context.Context, e reference.Env) int {
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	s.env, s.ctx = e, ctx
	if err := s.begin(s); err != nil {
		s.say("Error: %v", err)
		return 1
	}
	pc, err := e.ListenPacket("udp4", s.address)
	if err != nil {
		s.say("Error: %v", err)
		return 1
	}
	defer pc.Close()
	l, err := e.Listen("tcp", ":30001")
	if err != nil {
		s.say("Error: %v", err)
		return 1
	}
	defer l.Close()
	s.announce(s)
	defer context.AfterFunc(ctx, func() { l.Close(); pc.Close(); s.conns.close() })()
	s.run(s, l, pc)
	return 0
}

func announce(s *server) {
	s.say("Shared files:")
	for _, name := range s.names(s) {
		s.say("  %s", name)
	}
	s.say("Listening for service discovery messages on port %d", discoveryPort)
	s.say("Listening for file sharing connections on port %d", sharingPort)
}

// runThreads gives discovery and every client a thread.
func runThreads(s *server, l net.Listener, pc net.PacketConn) {
	var threads sync.WaitGroup
	defer threads.Wait()
	threads.Go(func() { s.discovery(pc) })
	s.acceptAll(l, func(c net.Conn) { threads.Go(func() { s.client(c) }) })
}

func (s *server) acceptAll(l net.Listener, do func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !s.conns.add(c) {
			return
		}
		do(c)
	}
}

func (s *server) discovery(pc net.PacketConn) {
	b := make([]byte, s.buffer)
	for {
		n, from, err := pc.ReadFrom(b)
		if !s.datagram(s, b[:n], err) {
			return
		}
		if s.question(b[:n]) {
			s.answer(s, pc, from)
		}
	}
}

func answerOnce(_ *server, pc net.PacketConn, from net.Addr) { pc.WriteTo([]byte(serviceName), from) }

// client is the life of a connection.
func (s *server) client(c net.Conn) {
	s.accepted(s, c)
	k := &client{c: c, r: s.reader(s, c)}
	for {
		more, err := s.next(s, k)
		k.done++
		if !more || err != nil {
			s.left(s, c, err)
			return
		}
	}
}

func left(s *server, c net.Conn, err error) {
	if err != nil {
		s.say("Client %s: %v", c.RemoteAddr(), err)
	}
	s.conns.remove(c)
	c.Close()
	s.say("Connection to %s closed", c.RemoteAddr())
}

func nextCommand(s *server, k *client) (bool, error) {
	b := make([]byte, 1)
	if _, err := io.ReadFull(k.r, b); err != nil {
		return false, nil
	}
	switch b[0] {
	case cmdBye:
		return false, nil
	case cmdList:
		return true, s.write(s, k.c, s.list(s, k))
	case cmdGet:
		return s.get(k)
	case cmdPut:
		name, err := s.name(s, k.r)
		if err == nil {
			err = s.check(name)
		}
		if err != nil {
			return false, err
		}
		return s.put(s, k, name)
	}
	return s.unknown(s, k, b[0])
}

func (s *server) get(k *client) (bool, error) {
	name, err := s.name(s, k.r)
	if err != nil {
		return false, err
	}
	if err := s.check(name); err != nil {
		return s.got(s, k, name, err)
	}
	data, err := s.load(s, name)
	if err != nil {
		return s.got(s, k, name, err)
	}
	return true, s.write(s, k.c, append(s.size(len(data)), data...))
}

func putFile(s *server, k *client, name string) (bool, error) {
	n := make([]byte, 8)
	if err := s.fill(s, k.r, n); err != nil {
		return false, err
	}
	data, err := s.take(s, k, name, binary.BigEndian.Uint64(n))
	if err != nil {
		return false, err
	}
	return true, s.store(s, name, data)
}

// The right parts, in the order of a command.

func fillAll(_ *server, r io.Reader, b []byte) error {
	if _, err := io.ReadFull(r, b); err != nil {
		return errCut
	}
	return nil
}

func readName(s *server, r io.Reader) (string, error) {
	n := make([]byte, 1)
	if err := s.fill(s, r, n); err != nil {
		return "", err
	}
	b := make([]byte, n[0])
	err := s.fill(s, r, b)
	return string(b), err
}

func checkName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || !utf8.ValidString(name) {
		return errName
	}
	return nil
}

func (s *server) folder() string { return filepath.Join(s.env.Dir, "server") }

func pathOf(s *server, name string) string { return filepath.Join(s.folder(), name) }

func namesNow(s *server) []string {
	entries, _ := os.ReadDir(s.folder())
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names
}

func listNow(s *server, _ *client) []byte { return s.encodeNames(s.names(s), "\n") }

func (s *server) encodeNames(names []string, separator string) []byte {
	b := []byte(strings.Join(names, separator))
	return append(size64(len(b)), b...)
}

func loadFile(s *server, name string) ([]byte, error) {
	data, err := os.ReadFile(s.path(s, name))
	if err != nil {
		return nil, errMissing
	}
	return data, nil
}

func size64(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func writeAll(_ *server, c net.Conn, b []byte) error {
	_, err := c.Write(b)
	return err
}

// mostUpload is what a server takes: more than any client has to send, and
// less than a lying size can ask for.
const mostUpload = 64 << 20

func takeAll(s *server, k *client, _ string, size uint64) ([]byte, error) {
	if size > mostUpload {
		return nil, errCut
	}
	b := make([]byte, size)
	err := s.fill(s, k.r, b)
	return b, err
}

func storeWhole(s *server, name string, data []byte) error {
	return os.WriteFile(s.path(s, name), data, 0o644)
}

// alone runs do while nobody else is alone, unless the server ends.
func (s *server) alone(do func()) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
		do()
	case <-s.ctx.Done():
	}
}

// sleep waits, unless the server ends.
func (s *server) sleep(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.ctx.Done():
	}
}

// A connSet is the connections of a server, to be closed at its end.
type connSet struct {
	mu    sync.Mutex
	conns []net.Conn
	over  bool
}

func newConnSet() *connSet { return &connSet{} }

func (s *connSet) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		c.Close()
		return false
	}
	s.conns = append(s.conns, c)
	return true
}

func (s *connSet) remove(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = slices.DeleteFunc(s.conns, func(other net.Conn) bool { return other == c })
}

func (s *connSet) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, c := range s.conns {
		c.Close()
	}
}

// changed applies a change to what a file holds, in both directions.
func changed(s *server, change func([]byte) []byte) {
	s.load = func(s *server, name string) ([]byte, error) {
		data, err := loadFile(s, name)
		return change(data), err
	}
	s.store = func(s *server, name string, data []byte) error { return storeWhole(s, name, change(data)) }
}

func replacing(old, with string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(old), []byte(with)) }
}
