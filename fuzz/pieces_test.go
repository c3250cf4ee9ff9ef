package fuzz_test

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"net"
	"testing/iotest"
	"time"
)

// checkRead makes sure that the same comes of the same bytes whatever pieces
// they arrive in, and that it is what comes of them at once. Only what follows a
// record may be seen or not: that depends on whether it arrives together with it.
func (c *codec) checkRead(b []byte, parsed state) error {
	if c.read == nil {
		return nil
	}
	for how, r := range c.deliveries(b) {
		m, err := c.read(r)
		s := c.state(err)
		if s != legal {
			if s != parsed {
				return fmt.Errorf("they are %s, but %s they were read as %s: %w", parsed, how, s, err)
			}
			continue
		}
		wire := c.encode(m)
		whole := len(wire) == len(c.own(b))
		if !bytes.HasPrefix(b, wire) || whole && parsed != legal || !whole && parsed != illegal {
			return fmt.Errorf("they are %s, but %s they were read as % .64x", parsed, how, wire)
		}
	}
	return nil
}

// deliveries are all ways in which bytes arrive, with their names. Long bytes are
// not taken apart into single ones, and very long ones not at all: it would only
// take longer.
func (c *codec) deliveries(b []byte) iter.Seq2[string, io.Reader] {
	return func(yield func(string, io.Reader) bool) {
		ok := yield("at once", bytes.NewReader(b)) &&
			yield("at once with the end", iotest.DataErrReader(bytes.NewReader(b)))
		if !ok || c.turn || len(b) > 1<<17 || !yield("by halves", iotest.HalfReader(bytes.NewReader(b))) {
			return
		}
		if len(b) <= 4096 {
			ok = yield("byte by byte", iotest.OneByteReader(bytes.NewReader(b))) &&
				yield("byte by byte with the end", iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(b))))
		}
		for n := range cuts(len(b)) {
			ok = ok && yield("in two pieces", &pieces{b[:n], b[n:]})
		}
	}
}

// A pieces reader brings one piece, or a part of one, with each read.
type pieces [][]byte

func (p *pieces) Read(b []byte) (int, error) {
	for len(*p) > 0 && len((*p)[0]) == 0 {
		*p = (*p)[1:]
	}
	if len(*p) == 0 {
		return 0, io.EOF
	}
	n := copy(b, (*p)[0])
	(*p)[0] = (*p)[0][n:]
	return n, nil
}

// A stream is a connection of which only reading is of interest. It is never
// silent, so its deadlines never pass.
type stream struct {
	net.Conn
	r io.Reader
}

func (s stream) Read(b []byte) (int, error)      { return s.r.Read(b) }
func (s stream) SetReadDeadline(time.Time) error { return nil }
