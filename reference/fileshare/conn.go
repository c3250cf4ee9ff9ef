package fileshare

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// StallLimit is how long the other side may be silent in the middle of a
// record, or take nothing of what is sent to it. The source has no limit; this
// keeps a program from waiting for somebody who is gone without a close.
const StallLimit = 10 * time.Second

// writePiece is how many bytes are handed to the connection at once.
const writePiece = 64 << 10

// A Conn is a connection that gives up when the other side stalls. The limit
// is not for a whole record: it begins anew with every byte that gets through.
type Conn struct {
	net.Conn
	Limit time.Duration
	idle  bool // nothing is under way
}

// Idle says that the next command may be long in coming: the next read waits
// without a limit.
func (c *Conn) Idle() { c.idle = true }

// Read waits for bytes, at most for the limit.
func (c *Conn) Read(p []byte) (int, error) {
	var until time.Time // none
	if !c.idle {
		until = time.Now().Add(c.Limit)
	}
	if err := c.SetReadDeadline(until); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	c.idle = c.idle && n == 0
	return n, err
}

// Write writes all of p. It gives up when the other side has taken nothing for
// the limit, and notices after at most twice that time: a limit in which some
// bytes got through is followed by another.
func (c *Conn) Write(p []byte) (int, error) {
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

// Turn returns a reader for data that come now: in a dialect with sizes the
// connection itself, else one that ends with the turn. Such a turn has to begin
// within first; if it does not, it is empty.
func (c *Conn) Turn(d Dialect, first time.Duration) io.Reader {
	if d.dataSize {
		return c
	}
	return &turn{conn: c.Conn, wait: first}
}
