package mailbox

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"time"
	"unicode/utf8"
)

// wrongRules take headers that are erroneous.
var wrongRules = []serverFault{
	{"magic-unchecked", "server.magic", "does not look at MagicNo", func(s *server) { s.without(ruleMagic) }},
	{"magic-first-byte", "server.magic", "compares the first byte of MagicNo", func(s *server) { s.withMagic(0xFF00) }},
	{"magic-second-byte", "server.magic", "compares the second byte of MagicNo", func(s *server) { s.withMagic(0x00FF) }},
	{"magic-either-order", "server.magic", "takes MagicNo in both byte orders", func(s *server) {
		s.instead(ruleMagic, func(h header) bool { return h.magic != serverMagic && h.magic != 0x73AE })
	}},
	{"magic-of-reads-only", "server.magic", "checks MagicNo where it answers, and not where it stores", func(s *server) {
		s.instead(ruleMagic, func(h header) bool { return h.magic != serverMagic && h.id != 2 })
	}},
	{"id-else-read", "server.id", "everything but create is read", func(s *server) { s.without(ruleID) }},
	{"id-else-create", "server.id", "everything but read is create", func(s *server) {
		s.without(ruleID)
		s.choose = func(id byte) bool { return id != 1 }
	}},
	{"id-up-to-3", "server.id", "limit off by one", func(s *server) { s.instead(ruleID, func(h header) bool { return h.id < 1 || h.id > 3 }) }},
	{"id-from-0", "server.id", "no lower limit", func(s *server) { s.instead(ruleID, func(h header) bool { return h.id > 2 }) }},
	{"name-len-of-reads", "server.name-len", "takes a read with an empty name", func(s *server) { s.without(ruleNameRead) }},
	{"name-len-of-creates", "server.name-len", "takes a create with an empty name", func(s *server) { s.without(ruleNameCreate) }},
	{"name-len-from-2", "server.name-len", "takes 1 for empty", func(s *server) {
		s.rules = append(s.rules, rule{ruleNameRead, func(h header) bool { return h.name < 2 }})
	}},
	{"receiver-len-of-reads", "server.receiver-len", "takes a read with a receiver", func(s *server) { s.without(ruleReceiverRead) }},
	{"receiver-len-of-creates", "server.receiver-len", "takes a create without a receiver", func(s *server) { s.without(ruleReceiverCreate) }},
	{"message-len-of-reads", "server.message-len", "takes a read with a message", func(s *server) { s.without(ruleMessageRead) }},
	{"message-len-of-creates", "server.message-len", "takes a create without a message", func(s *server) { s.without(ruleMessageCreate) }},
	{"message-len-from-2", "server.message-len", "takes 1 for empty", func(s *server) {
		s.rules = append(s.rules, rule{ruleMessageCreate, func(h header) bool { return h.id == 2 && h.message < 2 }})
	}},
}

// without leaves a rule out.
func (s *server) without(name string) {
	s.rules = slices.DeleteFunc(s.rules, func(r rule) bool { return r.name == name })
}

// instead replaces a rule.
func (s *server) instead(name string, wrong func(header) bool) {
	s.rules[slices.IndexFunc(s.rules, func(r rule) bool { return r.name == name })].wrong = wrong
}

// withMagic compares some bits of MagicNo.
func (s *server) withMagic(bits uint16) {
	s.instead(ruleMagic, func(h header) bool { return (h.magic^serverMagic)&bits != 0 })
}

// wrongErrors do something wrong with a request that is erroneous.
var wrongErrors = []serverFault{
	{"error-answered", "server.erroneous", "sends an empty response to an erroneous request", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) { complain(s, c, err); s.write(c, encode(batch{})) }
	}},
	{"error-text-sent", "server.erroneous", "sends the error message to the client", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) { complain(s, c, err); io.WriteString(c, err.Error()) }
	}},
	{"error-silent", "server.erroneous", "prints no error message", func(s *server) { s.complain = func(*server, net.Conn, error) {} }},
	{"error-silent-when-cut", "server.erroneous", "prints no error message when a request ends early", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) {
			if err != errEarly {
				complain(s, c, err)
			}
		}
	}},
	{"error-keeps-open", "server.erroneous", "does not close the connection after an error", func(s *server) { s.end = unless(erroneous) }},
	{"error-waits", "server.erroneous", "closes after an error when the client has closed", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) {
			complain(s, c, err)
			c.SetReadDeadline(time.Time{})
			io.Copy(io.Discard, c)
		}
	}},
	{"error-stores", "server.erroneous", "stores first and checks then", func(s *server) {
		s.rules = nil
		s.surplus = func(h header, body []byte) error {
			if err := h.check(allRules); err != nil {
				s.keep(s, split(h, body))
				return err
			}
			return refuseSurplus(h, body)
		}
	}},
	{"error-clears", "server.loops", "begins anew after an error, without what was stored", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) { complain(s, c, err); clear(s.boxes) }
	}},
	{"error-ends", "server.loops", "ends after an error", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) { complain(s, c, err); s.over = true }
	}},
	{"rule-uncaught", "server.no-traceback", "raises an exception for a wrong header and does not catch it", func(s *server) {
		s.complain = panicWhen(func(err error) bool { var rule ruleError; return errors.As(err, &rule) })
	}},
	{"cut-uncaught", "server.no-traceback", "indexes a header that did not come whole", func(s *server) {
		s.complain = panicWhen(func(err error) bool { return err == errEarly })
	}},
	{"cut-ends", "server.short-header", "ends when a header is cut", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) { b, err := readHeader(r); s.over = err == errEarly; return b, err }
	}},
	{"gap-uncaught", "server.no-traceback", "does not catch the time-out", func(s *server) { s.complain = panicWhen(isTimeout) }},
	{"error-shows-traceback", "server.no-traceback", "prints the traceback of every error", func(s *server) {
		s.complain = func(s *server, _ net.Conn, err error) {
			s.say("Traceback (most recent call last):\n  File \"server.py\", line 63, in serve\nValueError: %v", err)
		}
	}},
	{"reset-uncaught", "server.reset", "does not catch the error of a reset connection", func(s *server) {
		s.complain = panicWhen(func(err error) bool { return isNetError(err) && !isTimeout(err) })
	}},
}

// unless closes connections but for those that went some way.
func unless(how outcome) func(*server, net.Conn, outcome) {
	return func(_ *server, c net.Conn, o outcome) {
		if o != how {
			c.Close()
		}
	}
}

// panicWhen does not catch some errors.
func panicWhen(uncaught func(error) bool) func(*server, net.Conn, error) {
	return func(s *server, c net.Conn, err error) {
		if uncaught(err) {
			panic(err)
		}
		complain(s, c, err)
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// wrongRequestReading misread a request that is right, or take one that is cut.
var wrongRequestReading = []serverFault{
	{"header-in-one-recv", "server.fragments", "reads the header with a single recv()", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) { return once(r, headerSize, headerSize) }
	}},
	{"body-in-one-recv", "server.fragments", "reads the body with a single recv()", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) { return once(r, n, n) }
	}},
	{"request-in-one-recv", "server.fragments", "reads header and body with one recv(1024)", func(s *server) {
		var rest []byte
		s.header = func(r io.Reader) ([]byte, error) {
			b, err := once(r, headerSize, 1024)
			if err != nil {
				return nil, err
			}
			rest = b[headerSize:]
			return b[:headerSize], nil
		}
		s.body = func(_ io.Reader, n int) ([]byte, error) {
			if len(rest) < n {
				return nil, errEarly
			}
			return rest, nil
		}
	}},
	{"two-recvs", "server.fragments", "takes a request in two pieces, and in no third one", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) { return twice(r, headerSize) }
		s.body = func(r io.Reader, n int) ([]byte, error) { return twice(r, n) }
	}},
	{"body-of-4096", "server.max-lengths", "reads 4096 bytes of a body at most", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readSome(r, min(n, 4096), min(n, 4096)+1)
			return append(b, make([]byte, max(0, n-len(b)))...), err
		}
	}},
	{"name-at-most-254", "server.max-lengths", "takes the limit of a name for excluded", func(s *server) {
		s.rules = append(s.rules, rule{ruleNameCreate, func(h header) bool { return h.name > 254 }})
	}},
	{"receiver-at-most-254", "server.max-lengths", "takes the limit of a receiver for excluded", func(s *server) {
		s.rules = append(s.rules, rule{ruleReceiverCreate, func(h header) bool { return h.receiver > 254 }})
	}},
	{"message-at-most-65534", "server.max-lengths", "takes the limit of a message for excluded", func(s *server) {
		s.rules = append(s.rules, rule{ruleMessageCreate, func(h header) bool { return h.message > 65534 }})
	}},
	{"message-len-signed", "server.max-lengths", "takes MessageLen for a signed number", func(s *server) {
		s.rules = append(s.rules, rule{ruleMessageCreate, func(h header) bool { return int16(h.message) < 0 }})
	}},
	{"message-len-little", "server.create-stores", "reads MessageLen in the other byte order", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) {
			b, err := readHeader(r)
			if err == nil {
				b[5], b[6] = b[6], b[5]
			}
			return b, err
		}
	}},
	{"texts-mixed-up", "server.create-stores", "takes the receiver for the sender", func(s *server) {
		s.split = func(h header, body []byte) letter {
			l := split(h, body)
			if h.id == 2 {
				l.name, l.receiver = l.receiver, l.name
			}
			return l
		}
	}},
	{"header-end-spins", "server.short-header", "reads on for ever when a client leaves in the header", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) { b, err := readHeader(r); return b, s.spin(err) }
	}},
	{"header-padded", "server.short-header", "fills a header that was cut with zeros", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) {
			b, err := readHeader(r)
			if err == errEarly && len(b) >= 5 {
				s.body = func(io.Reader, int) ([]byte, error) { s.body = readBody; return make([]byte, 512), nil }
				s.surplus = func(header, []byte) error { s.surplus = refuseSurplus; return nil }
				return append(b, 0, 0)[:headerSize], nil
			}
			return b, err
		}
	}},
	{"body-end-spins", "server.short-body", "reads on for ever when a client leaves in the body", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) { b, err := readBody(r, n); return b, s.spin(err) }
	}},
	{"cut-body-stored", "server.short-body", "stores what came of a message that was cut", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readBody(r, n)
			if err == errEarly {
				return append(b, make([]byte, n-len(b))...), nil
			}
			return b, err
		}
	}},
	{"cut-name-answered", "server.short-body", "answers a read whose name was cut", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readBody(r, n)
			if err == errEarly && len(b) < 14 && n < 20 {
				return append(b, make([]byte, n-len(b))...), nil
			}
			return b, err
		}
	}},
	{"surplus-ignored", "server.extra-bytes", "reads no further than it must", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) { return readSome(r, n, n) }
	}},
	{"surplus-stored", "server.extra-bytes", "takes all that comes for the message", func(s *server) {
		s.surplus = func(header, []byte) error { return nil }
		s.split = func(h header, body []byte) letter {
			l := split(h, body)
			if h.id == 2 {
				l.text = string(body[h.name+h.receiver:])
			}
			return l
		}
	}},
	{"ascii-only", "server.utf8", "refuses what is not ASCII", func(s *server) {
		s.surplus = func(h header, body []byte) error {
			if slices.ContainsFunc(body, func(b byte) bool { return b >= utf8.RuneSelf }) {
				return errors.New("wrong letter")
			}
			return refuseSurplus(h, body)
		}
	}},
	{"decode-uncaught", "server.not-utf8", "does not catch the error of decode()", func(s *server) {
		s.split = func(h header, body []byte) letter {
			if !utf8.Valid(body) {
				panic("invalid start byte")
			}
			return split(h, body)
		}
	}},
}

// once reads what one read gives.
func once(r io.Reader, least, most int) ([]byte, error) {
	b := make([]byte, most)
	n, err := r.Read(b)
	if err == nil && n < least || err == io.EOF {
		err = errEarly
	}
	return b[:n], err
}

// twice reads what two reads give.
func twice(r io.Reader, size int) ([]byte, error) {
	b := make([]byte, size)
	n, err := r.Read(b)
	if err == nil && n < size {
		var more int
		more, err = r.Read(b[n:])
		n += more
	}
	if err == nil && n < size || err == io.EOF {
		err = errEarly
	}
	return b[:n], err
}

// spin waits in vain, as a loop does that reads b"" over and over.
func (s *server) spin(err error) error {
	for err == errEarly && s.ctx.Err() == nil {
		sleep(s.ctx, 10*time.Millisecond)
	}
	return err
}

// wrongTimers are impatient, too patient, or at the wrong time.
var wrongTimers = []serverFault{
	{"no-timer", "server.header-gap", "waits for ever", func(s *server) { s.timer = func(c net.Conn) net.Conn { return c } }},
	{"timer-of-3-seconds", "server.header-gap", "waits for three seconds", func(s *server) { s.timer = patience(3 * time.Second) }},
	{"timer-of-1500-ms", "server.header-gap", "waits for one and a half seconds", func(s *server) { s.timer = patience(1500 * time.Millisecond) }},
	{"timer-of-half-a-second", "server.fragments", "waits for half a second", func(s *server) { s.timer = patience(500 * time.Millisecond) }},
	{"timer-of-900-ms", "server.header-gap", "gives up a tenth of a second early", func(s *server) { s.timer = patience(900 * time.Millisecond) }},
	{"timer-of-the-header", "server.body-gap", "watches the header alone", func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return c }
		s.header = func(r io.Reader) ([]byte, error) { return readHeader(patience(serverGap)(r.(net.Conn))) }
		s.body = func(r io.Reader, n int) ([]byte, error) {
			r.(net.Conn).SetReadDeadline(time.Time{})
			return readBody(r, n)
		}
	}},
	{"timer-of-the-body", "server.header-gap", "watches the body alone", func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return c }
		s.body = func(r io.Reader, n int) ([]byte, error) { return readBody(patience(serverGap)(r.(net.Conn)), n) }
	}},
	{"timer-from-the-first-byte", "server.idle-connection", "waits for ever for the first byte", func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return c }
		s.header = func(r io.Reader) ([]byte, error) {
			first, err := readSome(r, 1, 1)
			if err != nil {
				return nil, err
			}
			rest, err := readSome(patience(serverGap)(r.(net.Conn)), headerSize-1, headerSize-1)
			return append(first, rest...), err
		}
		s.body = func(r io.Reader, n int) ([]byte, error) { return readBody(patience(serverGap)(r.(net.Conn)), n) }
	}},
	{"gap-silent", "server.header-gap", "gives up without a message", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) {
			if !isTimeout(err) {
				complain(s, c, err)
			}
		}
	}},
	{"gap-ends", "server.header-gap", "ends when a client falls silent", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) { complain(s, c, err); s.over = isTimeout(err) }
	}},
	{"gap-stored", "server.body-gap", "stores what came before the silence", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readBody(r, n)
			if isTimeout(err) && n > 20 {
				return append(b, make([]byte, max(0, n-len(b)))...), nil
			}
			return b, err
		}
	}},
	{"gap-tries-again", "server.header-gap", "reads again after a time-out, three times", func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return stubborn{patience(serverGap)(c)} }
	}},
	{"timer-of-accept", "server.loops", "sets the time-out on the socket that it accepts with, and ends when nobody comes", func(s *server) {
		s.serve = func(s *server, l net.Listener) {
			for !s.over {
				l.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Now().Add(serverGap))
				c, err := l.Accept()
				if err != nil {
					s.say("Error: %v.", err)
					return
				}
				s.client(c)
			}
		}
	}},
}

// A stubborn connection reads again when nothing has come.
type stubborn struct{ net.Conn }

func (c stubborn) Read(b []byte) (n int, err error) {
	for range 3 {
		if n, err = c.Conn.Read(b); !isTimeout(err) {
			break
		}
	}
	return n, err
}

// bigEndian writes a number of 16 bits.
func bigEndian(b []byte, n int) []byte { return binary.BigEndian.AppendUint16(b, uint16(n)) }
