package fuzz

import (
	"time"

	"golang.org/x/sys/unix"
)

// act does what the action says; why says why there was no connection.
func (c *player) act(call *call, s *speaker, a *Action) (why string) {
	switch a.Deed {
	case Connecting, Visiting:
		if s.fd >= 0 {
			c.hangUp(s)
		}
		*s = speaker{number: s.number, fd: -1, client: client{heard: s.heard[:0]}}
		if err := c.w.connect(call, s); err != nil {
			return "no connection: " + err.Error()
		}
		s.there = true
		if a.Deed == Visiting {
			c.w.write(call, s, a.Sent())
			c.halfClose(s)
		}
	case Sending:
		if s.there {
			c.w.write(call, s, a.Turns[0])
		}
	case Ending:
		c.halfClose(s)
	case Leaving:
		c.leave(call, s)
	case Resetting:
		if s.there {
			s.there = false
			c.w.give(s) // which resets what has not ended
		}
	case Asking, Calling:
		if !s.datagram {
			if s.there {
				c.hangUp(s)
			}
			fd := s.fd
			*s = speaker{number: s.number, client: client{heard: s.heard[:0], datagram: true}}
			if err := c.w.openDatagram(c.ctx, s, fd); err != nil {
				return "no datagram socket: " + err.Error()
			}
		}
		to := c.ask
		if a.Deed == Calling {
			to = c.call
		}
		c.w.send(s, a.Turns[0], to)
	case Laying:
		if err := c.lay(a); err != nil {
			return "no file: " + err.Error()
		}
	}
	a.At = s.at
	return ""
}

// halfClose ends sending. That the connection is gone by then is told by what is
// read.
func (c *player) halfClose(s *speaker) {
	if s.there && !s.half {
		c.w.tape.note(op{kind: opShutdown, client: s.number})
		_ = unix.Shutdown(s.fd, unix.SHUT_WR)
		s.half = true
	}
}

// leave closes a connection. One that has been half-closed is read to its end
// first, for a while: then the server has noticed, and the socket can be used
// again.
func (c *player) leave(call *call, s *speaker) {
	if !s.there {
		return
	}
	if s.half && !s.ended {
		call.until = time.Now().Add(closing >> c.stays)
		for !s.ended && c.w.read(call, s) {
		}
		if !s.ended && c.stays < mostStays {
			c.stays++
		}
		c.w.tape.note(op{kind: opEnd, client: s.number})
	}
	s.there = false
	if s.half && s.ended {
		c.w.give(s)
		return
	}
	c.hangUp(s)
}

// closing is how long a server may take to close a connection that its client has
// half-closed, before the client goes all the same; half as long each time that
// one did not, down to what mostStays leaves.
const (
	closing   = 200 * time.Millisecond
	mostStays = 6
)

// hangUp closes a socket.
func (c *player) hangUp(s *speaker) {
	c.w.tape.note(op{kind: opClose, client: s.number})
	_ = unix.Close(s.fd)
	s.fd, s.there = -1, false
}

func (c *player) files() (err error) {
	if c.root == nil {
		c.root, err = c.p.box.Files()
	}
	return err
}

func (c *player) lay(a *Action) error {
	if err := c.files(); err != nil {
		return err
	}
	return a.lay(c.root)
}
