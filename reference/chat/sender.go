package chat

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Pause is how long a client waits at least between two messages. A message is
// what one send carries, and without a pause TCP may join two.
const Pause = 50 * time.Millisecond

// ErrSending is what an error wraps if nothing can be sent any more, because the
// server has gone.
var ErrSending = errors.New("the connection is broken")

// A Sender sends the messages of a client, and keeps them apart. It is for one
// goroutine.
type Sender struct {
	conn io.Writer
	last time.Time // when something was sent last; zero for never
}

// NewSender returns a Sender to conn.
func NewSender(conn io.Writer) *Sender { return &Sender{conn: conn} }

// Send sends one message in one write, a pause after the one before.
func (s *Sender) Send(m Message) error {
	s.pause()
	_, err := sending{s.conn}.Write(m.Append(nil))
	s.last = time.Now()
	return err
}

// SendFile sends size bytes of r as they are, a pause after the command. If r
// has fewer, the error wraps [io.ErrUnexpectedEOF]: then the server waits for the
// rest, and whatever is sent it will take for that.
func (s *Sender) SendFile(r io.Reader, size int64) error {
	s.pause()
	err := copyAll(sending{s.conn}, &io.LimitedReader{R: r, N: size})
	s.last = time.Now()
	return err
}

// pause waits until a pause has passed since the last message.
func (s *Sender) pause() { time.Sleep(time.Until(s.last.Add(Pause))) }

// sending marks errors of writing, so that they can be told from those of
// reading a file.
type sending struct{ conn io.Writer }

func (s sending) Write(p []byte) (int, error) {
	n, err := s.conn.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrSending, err)
	}
	return n, err
}
