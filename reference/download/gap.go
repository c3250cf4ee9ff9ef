package download

import (
	"errors"
	"net"
	"os"
	"time"
)

// GapLimit is how long a connection may be silent in the middle of a record
// (§3.4).
const GapLimit = time.Second

// writePiece is how many bytes are handed to the connection at once.
const writePiece = 64 << 10

// A GapConn is a connection that gives up after a silence. The limit is not for
// the whole record: it begins anew with every byte that gets through. What it
// returns after a silence is [os.ErrDeadlineExceeded].
type GapConn struct {
	net.Conn
	Limit time.Duration
}

// Read waits for bytes, at most for the limit.
func (c GapConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.Limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write writes all of p. It gives up when the other side has taken nothing for
// the limit, and notices after at most twice that time: a second in which some
// bytes got through is followed by another.
func (c GapConn) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if err := c.SetWriteDeadline(time.Now().Add(c.Limit)); err != nil {
			return done, err
		}
		n, err := c.Conn.Write(p[done:min(len(p), done+writePiece)])
		done += n
		slow := n > 0 && errors.Is(err, os.ErrDeadlineExceeded)
		if err != nil && !slow {
			return done, err
		}
	}
	return done, nil
}
