package transfer

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Lull is how long the sender of a command or of a refusal has to be silent to
// be taken to wait for an answer. It is longer than the 40 milliseconds for
// which TCP may hold back the second of two small pieces.
const Lull = 50 * time.Millisecond

// IdleLimit is how long a peer may be silent, or take nothing of what it is
// sent, in the middle of an exchange. The assignment knows no such limit; but a
// server that serves one client at a time would wait for ever for one that is
// connected and does nothing, and so would all the others.
const IdleLimit = time.Minute

// A Peer is the other side of a connection.
type Peer struct {
	Conn     net.Conn
	Patience time.Duration // how long it may be silent or take nothing; 0 for ever
}

// Read waits for bytes of the peer as long as its patience lasts.
func (p *Peer) Read(b []byte) (int, error) { return p.readWithin(p.Patience, b) }

// readWithin reads what arrives within a time; 0 for ever.
func (p *Peer) readWithin(limit time.Duration, b []byte) (int, error) {
	if err := p.Conn.SetReadDeadline(deadline(limit)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

// Write sends b, a token or a block, as one piece.
func (p *Peer) Write(b []byte) (int, error) {
	if err := p.Conn.SetWriteDeadline(deadline(p.Patience)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}

// deadline returns when a time that begins now ends; for 0, never.
func deadline(limit time.Duration) time.Time {
	if limit == 0 {
		return time.Time{}
	}
	return time.Now().Add(limit)
}

// Send sends a token: a [Word], [Command], [Refusal] or [Size].
func (p *Peer) Send(token interface{ Append(b []byte) []byte }) error {
	if _, err := p.Write(token.Append(nil)); err != nil {
		return fmt.Errorf("sending %v: %w", token, err)
	}
	return nil
}

// Expect reads the word want and nothing behind it. Another word is an error
// that wraps [ErrErroneous].
func (p *Peer) Expect(want Word) error {
	return p.readWord(make([]byte, 0, len(want)), want)
}

// readWord is Expect when the bytes in b have been read already.
func (p *Peer) readWord(b []byte, want Word) error {
	if err := p.readToken(b, want.parse); err != nil {
		return fmt.Errorf("waiting for %s: %w", want, err)
	}
	return nil
}

// Answer is Expect for a client: if the server says ERROR instead, the error is
// a [*Refusal]. The first byte tells which of the two it is; no more than that
// is read before, for what follows a word is not ours.
func (p *Peer) Answer(want Word) error {
	first := make([]byte, 1, len(want))
	if _, err := io.ReadFull(p, first); err != nil {
		return fmt.Errorf("waiting for %s: %w", want, unexpected(err))
	}
	if first[0] == refusalPrefix[0] {
		return p.readRefusal(first)
	}
	return p.readWord(first, want)
}

// readRefusal reads a refusal whose beginning is b, and returns it or what is
// wrong with it.
func (p *Peer) readRefusal(b []byte) error {
	var refusal *Refusal
	err := p.readToken(append(make([]byte, 0, MaxRefusal+1), b...), func(b []byte) (err error) {
		refusal, err = ParseRefusal(b)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading a refusal: %w", err)
	}
	return refusal
}

// ReadCommand reads a command up to the silence behind it.
func (p *Peer) ReadCommand() (*Command, error) {
	var command *Command
	err := p.readToken(make([]byte, 0, MaxCommand+1), func(b []byte) (err error) {
		command, err = ParseCommand(b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading a command: %w", err)
	}
	return command, nil
}

// ReadSize reads a size and nothing behind it.
func (p *Peer) ReadSize() (Size, error) {
	b := make([]byte, SizeLen)
	n, err := io.ReadFull(p, b)
	if err != nil {
		return 0, fmt.Errorf("reading a size, %d of %d bytes: %w", n, SizeLen, unexpected(err))
	}
	return ParseSize(b)
}

// readToken reads one token into b, up to its capacity. parse tells from what
// has arrived how the token stands: nil if it may be whole,
// [io.ErrUnexpectedEOF] if more must follow, another error if it is illegal. A
// token that may be whole and has room for more ends with a silence, or with the
// connection.
func (p *Peer) readToken(b []byte, parse func(b []byte) error) error {
	for {
		state := parse(b)
		incomplete := errors.Is(state, io.ErrUnexpectedEOF)
		if len(b) == cap(b) || state != nil && !incomplete {
			return state
		}
		limit := Lull
		if incomplete {
			limit = p.Patience
		}
		n, err := p.readWithin(limit, b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case n > 0 || err == nil:
		case errors.Is(err, io.EOF):
			return state
		case errors.Is(err, os.ErrDeadlineExceeded) && !incomplete:
			return nil
		default:
			return err
		}
	}
}
