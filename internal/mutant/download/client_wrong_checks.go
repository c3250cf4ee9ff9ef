package download

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// wrongChecks take headers that are wrong, or do not know what to do with them.
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
	{"header-checked-late", "client.magic", "makes the local file first and leaves it empty", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			os.WriteFile(c.session.path(c.session.Args[2]), nil, 0o644)
			return fillAll(r, b)
		}
		c.create = opened(0)
	}},
	{"type-unchecked", "client.type", "does not look at Type", func(c *client) { c.header = ignoring(errType) }},
	{"type-at-most-2", "client.type", "takes every Type that there is", func(c *client) { c.header = withType(func(t byte) bool { return t <= 2 }) }},
	{"type-not-a-request", "client.type", "refuses only the Type of a request", func(c *client) {
		c.header = withType(func(t byte) bool { return t != clientRequest })
	}},
	{"type-as-bits", "client.type", "looks at one bit of Type", func(c *client) { c.header = withType(func(t byte) bool { return t&2 != 0 }) }},
	{"type-silent", "client.type", "ends without a message at a wrong Type", func(c *client) { c.fail = silentOn(errType) }},
	{"status-unchecked", "client.status", "takes every StatusCode but 0 for 1", func(c *client) { c.header = ignoring(errStatus) }},
	{"status-up-to-2", "client.status", "limit off by one", func(c *client) {
		c.header = func(h []byte) error {
			if h[3] == 2 {
				return ignoring(errStatus)(h)
			}
			return checkHeader(h)
		}
	}},
	{"status-signed", "client.status", "takes StatusCode for a signed byte", func(c *client) {
		c.header = func(h []byte) error {
			if int8(h[3]) < 0 {
				return ignoring(errStatus)(h)
			}
			return checkHeader(h)
		}
	}},
	{"status-silent", "client.status", "ends without a message at a wrong StatusCode", func(c *client) { c.fail = silentOn(errStatus) }},
	{"missing-silent", "client.missing", "says nothing when the server has no file", func(c *client) {
		c.none = func(*session, io.Reader, string, []byte) error { return nil }
	}},
	{"missing-is-empty", "client.missing", "makes an empty file when the server has none", func(c *client) {
		c.none = func(s *session, r io.Reader, name string, h []byte) error {
			os.WriteFile(s.path(name), nil, 0o644)
			return reportNone(s, r, name, h)
		}
	}},
	{"missing-is-success", "client.missing", "reports 0 bytes when the server has no file", func(c *client) {
		c.none = func(s *session, _ io.Reader, name string, _ []byte) error { c.report(s, name, 0); return nil }
	}},
	{"missing-unchecked", "client.missing", "does not look at StatusCode", func(c *client) {
		c.header = func(h []byte) error {
			err := checkHeader(h)
			h[3] = 1
			return err
		}
	}},
	{"missing-uncaught", "client.no-traceback", "raises an exception when the server has no file", func(c *client) {
		c.none = func(_ *session, _ io.Reader, name string, _ []byte) error { panic("FileNotFoundError: " + name) }
	}},
	{"length-awaited", "client.ignores-length", "waits for the data although there are none", func(c *client) {
		c.none = func(s *session, r io.Reader, name string, h []byte) error {
			if _, err := io.CopyN(io.Discard, r, dataLength(h)); err != nil {
				return readError(err)
			}
			return reportNone(s, r, name, h)
		}
	}},
	{"length-refused", "client.ignores-length", "takes a DataLength without data for an error", func(c *client) {
		c.none = func(s *session, r io.Reader, name string, h []byte) error {
			if dataLength(h) != 0 {
				return errors.New("the response has a wrong length")
			}
			return reportNone(s, r, name, h)
		}
	}},
	{"length-largest-refused", "client.ignores-length", "takes a large DataLength for an error, whatever StatusCode says", func(c *client) {
		c.header = func(h []byte) error {
			if dataLength(h) > 1<<31 {
				return errors.New("the file is too large")
			}
			return checkHeader(h)
		}
	}},
	{"short-header-silent", "client.short-header", "ends without a message when the response was cut", func(c *client) { c.fail = silentOn(errShort) }},
	{"short-header-spins", "client.short-header", "waits for ever for the rest of a header that was cut", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error { return c.spin(fillAll(r, b)) }
	}},
	{"short-header-padded", "client.short-header", "fills a header that was cut with zeros", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			n, err := io.ReadFull(r, b)
			if err == io.ErrUnexpectedEOF && n > 3 {
				return nil
			}
			return readError(err)
		}
	}},
	{"header-uncaught", "client.no-traceback", "raises an exception at a wrong header", func(c *client) { c.fail = panicOn(errMagic, errType, errStatus) }},
	{"cut-uncaught", "client.no-traceback", "indexes a header that did not come whole", func(c *client) { c.fail = panicOn(errShort) }},
	{"gap-uncaught", "client.no-traceback", "does not catch the time-out", func(c *client) { c.fail = panicOn(errSilent) }},
	{"excess-uncaught", "client.no-traceback", "raises an exception when there are too many data", func(c *client) { c.fail = panicOn(errExcess) }},
	{"create-uncaught", "client.no-traceback", "does not catch the error of open()", func(c *client) { c.fail = panicOn(errCreate) }},
	{"empty-uncaught", "client.no-traceback", "divides by DataLength", func(c *client) {
		c.report = func(s *session, name string, n int64) { s.say("%d%% of %d bytes received.", 100*n/n, n) }
	}},
	{"reset-uncaught", "client.no-traceback", "does not catch the error of a reset connection", func(c *client) {
		c.fail = func(s *session, err error) {
			if broken := (*net.OpError)(nil); errors.As(err, &broken) {
				panic(err)
			}
			s.say("Error: %v.", err)
		}
	}},
}

// spin waits in vain, as a loop does that reads b"" over and over.
func (c *client) spin(err error) error {
	for err == errShort && c.session.ctx.Err() == nil {
		sleep(c.session.ctx, 10*time.Millisecond)
	}
	return err
}

// ignoring leaves one check out.
func ignoring(check error) func([]byte) error {
	return func(h []byte) error {
		right := []byte{h[0], h[1], h[2], h[3]}
		switch check {
		case errMagic:
			binary.BigEndian.PutUint16(right, clientMagic)
		case errType:
			right[2] = clientResponse
		case errStatus:
			right[3] = min(right[3], 1)
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

// withType takes other Types.
func withType(takes func(t byte) bool) func([]byte) error {
	return func(h []byte) error {
		if !takes(h[2]) {
			return errType
		}
		return ignoring(errType)(h)
	}
}
