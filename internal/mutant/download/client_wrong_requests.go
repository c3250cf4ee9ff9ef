package download

import (
	"net"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// wrongRequests send something else than the request.
var wrongRequests = []clientFault{
	{"magic-swapped", "client.request", "writes the magic number in the other byte order", func(c *client) {
		c.encode = tamper(func(b []byte, _ string) []byte { b[0], b[1] = b[1], b[0]; return b })
	}},
	{"type-2", "client.request", "sends the Type of a response", func(c *client) {
		c.encode = tamper(func(b []byte, _ string) []byte { b[2] = clientResponse; return b })
	}},
	{"filename-len-little", "client.request", "writes FilenameLen in the other byte order", func(c *client) {
		c.encode = tamper(func(b []byte, _ string) []byte { b[3], b[4] = b[4], b[3]; return b })
	}},
	{"filename-len-one-byte", "client.request", "writes the lower byte of FilenameLen", func(c *client) {
		c.encode = tamper(func(b []byte, _ string) []byte { b[3] = 0; return b })
	}},
	{"filename-len-with-header", "client.request", "counts the header in FilenameLen", func(c *client) {
		c.encode = tamper(func(b []byte, _ string) []byte { b[4] += 5; return b })
	}},
	{"filename-ends-in-nul", "client.request", "sends a NUL behind the name", func(c *client) {
		c.encode = func(name string) []byte { return encodeRequest(name + "\x00") }
	}},
	{"request-ends-in-newline", "client.request", "sends a newline behind the request", func(c *client) {
		c.encode = tamper(func(b []byte, _ string) []byte { return append(b, '\n') })
	}},
	{"request-sent-twice", "client.request", "sends the request again to be sure", func(c *client) {
		c.encode = tamper(func(b []byte, _ string) []byte { return append(b, b...) })
	}},
	{"request-lacks-a-byte", "client.request", "its sending loop stops one byte early", func(c *client) {
		c.send = func(conn net.Conn, b []byte) error { return sendAll(conn, b[:len(b)-1]) }
	}},
	{"name-cut-at-space", "client.request", "sends the first word of the name", func(c *client) {
		c.encode = func(name string) []byte { name, _, _ = strings.Cut(name, " "); return encodeRequest(name) }
	}},
	{"name-made-simple", "client.request", "asks for a name that it has made simpler", func(c *client) {
		c.encode = func(name string) []byte { return encodeRequest(filepath.Clean(name)) }
	}},
	{"name-at-most-255", "client.request", "refuses names of more than 255 bytes", func(c *client) { c.name = nameBetween(1, 255) }},
	{"name-at-most-254", "client.request", "refuses names of more than 254 bytes", func(c *client) { c.name = nameBetween(1, 254) }},
	{"name-at-most-1023", "client.request", "takes the upper limit for excluded", func(c *client) { c.name = nameBetween(1, 1023) }},
	{"name-at-least-2", "client.request", "wants two letters at least", func(c *client) { c.name = nameBetween(2, 1024) }},
	{"filename-len-in-characters", "client.utf8", "counts characters for FilenameLen", func(c *client) {
		c.encode = tamper(func(b []byte, name string) []byte { b[4] = byte(utf8.RuneCountInString(name)); return b })
	}},
	{"drops-other-letters", "client.utf8", "sends ASCII only", func(c *client) {
		c.encode = func(name string) []byte {
			return encodeRequest(strings.Map(func(c rune) rune {
				if c < utf8.RuneSelf {
					return c
				}
				return '?'
			}, name))
		}
	}},
}

func nameBetween(least, most int) func(string) error {
	return func(arg string) error {
		if len(arg) < least || len(arg) > most {
			return errName
		}
		return nil
	}
}

// tamper changes the request on its way out.
func tamper(change func(b []byte, name string) []byte) func(string) []byte {
	return func(name string) []byte { return change(encodeRequest(name), name) }
}
