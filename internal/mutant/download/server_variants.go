package download

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"netproctor/internal/mutant"
)

// ServerVariants are servers that are right and unlike the reference.
var ServerVariants = serverVariantsOf([]serverVariant{
	{name: "plain", bulk: true, why: "none of its parts is replaced", replace: func(*server) {}},
	{name: "reads-bytewise", why: "reads byte by byte", replace: func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return small{patience(serverGap)(c), 1, 1 << 20} }
	}, lacks: "server.extra-bytes"},
	{name: "reads-7-bytes", why: "reads seven bytes at a time", replace: func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return small{patience(serverGap)(c), 7, 1 << 20} }
	}, lacks: "server.extra-bytes"},
	{name: "writes-1000-bytes", why: "writes a thousand bytes at a time", replace: func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return small{patience(serverGap)(c), 1 << 20, 1000} }
	}},
	{name: "writes-all-at-once", bulk: true, why: "reads the whole file and writes it with its header", replace: func(s *server) {
		s.data = func(w io.Writer, head []byte, f *content) error {
			b, err := io.ReadAll(f)
			if err == nil {
				_, err = w.Write(append(head, b...))
			}
			return err
		}
	}},
	{name: "writes-the-header-first", why: "writes the header, waits a little, and writes the data", replace: func(s *server) {
		s.data = func(w io.Writer, head []byte, f *content) error {
			if _, err := w.Write(head); err != nil {
				return err
			}
			sleep(s.ctx, 50*time.Millisecond)
			return sendData(w, nil, f)
		}
	}},
	{name: "reads-ahead", why: "reads through a buffer", replace: func(s *server) {
		s.timer = func(c net.Conn) net.Conn { c = patience(serverGap)(c); return buffered{c, bufio.NewReader(c)} }
	}},
	{name: "times-from-accept", why: "allows one second from accept() on for the whole request", replace: func(s *server) {
		s.timer = func(c net.Conn) net.Conn {
			c.SetReadDeadline(time.Now().Add(serverGap))
			return onlyWrites{gapConn{c, serverGap}}
		}
	}},
	{name: "gap-of-1100-ms", why: "gives up a little later than after a second", replace: func(s *server) { s.timer = patience(1100 * time.Millisecond) }},
	{name: "threads", bulk: true, why: "serves every client in a thread of its own", replace: func(s *server) {
		s.serve = func(s *server, l net.Listener) {
			var clients sync.WaitGroup
			defer clients.Wait()
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				clients.Go(func() { s.client(c) })
			}
		}
	}},
	{name: "loopback-only", why: "is bound to 127.0.0.1", replace: func(s *server) {
		s.listen = func(s *server, port int) (net.Listener, error) { return s.listenAt("127.0.0.1", port) }
	}},
	{name: "starts-slowly", why: "needs two seconds to start", replace: func(s *server) {
		s.args = func(args []string) (int, error) { sleep(s.ctx, 2*time.Second); return parseArgs(args) }
	}},
	{name: "answers-slowly", why: "thinks for a fifth of a second before it answers", replace: func(s *server) {
		s.open = func(s *server, name string) (*content, error) {
			sleep(s.ctx, 200*time.Millisecond)
			return openFile(s, name)
		}
	}},
	{name: "logs-late", why: "prints what it has done when the connection is closed", replace: func(s *server) {
		var late []string
		s.sent = func(_ *server, name string, f *content) {
			late = append(late, fmt.Sprintf("%q: %d bytes", name, f.size+8))
		}
		s.missed = func(_ *server, name string, err error) { late = append(late, fmt.Sprintf("%q: %v", name, err)) }
		s.complain = func(_ *server, _ net.Conn, err error) { late = append(late, fmt.Sprintf("Error: %v.", err)) }
		s.end = func(s *server, c net.Conn, _ outcome) {
			c.Close()
			sleep(s.ctx, 100*time.Millisecond)
			for _, line := range late {
				s.say("%s", line)
			}
			late = nil
		}
	}},
	{name: "logs-unix-time", why: "prints the seconds since 1970", replace: func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("%d %s", time.Now().Unix(), c.RemoteAddr()) }
	}},
	{name: "logs-kitchen-time", why: "prints the time of day as clocks in kitchens do", replace: func(s *server) {
		s.accepted = func(s *server, c net.Conn) {
			s.say("%s is here, it is %s", c.RemoteAddr(), time.Now().Format(time.Kitchen))
		}
	}},
	{name: "logs-time-in-one", why: "prints date and time as one number", replace: func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("%s %s", c.RemoteAddr(), time.Now().Format("150405")) }
	}},
	{name: "logs-in-two-lines", why: "prints the time and the client in lines of their own", replace: func(s *server) {
		s.accepted = func(s *server, c net.Conn) {
			s.say("Time: %s\nClient: %s\nPort: %s", time.Now().Format("15h04"), host(c.RemoteAddr()), port(c.RemoteAddr()))
		}
	}},
	{name: "shuts-down-first", why: "says with a FIN that it is done before it closes", replace: func(s *server) {
		s.end = func(_ *server, c net.Conn, _ outcome) {
			c.(interface{ CloseWrite() error }).CloseWrite()
			c.Close()
		}
	}},
	{name: "resets-after-errors", why: "closes with an RST after an erroneous request", replace: func(s *server) {
		s.end = func(_ *server, c net.Conn, o outcome) {
			if o == erroneous {
				c.(interface{ SetLinger(int) error }).SetLinger(0)
			}
			c.Close()
		}
	}},
	{name: "odd-names-erroneous", why: "takes names that no file can have for an error", replace: func(s *server) { s.surplus = refuseOddNames }},
	{name: "serves-all", why: "serves files from anywhere", replace: func(s *server) {
		s.open = func(s *server, name string) (*content, error) {
			if filepath.IsAbs(name) {
				return openPath(name)
			}
			return openFile(s, name)
		}
	}},
	{name: "serves-its-own-only", why: "takes a name that leads out of its directory for an error", replace: func(s *server) {
		s.surplus = func(h header, body []byte) error {
			if !filepath.IsLocal(string(body)) {
				return errors.New("the name leads out of the directory")
			}
			return refuseSurplus(h, body)
		}
	}},
})

// A serverVariant is a right server with some of its parts replaced.
type serverVariant struct {
	name, why string
	replace   func(s *server)
	bulk      bool
	lacks     string
}

func serverVariantsOf(table []serverVariant) []mutant.Variant {
	var list []mutant.Variant
	for _, v := range table {
		list = append(list, mutant.Variant{Name: "server-" + v.name, Role: "server", Why: v.why, Bulk: v.bulk, Lacks: v.lacks, Main: serverMain(v.replace)})
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
	for done < len(b) && err == nil {
		var n int
		n, err = c.Conn.Write(b[done:min(len(b), done+c.write)])
		done += n
	}
	return done, err
}

// A buffered connection reads ahead.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (c buffered) Read(b []byte) (int, error) { return c.r.Read(b) }

// onlyWrites times its writes, one by one, and not its reads.
type onlyWrites struct{ gapConn }

func (c onlyWrites) Read(b []byte) (int, error) { return c.gapConn.Conn.Read(b) }

func refuseOddNames(h header, body []byte) error {
	if name := string(body); !utf8.ValidString(name) || strings.Contains(name, "\x00") || len(filepath.Base(name)) > 255 {
		return errors.New("no file can have this name")
	}
	return refuseSurplus(h, body)
}
