package mailbox

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"time"
)

// What a user may type, in bytes. The source says "less than" what would fit.
const (
	MaxTypedReceiver = MaxName - 1
	MaxTypedMessage  = MaxText - 1
)

// ConnectLimit is how long a client waits for its connection.
const ConnectLimit = 5 * time.Second

// A Client asks its user for what a request needs, sends the request, and shows
// the response.
type Client struct {
	In   *bufio.Reader // where the user types
	Out  io.Writer     // what the user sees
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Run does one request from beginning to end. The request is ready before the
// client connects: a server drops who connects and then is silent.
func (c *Client) Run(ctx context.Context, a ClientArgs) error {
	request, err := c.Prepare(ctx, a)
	if err != nil {
		return err
	}
	conn, err := c.Connect(ctx, a.Address())
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	return c.Exchange(GapConn{Conn: conn, Limit: GapLimit}, request)
}

// Prepare builds the request, and asks for the receiver and the message if it
// needs them.
func (c *Client) Prepare(ctx context.Context, a ClientArgs) (*MessageRequest, error) {
	request := &MessageRequest{ID: a.ID, Name: a.User}
	if a.ID == Read {
		return request, nil
	}
	var err error
	if request.Receiver, err = c.Ask(ctx, "receiver", MaxTypedReceiver); err != nil {
		return nil, err
	}
	if request.Message, err = c.Ask(ctx, "message", MaxTypedMessage); err != nil {
		return nil, err
	}
	return request, nil
}

// Connect connects to the server.
func (c *Client) Connect(ctx context.Context, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, ConnectLimit)
	defer cancel()
	conn, err := c.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting to the server: %w", err)
	}
	return conn, nil
}

// Exchange sends the request and, if it is to be answered, shows the response.
func (c *Client) Exchange(conn io.ReadWriter, r *MessageRequest) error {
	if err := c.Send(conn, r); err != nil {
		return err
	}
	if r.ID == Create {
		return nil
	}
	response, err := ReadMessageResponse(conn)
	if err != nil {
		return err
	}
	return c.Show(r.Name, response)
}

// Send sends the request and says so.
func (c *Client) Send(w io.Writer, r *MessageRequest) error {
	if _, err := w.Write(r.Append(nil)); err != nil {
		return fmt.Errorf("sending the %v request: %w", r.ID, err)
	}
	_, err := fmt.Fprintf(c.Out, "%v request sent for %s\n", r.ID, Printable(r.Name))
	return err
}

// Show prints every message of a response, and whether more are waiting.
func (c *Client) Show(user string, r *MessageResponse) error {
	w := bufio.NewWriter(c.Out)
	if len(r.Items) == 0 {
		fmt.Fprintf(w, "no messages for %s\n", Printable(user))
	}
	for _, m := range r.Items {
		fmt.Fprintf(w, "from %s: %s\n", Printable(m.Sender), PrintableText(m.Text))
	}
	if r.More {
		fmt.Fprintln(w, "more messages are waiting: read again")
	}
	return w.Flush()
}
