package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// ConnectLimit is how long a client waits for its connection.
const ConnectLimit = 5 * time.Second

// ErrMissing says that a server has answered without a file. Nothing went wrong
// on the way.
var ErrMissing = errors.New("the server has no such file, or cannot open it")

// A Client asks for a file and saves it.
type Client struct {
	Dir  string    // where to save; empty for the working directory of the process
	Out  io.Writer // what the user sees
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Run does one request from beginning to end. It does not even connect if the
// local file is there already (§3.2).
func (c *Client) Run(ctx context.Context, a ClientArgs) error {
	if err := CheckFree(c.Dir, a.Filename); err != nil {
		return err
	}
	conn, err := c.Connect(ctx, a.Address())
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	return c.Exchange(GapConn{Conn: conn, Limit: GapLimit}, &FileRequest{Filename: a.Filename})
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

// Exchange sends the request and saves what comes back. Before the header of the
// response is known to be good there is no local file, so a wrong one leaves
// none (§3.3.2).
func (c *Client) Exchange(conn io.ReadWriter, r *FileRequest) error {
	if _, err := conn.Write(r.Append(nil)); err != nil {
		return fmt.Errorf("sending the request: %w", err)
	}
	h, err := ReadResponseHeader(conn)
	if err != nil {
		return err
	}
	if h.Status == Missing {
		return fmt.Errorf("%s: %w", Printable(r.Filename), ErrMissing)
	}
	err = SaveNew(c.Dir, r.Filename, func(w io.Writer) error { return CopyData(w, conn, h) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Out, "%d bytes received and saved as %s\n", h.DataLength, Printable(r.Filename))
	return err
}
