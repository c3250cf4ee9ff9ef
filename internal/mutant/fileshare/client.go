package fileshare

import (
	"bufio"
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
	"time"
	"unicode/utf8"

	"netproctor/reference"
)

// A console is a file sharing client in exchangeable parts. consoleParts gives
// the right ones; a wrong client has one of them replaced.
type console struct {
	prompt  func(u *console)
	parse   func(line string) (word, arg string)
	unknown func(u *console, line string) error
	fail    func(u *console, err error) // tells the user
	after   func(u *console, word string, err error)

	scan     func(u *console) error
	socket   func(u *console) (net.PacketConn, error)
	question string
	to       *net.UDPAddr
	wait     time.Duration
	buffer   int
	answer   func(u *console, b []byte, from *net.UDPAddr)
	enough   func(u *console) bool // ends a scan early
	nobody   func(u *console)
	found    int

	target func(host, port string) (string, error)
	dial   func(u *console, address string) error
	names  func(u *console) []string
	show   func(u *console, names []string)
	split  func(b []byte) []string
	rlist  func(u *console) error
	fill   func(u *console, r io.Reader, b []byte) error
	limit  uint64 // of what is taken
	wired  func(name string) string
	size   func(n int) []byte
	write  func(u *console, b []byte) error
	load   func(u *console, name string) ([]byte, error)
	take   func(u *console, name string, size uint64) ([]byte, error)
	store  func(u *console, name string, data []byte) error
	early  func(u *console, name string) // before a file comes
	bye    func(u *console) error

	reference.Env
	ctx  context.Context
	in   *bufio.Reader
	conn net.Conn
	memo map[string]string
	over bool
}

var (
	errNotConnected = errors.New("connect to a server first")
	errInvalid      = errors.New("invalid command")
	errServerGone   = errors.New("the server closed the connection")
	errNoFile       = errors.New("there is no such file here")
)

const (
	scanWait   = 2 * time.Second
	mostFetch  = 64 << 20
	folderName = "client"
)

func consoleParts() *console {
	return &console{
		prompt: func(u *console) { fmt.Fprint(u.Out, "Enter a command: ") }, parse: parseLine,
		unknown: func(*console, string) error { return errInvalid },
		fail:    func(u *console, err error) { u.say("Error: %v", err) }, after: func(*console, string, error) {},
		scan: scanOnce, socket: func(u *console) (net.PacketConn, error) { return u.ListenPacket("udp4", ":0") }, question: discoveryText,
		to: &net.UDPAddr{IP: net.IPv4bcast, Port: discoveryPort}, wait: scanWait, buffer: 64 << 10,
		answer: func(u *console, b []byte, from *net.UDPAddr) { u.say("%s found at %s, %d", b, from.IP, from.Port) },
		enough: func(*console) bool { return false }, nobody: func(u *console) { u.say("No service found.") },
		target: func(host, port string) (string, error) { return net.JoinHostPort(host, port), nil }, dial: dialServer,
		names: localNames, show: showNames, split: func(b []byte) []string { return strings.Split(string(b), "\n") }, rlist: remoteList,
		fill: fillFrom, limit: mostFetch, wired: func(n string) string { return n }, size: size64,
		write: func(u *console, b []byte) error { _, err := u.conn.Write(b); return err },
		load:  func(u *console, name string) ([]byte, error) { return os.ReadFile(u.path(name)) },
		take:  takeFile, store: func(u *console, name string, data []byte) error { return os.WriteFile(u.path(name), data, 0o644) },
		early: func(*console, string) {}, bye: sayBye, memo: map[string]string{},
	}
}

func (u *console) say(format string, a ...any) { fmt.Fprintf(u.Out, format+"\n", a...) }

func (u *console) path(name string) string { return filepath.Join(u.Dir, folderName, name) }

// main is the program.
func (u *console) main(ctx context.Context, e reference.Env) int {
	u.Env, u.ctx, u.in = e, ctx, bufio.NewReader(e.In)
	defer u.hangUp()
	for !u.over && ctx.Err() == nil {
		u.prompt(u)
		line, err := u.in.ReadString('\n')
		if err != nil {
			return 0
		}
		word, arg := u.parse(strings.TrimSuffix(line, "\n"))
		err = u.do(word, arg)
		u.after(u, word, err)
		if err != nil && ctx.Err() == nil {
			u.fail(u, err)
		}
	}
	return 0
}

func parseLine(line string) (word, arg string) {
	word, arg, _ = strings.Cut(strings.TrimSpace(line), " ")
	return strings.ToLower(word), strings.TrimSpace(arg)
}

func (u *console) do(word, arg string) error {
	switch word {
	case "":
		return nil
	case "scan":
		return u.scan(u)
	case "connect":
		return u.connect(arg)
	case "llist":
		u.show(u, u.names(u))
		return nil
	case "rlist":
		return u.exchange(func() error { return u.rlist(u) })
	case "put":
		return u.put(arg)
	case "get":
		return u.exchange(func() error { return u.get(arg) })
	case "bye":
		return u.bye(u)
	}
	return u.unknown(u, word)
}

func scanOnce(u *console) error {
	pc, err := u.socket(u)
	if err != nil {
		return err
	}
	defer pc.Close()
	if _, err := pc.WriteTo([]byte(u.question), u.to); err != nil {
		return err
	}
	u.found = 0
	if u.wait > 0 {
		pc.SetReadDeadline(time.Now().Add(u.wait))
	}
	b := make([]byte, u.buffer)
	for !u.enough(u) {
		n, from, err := pc.ReadFrom(b)
		if err != nil {
			break
		}
		u.found++
		u.answer(u, b[:n], from.(*net.UDPAddr))
	}
	if u.found == 0 {
		u.nobody(u)
	}
	return nil
}

func (u *console) connect(arg string) error {
	fields := strings.Fields(arg)
	if len(fields) != 2 {
		return errInvalid
	}
	if port, err := strconv.Atoi(fields[1]); err != nil || port < 1 || port > 65535 {
		return errInvalid
	}
	address, err := u.target(fields[0], fields[1])
	if err == nil {
		err = u.dial(u, address)
	}
	if err == nil {
		u.say("Connected to %s", address)
	}
	return err
}

func dialServer(u *console, address string) error {
	c, err := u.Dial(u.ctx, "tcp", address)
	if err != nil {
		return err
	}
	u.hangUp()
	u.conn = c
	return nil
}

func localNames(u *console) []string {
	entries, _ := os.ReadDir(u.path(""))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func showNames(u *console, names []string) {
	for _, n := range names {
		u.say("  %s", n)
	}
}

// exchange does something with the connection, and closes it after an error.
func (u *console) exchange(do func() error) error {
	if u.conn == nil {
		return errNotConnected
	}
	err := do()
	if err != nil {
		u.hangUp()
	}
	return err
}

func remoteList(u *console) error {
	if err := u.write(u, []byte{cmdList}); err != nil {
		return err
	}
	b, err := u.sized("")
	if err == nil {
		u.show(u, u.split(b))
	}
	return err
}

// sized reads a size, and as much.
func (u *console) sized(name string) ([]byte, error) {
	n := make([]byte, 8)
	if err := u.fill(u, u.conn, n); err != nil {
		return nil, err
	}
	return u.take(u, name, binary.BigEndian.Uint64(n))
}

func takeFile(u *console, _ string, size uint64) ([]byte, error) {
	if size > u.limit {
		return nil, errServerGone
	}
	b := make([]byte, size)
	err := u.fill(u, u.conn, b)
	return b, err
}

func fillFrom(_ *console, r io.Reader, b []byte) error {
	if _, err := io.ReadFull(r, b); err != nil {
		return errServerGone
	}
	return nil
}

func (u *console) put(name string) error {
	if u.conn == nil {
		return errNotConnected
	}
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "/\x00") {
		return errInvalid
	}
	data, err := u.load(u, name)
	if err != nil {
		return errNoFile
	}
	return u.exchange(func() error {
		wired := u.wired(name)
		head := append([]byte{cmdPut, byte(len(wired))}, wired...)
		if err := u.write(u, append(append(head, u.size(len(data))...), data...)); err != nil {
			return err
		}
		u.say("Sent %s", name)
		return nil
	})
}

func (u *console) get(name string) error {
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "/\x00") || !utf8.ValidString(name) {
		return errInvalid
	}
	wired := u.wired(name)
	if err := u.write(u, append([]byte{cmdGet, byte(len(wired))}, wired...)); err != nil {
		return err
	}
	u.early(u, name)
	data, err := u.sized(name)
	if err == nil {
		err = u.store(u, name, data)
	}
	if err == nil {
		u.say("Received %s", name)
	}
	return err
}

func sayBye(u *console) error {
	if u.conn != nil {
		u.write(u, []byte{cmdBye})
		u.hangUp()
	}
	u.over = true
	return nil
}

func (u *console) hangUp() {
	if u.conn != nil {
		u.conn.Close()
		u.conn = nil
	}
}
