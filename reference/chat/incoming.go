package chat

import (
	"net"
	"time"
)

// ReadSize is how many bytes are read at once, at most. A longer text is relayed
// in parts, each with the sender in front.
const ReadSize = 64 << 10

// Moment is how long the rest of something incomplete is waited for. It has to
// be shorter than a [Pause], or two messages would be taken for one.
const Moment = 20 * time.Millisecond

// An Incoming finds messages in what one connection brings.
type Incoming struct {
	conn      net.Conn
	buf       []byte
	held      []byte // what has been read and not been taken, a part of buf
	announced bool   // the last message was a text that announces an upload
}

// NewIncoming returns an Incoming for conn, which nobody else may read from.
func NewIncoming(conn net.Conn) *Incoming {
	return &Incoming{conn: conn, buf: make([]byte, ReadSize)}
}

// Next waits for the next message of a client: a [Text] or an *[Upload]. Behind
// an Upload the bytes of the file have to be taken with [Incoming.Read] before
// the next call. When the connection has ended, and everything before that has
// been taken, Next returns the error that ended it, such as [io.EOF].
func (in *Incoming) Next() (Message, error) {
	incomplete := func(b []byte) bool { return Incomplete(b, in.announced) }
	if err := in.await(incomplete); err != nil {
		return nil, err
	}
	var m Message
	m, in.held = Cut(in.held, in.announced)
	text, ok := m.(Text)
	in.announced = ok && text.announces()
	return m, nil
}

// Text waits for something from a server and returns all that has come. Messages
// may be joined in it. Errors are those of [Incoming.Next].
func (in *Incoming) Text() (Text, error) {
	if err := in.await(CutsCharacter); err != nil {
		return "", err
	}
	text := Text(in.held)
	in.held = nil
	return text, nil
}

// Read reads bytes as they are: first those that came with the last message,
// then from the connection.
func (in *Incoming) Read(p []byte) (int, error) {
	if len(in.held) > 0 {
		n := copy(p, in.held)
		in.held = in.held[n:]
		return n, nil
	}
	if err := in.conn.SetReadDeadline(time.Time{}); err != nil {
		return 0, err
	}
	return in.conn.Read(p)
}

// await waits, for as long as it takes, until at least one byte is held. If the
// bytes are incomplete it waits for more: until they are complete, or nothing
// comes for a Moment, or nothing more can be held.
func (in *Incoming) await(incomplete func(b []byte) bool) error {
	for len(in.held) == 0 {
		if err := in.read(time.Time{}); err != nil {
			return err
		}
	}
	for incomplete(in.held) && len(in.held) < len(in.buf) {
		if err := in.read(time.Now().Add(Moment)); err != nil {
			break // then what is held is all there is; a lasting error comes again
		}
	}
	return nil
}

// read reads once and adds to what is held. It gives up at the deadline; if that
// is zero, never.
func (in *Incoming) read(deadline time.Time) error {
	if err := in.conn.SetReadDeadline(deadline); err != nil {
		return err
	}
	in.held = in.buf[:copy(in.buf, in.held)]
	n, err := in.conn.Read(in.buf[len(in.held):])
	in.held = in.buf[:len(in.held)+n]
	if n > 0 {
		return nil
	}
	return err
}
