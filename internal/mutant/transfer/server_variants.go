package transfer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"netproctor/internal/mutant"
)

// ServerVariants are servers that are right and unlike the reference.
var ServerVariants = serverVariantsOf([]serverVariant{
	{name: "plain", bulk: true, why: "none of its parts is replaced", replace: func(*server) {}},
	{name: "reads-bytewise", why: "reads the size and the data byte by byte", replace: func(s *server) {
		s.wrap = func(c net.Conn) net.Conn { return small{c, 1, 1 << 20} }
		s.command = func(c net.Conn) (string, error) { return readCommand(c.(small).Conn) }
	}},
	{name: "writes-bytewise", why: "writes byte by byte", replace: func(s *server) {
		s.wrap = func(c net.Conn) net.Conn { return small{c, 1 << 20, 1} }
	}},
	{name: "blocks-of-1000", bulk: true, why: "reads and writes blocks of 1000 bytes", replace: func(s *server) {
		s.send, s.receive = sendIn(1000), receiveIn(1000)
	}},
	{name: "done-with-the-data", why: "sends DONE in one piece with the last block", replace: func(s *server) {
		s.done = ""
		s.send = func(c net.Conn, file io.Reader, _ int64) error {
			return sendBlocks(c, io.MultiReader(file, bytes.NewReader([]byte("DONE"))), 0)
		}
	}},
	{name: "reads-command-to-silence", why: "takes what comes until the client is silent for 50 ms", replace: func(s *server) {
		s.command = func(c net.Conn) (string, error) {
			command, err := readCommand(c)
			for err == nil {
				var more string
				c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				more, err = readCommand(c)
				command += more
			}
			c.SetReadDeadline(time.Time{})
			if len(command) == 0 {
				return "", err
			}
			return command, nil
		}
	}},
	{name: "waits-for-the-client", why: "closes when the client has closed", replace: func(s *server) {
		s.end = func(_ *server, c net.Conn) { io.Copy(io.Discard, c); c.Close() }
	}},
	{name: "closes-late", why: "takes a fifth of a second to close", replace: func(s *server) {
		s.end = func(s *server, c net.Conn) { sleep(s.ctx, 200*time.Millisecond); c.Close() }
	}},
	{name: "never-closes", why: "leaves connections to the system", replace: func(s *server) { s.end = func(*server, net.Conn) {} }},
	{name: "stores-when-whole", why: "writes the file when all of it is there, after DONE", replace: func(s *server) {
		s.create = func(s *server, name string) (io.WriteCloser, error) {
			file, err := createFile(s, name)
			if err != nil {
				return nil, err
			}
			return &late{s: s, file: file}, nil
		}
	}},
	{name: "says-more", why: "prints more lines with -v", replace: func(s *server) {
		log := s.log
		s.log = func(s *server, line string) {
			log(s, "")
			log(s, line)
			log(s, fmt.Sprintf("  (%s)", time.Now().Format(time.TimeOnly)))
		}
	}},
	{name: "dual-stack", why: "shows the address as one of IPv6", replace: func(s *server) { s.lines.connected = "server connected to client at ::ffff:%s:%s" }},
	{name: "answers-slowly", why: "thinks for a fifth of a second before each word", replace: func(s *server) {
		s.wrap = func(c net.Conn) net.Conn { return slow{c, s} }
	}},
	{name: "answers-unknown", why: "says ERROR to a command that it does not know", replace: func(s *server) {
		s.unknown = func(_ *server, c net.Conn, command string) error { return say(c, "ERROR: unknown command "+command) }
	}},
	{name: "starts-slowly", why: "needs two seconds to start", replace: func(s *server) {
		s.listen = func(s *server, port int) (net.Listener, error) {
			sleep(s.ctx, 2*time.Second)
			return listenAll(s, port)
		}
	}},
	{name: "refuses-paths-in-its-own-words", why: "says that a name leads outside", replace: outside(func(_ *server, c net.Conn, _ string, _ exchange) error {
		return say(c, "ERROR: access denied")
	})},
	{name: "drops-who-names-paths", why: "closes the connection on a name that leads outside", replace: outside(func(*server, net.Conn, string, exchange) error {
		return nil
	})},
	{name: "takes-the-last-part", why: "takes a name that leads outside for one inside", replace: outside(func(s *server, c net.Conn, name string, do exchange) error {
		return do(s, c, filepath.Base(name))
	})},
	{name: "deletes-folders-too", why: "has os.RemoveAll", replace: func(s *server) {
		s.remove = func(_ *server, path string) error { return os.RemoveAll(path) }
	}},
})

// An exchange is what a server does for a command.
type exchange func(s *server, c net.Conn, name string) error

// outside replaces what a server does for a name that leads outside.
func outside(instead func(s *server, c net.Conn, name string, do exchange) error) func(s *server) {
	return func(s *server) {
		for _, do := range []*func(s *server, c net.Conn, name string) error{&s.get, &s.put, &s.del} {
			right := *do
			*do = func(s *server, c net.Conn, name string) error {
				if !filepath.IsLocal(name) {
					return instead(s, c, name, right)
				}
				return right(s, c, name)
			}
		}
	}
}

// A serverVariant is a right server: the plain one with a part replaced.
type serverVariant struct {
	name, why string
	bulk      bool
	lacks     string
	replace   func(s *server)
}

func serverVariantsOf(table []serverVariant) []mutant.Variant {
	var list []mutant.Variant
	for _, v := range table {
		list = append(list, mutant.Variant{Name: "server-variant-" + v.name, Role: "server", Why: v.why, Bulk: v.bulk, Lacks: v.lacks, Main: serverMain(v.replace)})
	}
	return list
}

// A small connection moves little at a time.
type small struct {
	net.Conn
	read, write int // bytes at a time
}

func (c small) Read(b []byte) (int, error) { return c.Conn.Read(b[:min(len(b), c.read)]) }

func (c small) Write(b []byte) (done int, err error) {
	for piece := range slices.Chunk(b, c.write) {
		n, err := c.Conn.Write(piece)
		if done += n; err != nil {
			return done, err
		}
	}
	return done, nil
}

// A slow connection thinks before each word.
type slow struct {
	net.Conn
	s *server
}

func (c slow) Write(b []byte) (int, error) {
	if len(b) <= sizeBytes {
		sleep(c.s.ctx, 200*time.Millisecond)
	}
	return c.Conn.Write(b)
}

// A late file is written a moment after it was closed.
type late struct {
	s    *server
	file io.WriteCloser
	data bytes.Buffer
	over bool
}

func (f *late) Write(b []byte) (int, error) { return f.data.Write(b) }

func (f *late) Close() error {
	if f.over {
		return nil
	}
	f.over = true
	go func() {
		sleep(f.s.ctx, 20*time.Millisecond)
		f.file.Write(f.data.Bytes())
		f.file.Close()
	}()
	return nil
}

// sleep waits, or until the program is ended.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func createAnywhere(path string) (io.WriteCloser, error) { return os.Create(path) }
