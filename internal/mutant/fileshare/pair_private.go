package fileshare

import (
	"io"
	"net"
)

// inverted and invertedToo are the two halves of a framing that nobody else
// knows: every bit on the wire is inverted.
func inverted(s *server) {
	s.reader = func(_ *server, c net.Conn) io.Reader { return inverse{c} }
	s.write = func(s *server, c net.Conn, b []byte) error { return writeAll(s, c, invert(b)) }
}

func invertedToo(u *console) {
	u.fill = func(u *console, r io.Reader, b []byte) error { return fillFrom(u, inverse{r}, b) }
	u.write = func(u *console, b []byte) error { _, err := u.conn.Write(invert(b)); return err }
}

// An inverse reader gives what comes with every bit inverted.
type inverse struct{ io.Reader }

func (r inverse) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	copy(b, invert(b[:n]))
	return n, err
}

func invert(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = ^c
	}
	return out
}
