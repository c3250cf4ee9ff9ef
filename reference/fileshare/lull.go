package fileshare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// In a dialect without lengths, silence says that a record is over. The source
// has no time for it (its programs take any short piece for the last, which
// fails on a real network); these are ours.
const (
	// Lull is the silence that ends data. It is longer than what a busy
	// machine puts between two pieces.
	Lull = 200 * time.Millisecond

	// TurnPause is how long a sender is quiet behind what has to end with its
	// turn: long enough for a receiver that waits for a lull.
	TurnPause = 2 * Lull

	// AnswerLimit is how long a client waits for the first byte of an answer
	// that may be empty.
	AnswerLimit = 2 * time.Second
)

// A turn reads from a connection until the other side is quiet for a Lull. It
// is not over when the other side closes: that is a transfer that broke off.
type turn struct {
	conn net.Conn
	wait time.Duration // for the next byte
	over bool
}

func (t *turn) Read(p []byte) (int, error) {
	if t.over {
		return 0, io.EOF
	}
	if err := t.conn.SetReadDeadline(time.Now().Add(t.wait)); err != nil {
		return 0, err
	}
	n, err := t.conn.Read(p)
	if n > 0 {
		t.wait = Lull
		return n, nil // an error comes again with the next read
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.over = true
		err = io.EOF
	case errors.Is(err, io.EOF):
		err = fmt.Errorf("data wanted a lull of %v behind them, got a close: %w", Lull, io.ErrUnexpectedEOF)
	}
	return 0, err
}

// endTurn is quiet for a TurnPause, or until ctx ends.
func endTurn(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(TurnPause):
		return nil
	}
}
