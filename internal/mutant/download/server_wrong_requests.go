package download

import (
	"errors"
	"io"
	"net"
	"slices"
	"time"
	"unicode/utf8"
)

// wrongRules take headers that are erroneous, or refuse some that are right.
var wrongRules = []serverFault{
	{"magic-unchecked", "server.magic", "does not look at MagicNo", func(s *server) { s.without(ruleMagic) }},
	{"magic-first-byte", "server.magic", "compares the first byte of MagicNo", func(s *server) { s.withMagic(0xFF00) }},
	{"magic-second-byte", "server.magic", "compares the second byte of MagicNo", func(s *server) { s.withMagic(0x00FF) }},
	{"magic-either-order", "server.magic", "takes MagicNo in both byte orders", func(s *server) {
		s.instead(ruleMagic, func(h header) bool { return h.magic != serverMagic && h.magic != 0x7E49 })
	}},
	{"magic-zero", "server.magic", "takes 0 for a MagicNo that was not set", func(s *server) {
		s.instead(ruleMagic, func(h header) bool { return h.magic != serverMagic && h.magic != 0 })
	}},
	{"type-unchecked", "server.type", "does not look at Type", func(s *server) { s.without(ruleType) }},
	{"type-up-to-2", "server.type", "takes every Type that there is", func(s *server) {
		s.instead(ruleType, func(h header) bool { return h.kind < 1 || h.kind > 2 })
	}},
	{"type-from-0", "server.type", "no lower limit", func(s *server) { s.instead(ruleType, func(h header) bool { return h.kind > 1 }) }},
	{"type-not-a-response", "server.type", "refuses only the Type of a response", func(s *server) {
		s.instead(ruleType, func(h header) bool { return h.kind == 2 })
	}},
	{"type-as-bits", "server.type", "looks at one bit of Type", func(s *server) { s.instead(ruleType, func(h header) bool { return h.kind&1 == 0 }) }},
	{"filename-len-zero", "server.filename-len", "takes a name that is empty", func(s *server) { s.without(ruleLeast) }},
	{"filename-len-unlimited", "server.filename-len", "takes names as long as they come", func(s *server) { s.without(ruleMost) }},
	{"filename-len-1025", "server.filename-len", "upper limit off by one", func(s *server) {
		s.instead(ruleMost, func(h header) bool { return h.filename > mostName+1 })
	}},
	{"filename-len-signed", "server.filename-len", "takes FilenameLen for a signed number", func(s *server) {
		s.instead(ruleMost, func(h header) bool { return int16(h.filename) > mostName })
	}},
	{"filename-len-below-1024", "server.filename-len", "takes the upper limit for excluded", func(s *server) {
		s.instead(ruleMost, func(h header) bool { return h.filename >= mostName })
	}},
	{"filename-len-below-1023", "server.filename-len", "upper limit too low", func(s *server) {
		s.instead(ruleMost, func(h header) bool { return h.filename >= mostName-1 })
	}},
	{"filename-len-up-to-255", "server.filename-len", "takes the limit of a file system for that of the protocol", func(s *server) {
		s.instead(ruleMost, func(h header) bool { return h.filename > 255 })
	}},
	{"filename-len-below-255", "server.filename-len", "takes names of up to 254 bytes", func(s *server) {
		s.instead(ruleMost, func(h header) bool { return h.filename > 254 })
	}},
	{"filename-len-from-2", "server.filename-len", "takes 1 for empty", func(s *server) {
		s.instead(ruleLeast, func(h header) bool { return h.filename < 2 })
	}},
	{"filename-len-low-byte", "server.filename-len", "reads one byte of FilenameLen", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) {
			b, err := readHeader(r)
			if err == nil {
				b[3] = 0
			}
			return b, err
		}
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
	{"error-answered", "server.erroneous", "answers an erroneous request with StatusCode 0", func(s *server) {
		s.complain = func(s *server, c net.Conn, err error) { complain(s, c, err); c.Write(s.head(false, 0)) }
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
	{"name-in-one-recv", "server.fragments", "reads the name with a single recv()", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) { return once(r, n, n) }
	}},
	{"request-in-one-recv", "server.fragments", "reads header and name with one recv(2048)", func(s *server) {
		var rest []byte
		s.header = func(r io.Reader) ([]byte, error) {
			b, err := once(r, headerSize, 2048)
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
	{"filename-len-little", "server.sends-file", "reads FilenameLen in the other byte order", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) {
			b, err := readHeader(r)
			if err == nil {
				b[3], b[4] = b[4], b[3]
			}
			return b, err
		}
	}},
	{"header-end-spins", "server.short-header", "reads on for ever when a client leaves in the header", func(s *server) {
		s.header = func(r io.Reader) ([]byte, error) { b, err := readHeader(r); return b, s.spin(err) }
	}},
	{"header-padded", "server.short-header", "fills a header that was cut with zeros", func(s *server) {
		s.without(ruleLeast)
		s.header = func(r io.Reader) ([]byte, error) {
			b, err := readHeader(r)
			if err == errEarly && len(b) > 2 {
				return append(b, 0, 0)[:headerSize], nil
			}
			return b, err
		}
	}},
	{"name-end-spins", "server.short-name", "reads on for ever when a client leaves in the name", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) { b, err := readBody(r, n); return b, s.spin(err) }
	}},
	{"cut-name-taken", "server.short-name", "takes what came of a name for all of it", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readBody(r, n)
			if err == errEarly {
				return b, nil
			}
			return b, err
		}
	}},
	{"cut-name-of-other-file", "server.short-name", "sends what is there under the part of the name that came", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readBody(r, n)
			if err != errEarly {
				return b, err
			}
			if f, none := openFile(s, string(b)); none == nil {
				return b, f.Close()
			}
			return b, err
		}
	}},
	{"surplus-ignored", "server.extra-bytes", "reads no further than it must", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) { return readSome(r, n, n) }
	}},
	{"surplus-dropped", "server.extra-bytes", "sees that there are more bytes and does not mind", func(s *server) {
		s.surplus = func(header, []byte) error { return nil }
	}},
	{"ascii-only", "server.utf8", "refuses what is not ASCII", func(s *server) {
		s.surplus = func(h header, body []byte) error {
			if slices.ContainsFunc(body, func(b byte) bool { return b >= utf8.RuneSelf }) {
				return errors.New("wrong letter")
			}
			return refuseSurplus(h, body)
		}
	}},
	{"latin-1", "server.utf8", "decodes the name as Latin-1", func(s *server) {
		s.name = func(body []byte) string {
			var name []rune
			for _, b := range body {
				name = append(name, rune(b))
			}
			return string(name)
		}
	}},
	{"name-in-characters", "server.utf8", "takes FilenameLen for a number of characters", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readBody(r, n)
			for err == nil && utf8.RuneCount(b) < n {
				var more []byte
				more, err = readSome(r, 1, 1)
				b = append(b, more...)
			}
			return b, err
		}
	}},
	{"decode-uncaught", "server.no-traceback", "does not catch the error of decode()", func(s *server) {
		s.name = func(body []byte) string {
			if !utf8.Valid(body) {
				panic("invalid start byte")
			}
			return string(body)
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
	{"timer-of-the-header", "server.name-gap", "watches the header alone", func(s *server) {
		s.timer = func(c net.Conn) net.Conn { return c }
		s.header = func(r io.Reader) ([]byte, error) { return readHeader(patience(serverGap)(r.(net.Conn))) }
		s.body = func(r io.Reader, n int) ([]byte, error) {
			r.(net.Conn).SetReadDeadline(time.Time{})
			return readBody(r, n)
		}
	}},
	{"timer-of-the-name", "server.header-gap", "watches the name alone", func(s *server) {
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
	{"gap-answered", "server.name-gap", "answers with StatusCode 0 when a name does not come whole", func(s *server) {
		s.body = func(r io.Reader, n int) ([]byte, error) {
			b, err := readBody(r, n)
			if isTimeout(err) {
				return b, nil
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
