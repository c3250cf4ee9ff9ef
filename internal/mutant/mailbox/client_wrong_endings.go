package mailbox

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
			ask(s, "Press Enter")
		}
	}},
	{"never-closes", "client.closes", "keeps its connection and waits for more", func(c *client) {
		c.end = func(s *session, _ net.Conn) { <-s.ctx.Done() }
	}},
	{"create-never-ends", "client.closes", "does not end after a create", func(c *client) {
		c.done = func(s *session, conn net.Conn) {
			conn.Close()
			<-s.ctx.Done()
		}
	}},
	{"error-never-ends", "client.closes", "does not end after an error", func(c *client) {
		c.fail = func(s *session, err error) {
			s.say("Error: %v.", err)
			<-s.ctx.Done()
		}
	}},
	{"reads-to-the-end", "client.closes", "reads until the server closes, however long it takes", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			c.end = func(_ *session, conn net.Conn) {
				conn.SetReadDeadline(time.Time{})
				io.Copy(io.Discard, conn)
				conn.Close()
			}
			return gapTimer(clientGap)(conn)
		}
	}},
}
