package fuzz_test

import (
	"bytes"
	"io"
	"net"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// checkRead makes sure that the same comes of the same bytes whatever pieces
// they arrive in, and that it is what comes of them at once. Only what follows a
// record may be seen or not: that depends on whether it arrives together with it.
func (c *codec) checkRead(t rapid.TB, b []byte, parsed state) {
	t.Helper()
	if c.read == nil {
		return
	}
	for _, p := range c.deliveries(b) {
		m, err := c.read(p.reader)
		switch s := c.state(err); {
		case s == legal:
			wire := c.encode(m)
			require.True(t, bytes.HasPrefix(b, wire), "%s: % .64x was read as % .64x", p.how, b, wire)
			if whole := len(wire) == len(c.own(b)); whole && parsed != legal || !whole && parsed != illegal {
				t.Fatalf("%s: % .64x is %s, but %d of its %d bytes were read as a record", p.how, b, parsed, len(wire), len(b))
			}
		case s != parsed:
			t.Fatalf("%s: % .64x is %s, but was read as %s: %v", p.how, b, parsed, s, err)
		}
	}
}

// A delivery is one way for bytes to arrive.
type delivery struct {
	how    string
	reader io.Reader
}

// deliveries are all ways that are tried. Long bytes are not taken apart into
// single ones, and very long ones not at all: it would only take longer.
func (c *codec) deliveries(b []byte) []delivery {
	all := []delivery{
		{"at once", bytes.NewReader(b)},
		{"at once with the end", iotest.DataErrReader(bytes.NewReader(b))},
	}
	if c.turn || len(b) > 1<<17 {
		return all
	}
	all = append(all, delivery{"by halves", iotest.HalfReader(bytes.NewReader(b))})
	if len(b) <= 4096 {
		all = append(all,
			delivery{"byte by byte", iotest.OneByteReader(bytes.NewReader(b))},
			delivery{"byte by byte with the end", iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(b)))})
	}
	for _, n := range cuts(len(b)) {
		all = append(all, delivery{"in two pieces", &pieces{b[:n], b[n:]}})
	}
	return all
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
