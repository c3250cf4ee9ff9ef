package mailbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// wrongReading misread a response that is right, or show it badly.
var wrongReading = []clientFault{
	{"header-in-one-recv", "client.fragments", "reads the header with a single recv()", func(c *client) {
		c.fill = fillOnce(func(b []byte) bool { return len(b) == 5 })
	}},
	{"message-header-in-one-recv", "client.fragments", "reads a message header with a single recv()", func(c *client) {
		c.fill = fillOnce(func(b []byte) bool { return len(b) == 3 })
	}},
	{"body-in-one-recv", "client.fragments", "reads sender and text with a single recv()", func(c *client) {
		c.fill = fillOnce(func(b []byte) bool { return len(b) > 5 })
	}},
	{"two-recvs", "client.fragments", "takes two pieces of anything, and no third one", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			n, err := r.Read(b)
			if err == nil && n < len(b) {
				_, err = r.Read(b[n:])
			}
			return readError(err)
		}
	}},
	{"reads-16-kib", "client.big-response", "reads the whole response into a buffer of 16 KiB", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return io.LimitReader(gapTimer(clientGap)(conn), 16<<10) }
	}},
	{"reads-1-mib", "client.big-response", "reads the whole response into a buffer of 1 MiB", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return io.LimitReader(gapTimer(clientGap)(conn), 1<<20) }
	}},
	{"total-timer", "client.fragments", "allows one second for the whole response", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			conn.SetReadDeadline(time.Now().Add(clientGap))
			return conn
		}
	}},
	{"timer-per-part", "client.fragments", "allows one second for each header and each body", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return conn }
		c.fill = func(r io.Reader, b []byte) error {
			r.(net.Conn).SetReadDeadline(time.Now().Add(clientGap))
			return fillAll(r, b)
		}
	}},
	{"shows-the-first", "client.prints-messages", "prints one message only", func(c *client) {
		c.report = changed(func(items []item) []item { return items[:min(1, len(items))] })
	}},
	{"shows-not-the-last", "client.prints-messages", "its loop stops one message early", func(c *client) {
		c.report = changed(func(items []item) []item {
			if len(items) > 1 {
				return items[:len(items)-1]
			}
			return items
		})
	}},
	{"shows-the-newest-first", "client.prints-messages", "prints in reverse", func(c *client) {
		c.report = changed(func(items []item) []item { slices.Reverse(items); return items })
	}},
	{"shows-one-a-sender", "client.prints-messages", "keeps messages in a dictionary by sender", func(c *client) {
		c.report = changed(func(items []item) []item {
			return slices.CompactFunc(items, func(a, b item) bool { return string(a.sender) == string(b.sender) })
		})
	}},
	{"shows-no-sender", "client.prints-messages", "prints texts only", func(c *client) {
		c.report = changed(func(items []item) []item {
			for i := range items {
				items[i].sender = []byte("somebody")
			}
			return items
		})
	}},
	{"shows-no-text", "client.prints-messages", "prints senders only", func(c *client) {
		c.report = changed(func(items []item) []item {
			for i := range items {
				items[i].text = []byte("(text)")
			}
			return items
		})
	}},
	{"shows-sender-as-text", "client.prints-messages", "splits sender and text one byte too late", func(c *client) {
		c.report = changed(func(items []item) []item {
			for i, m := range items {
				items[i] = item{append(m.sender[:len(m.sender):len(m.sender)], m.text[0]), m.text[1:]}
			}
			return items
		})
	}},
	{"message-len-little", "client.prints-messages", "reads MessageLen in the other byte order", func(c *client) {
		c.lens = func(h []byte) (int, int) { return int(h[0]), int(h[1]) | int(h[2])<<8 }
	}},
	{"message-len-one-byte", "client.prints-messages", "reads one byte of MessageLen", func(c *client) {
		c.lens = func(h []byte) (int, int) { return int(h[0]), int(h[2]) }
	}},
	{"sender-len-signed", "client.prints-messages", "takes SenderLen for a signed byte", func(c *client) {
		c.lens = func(h []byte) (int, int) {
			senderLen, messageLen := itemLens(h)
			return max(int(int8(senderLen)), 0), messageLen
		}
	}},
	{"num-items-signed", "client.prints-messages", "takes NumItems for a signed byte", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			err := fillAll(r, b)
			if len(b) == 5 && b[3] > 127 {
				b[3] = 0
			}
			return err
		}
	}},
	{"shows-latin-1", "client.utf8", "decodes as Latin-1", func(c *client) {
		c.report = changed(func(items []item) []item {
			for i, m := range items {
				items[i] = item{latin1(m.sender), latin1(m.text)}
			}
			return items
		})
	}},
	{"shows-bytes", "client.utf8", "prints bytes as its language quotes them", func(c *client) {
		c.report = changed(func(items []item) []item {
			for i, m := range items {
				items[i] = item{fmt.Appendf(nil, "%+q", m.sender), fmt.Appendf(nil, "%+q", m.text)}
			}
			return items
		})
	}},
	{"not-utf8-uncaught", "client.not-utf8", "does not catch the error of decode()", func(c *client) {
		c.report = changed(func(items []item) []item {
			for _, m := range items {
				if !utf8.Valid(m.sender) || !utf8.Valid(m.text) {
					panic(errors.New("invalid start byte"))
				}
			}
			return items
		})
	}},
	{"says-nothing-of-none", "client.no-messages", "prints nothing when there are no messages", func(c *client) {
		c.report = func(s *session, items []item) {
			if len(items) > 0 {
				reportItems(s, items)
			}
		}
	}},
	{"none-uncaught", "client.no-messages", "takes the first message without looking whether there is one", func(c *client) {
		c.report = func(s *session, items []item) { s.say("First from %s.", items[0].sender); reportItems(s, items) }
	}},
	{"none-is-a-gap", "client.no-messages", "waits for a message when there is none", func(c *client) {
		c.report = func(s *session, items []item) {
			for len(items) == 0 && s.ctx.Err() == nil {
				sleep(s.ctx, clientGap)
			}
			reportItems(s, items)
		}
	}},
	{"always-more", "client.more-msgs", "always says that more messages are waiting", func(c *client) {
		c.more = func(s *session, _ byte) { reportMore(s, 1) }
	}},
	{"never-more", "client.more-msgs", "never says that more messages are waiting", func(c *client) { c.more = func(*session, byte) {} }},
	{"more-by-count", "client.more-msgs", "takes 255 messages for the sign that there are more", func(c *client) {
		count := 0
		c.report = func(s *session, items []item) { count = len(items); reportItems(s, items) }
		c.more = func(s *session, _ byte) { reportMore(s, byte(count/255)) }
	}},
}

// fillOnce reads what one read gives, for some of the parts. What does not
// come is taken for zero.
func fillOnce(these func(b []byte) bool) func(io.Reader, []byte) error {
	return func(r io.Reader, b []byte) error {
		if !these(b) {
			return fillAll(r, b)
		}
		n, err := r.Read(b)
		if n == 0 {
			return readError(err)
		}
		return nil
	}
}

// changed prints other messages than came.
func changed(change func(items []item) []item) func(*session, []item) {
	return func(s *session, items []item) { reportItems(s, change(items)) }
}

func latin1(b []byte) []byte {
	var text strings.Builder
	for _, c := range b {
		text.WriteRune(rune(c))
	}
	return []byte(text.String())
}
