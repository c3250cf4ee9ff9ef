package download

import (
	"io"
	"net"
	"time"
)

// wrongEndings do not end, or not by themselves.
var wrongEndings = []clientFault{
	{"never-ends", "client.closes", "waits for Enter before it ends", func(c *client) {
		c.end = func(s *session, conn net.Conn) {
			conn.Close()
			<-s.ctx.Done()
		}
	}},
	{"never-closes", "client.closes", "keeps its connection and waits for more", func(c *client) {
		c.end = func(s *session, _ net.Conn) { <-s.ctx.Done() }
	}},
	{"missing-never-ends", "client.closes", "does not end when the server has no file", func(c *client) {
		c.none = func(s *session, r io.Reader, name string, h []byte) error {
			reportNone(s, r, name, h)
			<-s.ctx.Done()
			return nil
		}
	}},
	{"error-never-ends", "client.closes", "does not end after an error", func(c *client) {
		c.fail = func(s *session, err error) {
			s.say("Error: %v.", err)
			<-s.ctx.Done()
		}
	}},
	{"reads-to-the-end", "client.closes", "reads until the server closes, however long it takes", func(c *client) {
		c.end = func(_ *session, conn net.Conn) {
			conn.SetReadDeadline(time.Time{})
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}},
}
