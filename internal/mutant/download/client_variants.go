package download

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"time"

	"netproctor/internal/mutant"
)

// ClientVariants are clients that are right and unlike the reference.
var ClientVariants = clientVariantsOf([]clientVariant{
	{name: "plain", bulk: true, why: "none of its parts is replaced", replace: func(*client) {}},
	{name: "reads-bytewise", why: "reads byte by byte", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return small{gapConn{conn, clientGap}, 1, 1} }
	}},
	{name: "reads-1000-bytes", why: "reads a thousand bytes at a time", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return small{gapConn{conn, clientGap}, 1000, 1} }
	}},
	{name: "reads-ahead", bulk: true, why: "reads through a buffer", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return bufio.NewReader(gapTimer(clientGap)(conn)) }
	}},
	{name: "reads-all-first", bulk: true, why: "reads until the server closes and then looks at it", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			all, err := io.ReadAll(gapTimer(clientGap)(conn))
			if err == nil {
				err = io.EOF
			}
			return io.MultiReader(bytes.NewReader(all), readFunc(func([]byte) (int, error) { return 0, err }))
		}
	}},
	{name: "reads-in-a-thread", why: "leaves reading to a thread of its own", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			r, w := io.Pipe()
			go func() {
				_, err := io.Copy(w, gapTimer(clientGap)(conn))
				w.CloseWithError(err)
			}()
			c.end = func(_ *session, conn net.Conn) { r.Close(); conn.Close() }
			return r
		}
	}},
	{name: "saves-at-the-end", bulk: true, why: "makes the local file when all data has come", replace: func(c *client) {
		c.create = func(s *session, name string) (io.WriteCloser, error) { return &lateFile{s: s, name: name}, nil }
		c.remove = func(*session, string) {}
	}},
	{name: "leaves-parts", why: "leaves what has come of a file", replace: func(c *client) { c.remove = func(*session, string) {} }},
	{name: "creates-before-it-connects", why: "makes the local file first and removes it when there is none to be had", replace: func(c *client) {
		c.exists = func(s *session, name string) error {
			if err := checkExists(s, name); err != nil {
				return err
			}
			f, err := createFile(s, name)
			if err == nil {
				err = f.Close()
			}
			return err
		}
		c.create = opened(os.O_TRUNC)
		c.fail = func(s *session, err error) {
			if err != errExists && len(s.Args) == 3 {
				removeFile(s, s.Args[2])
			}
			s.say("Error: %v.", err)
		}
		c.none = func(s *session, r io.Reader, name string, h []byte) error {
			removeFile(s, name)
			return reportNone(s, r, name, h)
		}
	}},
	{name: "open-connection-is-a-gap", why: "takes the silence behind the data for an error", replace: func(c *client) {
		c.excess = func(r io.Reader) error {
			n, err := io.ReadFull(r, make([]byte, 1))
			if n > 0 {
				return errExcess
			}
			if readError(err) == errSilent {
				return errSilent
			}
			return nil
		}
	}},
	{name: "stops-at-the-length", why: "looks for more data, but does not wait for it", lacks: "client.excess-late", replace: func(c *client) {
		c.excess = func(r io.Reader) error { return checkExcess(gapConn{r.(gapConn).Conn, time.Millisecond}) }
	}},
	{name: "writes-bytewise", why: "writes byte by byte", replace: func(c *client) { c.send = sendPieces(1, 0) }},
	{name: "writes-the-header-first", why: "writes the header, waits a little, and writes the name", replace: func(c *client) {
		c.send = func(conn net.Conn, b []byte) error {
			if err := sendAll(conn, b[:5]); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond)
			return sendAll(conn, b[5:])
		}
	}},
	{name: "shuts-down", why: "says with a FIN that its request is whole", replace: func(c *client) {
		c.send = func(conn net.Conn, b []byte) error {
			if err := sendAll(conn, b); err != nil {
				return err
			}
			return conn.(interface{ CloseWrite() error }).CloseWrite()
		}
	}},
	{name: "resets", why: "closes with an RST", replace: func(c *client) {
		c.end = func(_ *session, conn net.Conn) {
			conn.(interface{ SetLinger(int) error }).SetLinger(0)
			conn.Close()
		}
	}},
	{name: "starts-slowly", why: "needs two seconds to start", replace: func(c *client) {
		c.count = func(args []string) error { sleep(c.session.ctx, 2*time.Second); return checkCount(args) }
	}},
	{name: "ends-slowly", why: "needs a third of a second to end", replace: func(c *client) {
		c.end = func(s *session, conn net.Conn) { conn.Close(); sleep(s.ctx, 300*time.Millisecond) }
	}},
	{name: "announces-itself", why: "prints every step that it takes", replace: func(c *client) {
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			s.say("Connecting to %s, port %d, at %s.", host, port, time.Now().Format(time.TimeOnly))
			return dialServer(s, host, port)
		}
		c.length = func(h []byte) int64 { c.session.say("The file has %d bytes.", dataLength(h)); return dataLength(h) }
		c.end = func(s *session, conn net.Conn) { s.say("Closing the socket %v.", conn.LocalAddr()); conn.Close() }
	}},
	{name: "shows-progress", why: "prints each piece that it reads", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			r := gapTimer(clientGap)(conn)
			return readFunc(func(b []byte) (int, error) {
				n, err := r.Read(b)
				c.session.say("%d bytes ...", n)
				return n, err
			})
		}
	}},
	{name: "counts-the-header", why: "reports all bytes that it has received", replace: func(c *client) {
		report := c.report
		c.report = func(s *session, name string, n int64) { report(s, name, n+clientHeader) }
	}},
	{name: "empty-in-words", why: "says of an empty file that it is empty", replace: func(c *client) {
		report := c.report
		c.report = func(s *session, name string, n int64) {
			if n == 0 {
				s.say("Received %s, which is empty.", name)
				return
			}
			report(s, name, n)
		}
	}},
	{name: "gap-of-1100-ms", why: "gives up a little later than after a second", replace: func(c *client) { c.timer = gapTimer(1100 * time.Millisecond) }},
})

// A clientVariant is a right client with some of its parts replaced.
type clientVariant struct {
	name, why string
	replace   func(c *client)
	bulk      bool
	lacks     string
}

func clientVariantsOf(table []clientVariant) []mutant.Variant {
	var list []mutant.Variant
	for _, v := range table {
		list = append(list, mutant.Variant{Name: "client-" + v.name, Role: "client", Why: v.why, Bulk: v.bulk, Lacks: v.lacks, Main: clientMain(v.replace)})
	}
	return list
}

// sendPieces writes so many bytes at a time.
func sendPieces(size int, pause time.Duration) func(net.Conn, []byte) error {
	return func(conn net.Conn, b []byte) error {
		for len(b) > 0 {
			n := min(size, len(b))
			if err := sendAll(conn, b[:n]); err != nil {
				return err
			}
			b = b[n:]
			time.Sleep(pause)
		}
		return nil
	}
}

// A lateFile is made when it is closed and everything was right.
type lateFile struct {
	s    *session
	name string
	all  bytes.Buffer
}

func (l *lateFile) Write(b []byte) (int, error) { return l.all.Write(b) }

func (l *lateFile) Close() error {
	f, err := createFile(l.s, l.name)
	if err != nil {
		return err
	}
	if _, err := f.Write(l.all.Bytes()); err != nil {
		return err
	}
	return f.Close()
}
