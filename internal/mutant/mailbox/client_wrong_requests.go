package mailbox

import (
	"io"
	"net"
	"strings"
	"unicode/utf8"
)

// wrongRequests send something else than the request, or at another time.
var wrongRequests = []clientFault{
	{"connects-early", "client.connects-late", "connects before it prompts", func(c *client) { c.early = true }},
	{"magic-swapped", "client.read-request", "writes the magic number in the other byte order", func(c *client) {
		c.encode = tamper(func(b []byte, _ request) []byte { b[0], b[1] = b[1], b[0]; return b })
	}},
	{"ids-mixed-up", "client.read-request", "sends ID 2 to read and 1 to create", func(c *client) {
		c.encode = tamper(func(b []byte, _ request) []byte { b[2] = 3 - b[2]; return b })
	}},
	{"read-with-receiver", "client.read-request", "fills in ReceiverLen of a read request", func(c *client) {
		c.encode = tamper(func(b []byte, r request) []byte {
			if r.id == clientRead {
				b[4] = b[3]
			}
			return b
		})
	}},
	{"request-ends-in-newline", "client.read-request", "sends a newline behind the request", func(c *client) {
		c.encode = tamper(func(b []byte, _ request) []byte { return append(b, '\n') })
	}},
	{"request-sent-twice", "client.read-request", "sends the request again to be sure", func(c *client) {
		c.encode = tamper(func(b []byte, _ request) []byte { return append(b, b...) })
	}},
	{"user-cut-at-space", "client.read-request", "sends the first word of the user's name", func(c *client) {
		c.encode = func(r request) []byte {
			r.user, _, _ = strings.Cut(r.user, " ")
			return encodeRequest(r)
		}
	}},
	{"message-len-swapped", "client.create-request", "writes MessageLen in the other byte order", func(c *client) {
		c.encode = tamper(func(b []byte, _ request) []byte { b[5], b[6] = b[6], b[5]; return b })
	}},
	{"texts-mixed-up", "client.create-request", "sends the message before the receiver", func(c *client) {
		c.encode = func(r request) []byte {
			b := encodeRequest(r)
			return append(b[:7+len(r.user)], r.message+r.receiver...)
		}
	}},
	{"create-without-sender", "client.create-request", "puts the receiver in place of the user", func(c *client) {
		c.encode = func(r request) []byte {
			if r.id == clientCreate {
				r.user = r.receiver
			}
			return encodeRequest(r)
		}
	}},
	{"newline-in-texts", "client.create-request", "leaves the newline on what was typed", func(c *client) {
		c.encode = func(r request) []byte {
			if r.id == clientCreate {
				r.receiver, r.message = r.receiver+"\n", r.message+"\n"
			}
			return encodeRequest(r)
		}
	}},
	{"answers-cut-at-space", "client.create-request", "reads one word of what was typed", func(c *client) {
		c.prompt = func(s *session, what string, valid func(string) error) (string, error) {
			answer, err := promptUntilValid(s, what, valid)
			word, _, _ := strings.Cut(answer, " ")
			return word, err
		}
	}},
	{"name-len-in-characters", "client.utf8", "counts characters for NameLen", func(c *client) {
		c.encode = tamper(func(b []byte, r request) []byte { b[3] = byte(utf8.RuneCountInString(r.user)); return b })
	}},
	{"message-len-in-characters", "client.utf8", "counts characters for MessageLen", func(c *client) {
		c.encode = tamper(func(b []byte, r request) []byte {
			n := utf8.RuneCountInString(r.message)
			b[5], b[6] = byte(n>>8), byte(n)
			return b
		})
	}},
	{"drops-other-letters", "client.utf8", "sends ASCII only", func(c *client) {
		c.encode = func(r request) []byte {
			ascii := func(text string) string {
				return strings.Map(func(c rune) rune {
					if c < 0x80 {
						return c
					}
					return '?'
				}, text)
			}
			r.user, r.receiver, r.message = ascii(r.user), ascii(r.receiver), ascii(r.message)
			return encodeRequest(r)
		}
	}},
	{"sends-16-kib", "client.sends-all", "sends once and does not look at how much was sent", func(c *client) {
		c.send = func(conn net.Conn, b []byte) error { return sendAll(conn, b[:min(len(b), 16<<10)]) }
	}},
	{"sends-not-the-last-byte", "client.create-request", "its sending loop stops one byte early", func(c *client) {
		c.send = func(conn net.Conn, b []byte) error { return sendAll(conn, b[:len(b)-1]) }
	}},
	{"message-cut-at-1024", "client.sends-all", "sends 1024 bytes of a message at most", func(c *client) {
		c.encode = func(r request) []byte {
			r.message = r.message[:min(len(r.message), 1024)]
			return encodeRequest(r)
		}
	}},
	{"no-information", "client.info", "does not say that the request was sent", func(c *client) { c.sent = func(*session) {} }},
	{"awaits-a-reply", "client.create-done", "waits for an answer to a create", func(c *client) {
		c.done = func(s *session, conn net.Conn) {
			if _, err := c.timer(conn).Read(make([]byte, 5)); err != nil && err != io.EOF {
				s.say("No answer came.")
			}
		}
	}},
	{"awaits-the-close", "client.create-done", "waits until the server closes", func(c *client) {
		c.done = func(s *session, conn net.Conn) { io.Copy(io.Discard, conn) }
	}},
}

// tamper changes the request on its way out.
func tamper(change func(b []byte, r request) []byte) func(request) []byte {
	return func(r request) []byte { return change(encodeRequest(r), r) }
}
