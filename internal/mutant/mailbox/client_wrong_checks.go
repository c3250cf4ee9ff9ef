package mailbox

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"
)

// wrongChecks take responses that are wrong.
var wrongChecks = []clientFault{
	{"magic-unchecked", "client.magic", "does not look at MagicNo", func(c *client) { c.header = ignoring(errMagic) }},
	{"magic-first-byte", "client.magic", "compares the first byte of MagicNo", func(c *client) { c.header = withMagic(0xFF00) }},
	{"magic-last-byte", "client.magic", "compares the second byte of MagicNo", func(c *client) { c.header = withMagic(0x00FF) }},
	{"magic-either-order", "client.magic", "takes MagicNo in both byte orders", func(c *client) {
		c.header = func(h []byte) error {
			if binary.LittleEndian.Uint16(h) == clientMagic {
				return ignoring(errMagic)(h)
			}
			return checkHeader(h)
		}
	}},
	{"magic-silent", "client.magic", "ends without a message at a wrong MagicNo", func(c *client) { c.fail = silentOn(errMagic) }},
	{"magic-reported-only", "client.magic", "says that MagicNo is wrong and goes on", func(c *client) {
		c.header = func(h []byte) error {
			if checkHeader(h) == errMagic {
				c.session.say("Error: %v.", errMagic)
			}
			return ignoring(errMagic)(h)
		}
	}},
	{"id-unchecked", "client.id", "does not look at ID", func(c *client) { c.header = ignoring(errID) }},
	{"id-at-most-3", "client.id", "takes every ID that there is", func(c *client) { c.header = withID(func(id byte) bool { return id <= 3 }) }},
	{"id-not-a-request", "client.id", "refuses only the IDs of requests", func(c *client) {
		c.header = withID(func(id byte) bool { return id != clientRead && id != clientCreate })
	}},
	{"id-silent", "client.id", "ends without a message at a wrong ID", func(c *client) { c.fail = silentOn(errID) }},
	{"more-unchecked", "client.more-field", "takes every MoreMsgs but 1 for 0", func(c *client) { c.header = ignoring(errMore) }},
	{"more-as-bool", "client.more-field", "takes every MoreMsgs but 0 for 1", func(c *client) {
		c.header = ignoring(errMore)
		c.more = func(s *session, more byte) { reportMore(s, min(more, 1)) }
	}},
	{"more-up-to-2", "client.more-field", "limit off by one", func(c *client) {
		c.header = func(h []byte) error {
			if h[4] == 2 {
				return ignoring(errMore)(h)
			}
			return checkHeader(h)
		}
	}},
	{"more-signed", "client.more-field", "takes MoreMsgs for a signed byte", func(c *client) {
		c.header = func(h []byte) error {
			if int8(h[4]) < 0 {
				return ignoring(errMore)(h)
			}
			return checkHeader(h)
		}
	}},
	{"sender-len-unchecked", "client.sender-len", "takes empty senders", func(c *client) {
		c.item = func(n, _, messageLen int) error { return checkItem(n, 1, messageLen) }
	}},
	{"message-len-unchecked", "client.message-len", "takes empty texts", func(c *client) {
		c.item = func(n, senderLen, _ int) error { return checkItem(n, senderLen, 1) }
	}},
	{"lengths-checked-together", "client.sender-len", "refuses a message only if both lengths are 0", func(c *client) {
		c.item = func(n, senderLen, messageLen int) error { return checkItem(n, senderLen+messageLen, 1) }
	}},
	{"first-lengths-checked", "client.message-len", "checks the first message only", func(c *client) {
		c.item = func(n, senderLen, messageLen int) error {
			if n > 0 {
				return nil
			}
			return checkItem(n, senderLen, messageLen)
		}
	}},
	{"skips-wrong-messages", "client.sender-len", "leaves an erroneous message out and goes on", func(c *client) { c.skips = true }},
	{"lengths-silent", "client.message-len", "ends without a message at an empty text", func(c *client) { c.fail = silentOn(errLength) }},
	{"takes-cut-text", "client.truncated", "shows what came of a text that was cut", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			if err := fillAll(r, b); err != errShort || len(b) <= 5 {
				return err
			}
			return nil
		}
		c.report = changed(func(items []item) []item {
			for i := range items {
				items[i].text = bytes.TrimRight(items[i].text, "\x00")
			}
			return items
		})
	}},
	{"takes-cut-list", "client.truncated", "takes the end between two messages for the end of the response", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			n, err := io.ReadFull(r, b)
			if len(b) == 3 && n == 0 && err == io.EOF {
				return err
			}
			return readError(err)
		}
	}},
	{"cut-silent", "client.truncated", "ends without a message when the response was cut", func(c *client) { c.fail = silentOn(errShort) }},
	{"cut-spins", "client.truncated", "waits for ever for the rest of a response that was cut", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			err := fillAll(r, b)
			for err == errShort && c.session.ctx.Err() == nil {
				sleep(c.session.ctx, 10*time.Millisecond)
			}
			return err
		}
	}},
	{"no-timer", "client.gap", "waits for ever for a silent server", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return conn }
	}},
	{"timer-of-3-seconds", "client.gap", "waits for three seconds", func(c *client) { c.timer = gapTimer(3 * time.Second) }},
	{"timer-of-half-a-second", "client.gap", "waits for half a second", func(c *client) { c.timer = gapTimer(500 * time.Millisecond) }},
	{"timer-for-the-header", "client.gap", "watches the header alone", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return conn }
		c.fill = func(r io.Reader, b []byte) error {
			r.(net.Conn).SetReadDeadline(time.Time{})
			if len(b) == 5 {
				return fillAll(gapTimer(clientGap)(r.(net.Conn)), b)
			}
			return fillAll(r, b)
		}
	}},
	{"timer-for-the-messages", "client.gap", "watches the messages alone", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return conn }
		c.fill = func(r io.Reader, b []byte) error {
			if len(b) == 5 {
				return fillAll(r, b)
			}
			return fillAll(gapTimer(clientGap)(r.(net.Conn)), b)
		}
	}},
	{"gap-silent", "client.gap", "gives up without a message", func(c *client) { c.fail = silentOn(errSilent) }},
	{"gap-tries-again", "client.gap", "reads again after a time-out, three times", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			return readFunc(func(b []byte) (n int, err error) {
				for range 3 {
					n, err = gapTimer(clientGap)(conn).Read(b)
					if readError(err) != errSilent {
						break
					}
				}
				return n, err
			})
		}
	}},
	{"gap-uncaught", "client.no-traceback", "does not catch the time-out", func(c *client) { c.fail = panicOn(errSilent) }},
	{"cut-uncaught", "client.no-traceback", "indexes a header that did not come whole", func(c *client) { c.fail = panicOn(errShort) }},
	{"header-uncaught", "client.no-traceback", "raises an exception at a wrong header", func(c *client) {
		c.fail = panicOn(errMagic, errID, errMore)
	}},
	{"lengths-uncaught", "client.no-traceback", "raises an exception at an empty sender or text", func(c *client) { c.fail = panicOn(errLength) }},
	{"reset-uncaught", "client.no-traceback", "does not catch the error of a reset connection", func(c *client) {
		c.fail = func(s *session, err error) {
			if refused := (*net.OpError)(nil); errors.As(err, &refused) {
				panic(err)
			}
			s.say("Error: %v.", err)
		}
	}},
}

// ignoring leaves one check out.
func ignoring(check error) func([]byte) error {
	return func(h []byte) error {
		right := []byte{h[0], h[1], h[2], h[3], h[4]}
		switch check {
		case errMagic:
			binary.BigEndian.PutUint16(right, clientMagic)
		case errID:
			right[2] = clientResponse
		case errMore:
			right[4] = 0
		}
		return checkHeader(right)
	}
}

// withMagic compares some bits of MagicNo.
func withMagic(bits uint16) func([]byte) error {
	return func(h []byte) error {
		if (binary.BigEndian.Uint16(h)^clientMagic)&bits != 0 {
			return errMagic
		}
		return ignoring(errMagic)(h)
	}
}

// withID takes other IDs.
func withID(takes func(id byte) bool) func([]byte) error {
	return func(h []byte) error {
		if !takes(h[2]) {
			return errID
		}
		return ignoring(errID)(h)
	}
}

// panicOn does not catch some errors.
func panicOn(uncaught ...error) func(*session, error) {
	return func(s *session, err error) {
		for _, e := range uncaught {
			if err == e {
				panic(err)
			}
		}
		s.say("Error: %v.", err)
	}
}
