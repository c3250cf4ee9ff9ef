package chat

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Time limits of a client.
const (
	ConnectLimit = 5 * time.Second // for its connection
	LeaveLimit   = time.Second     // for the server to close, after the client has said all
)

// ServerClosed is what a client prints if the server ends the connection (§IV.10).
const ServerClosed = "server closed"

// A Client sends what its user types and shows what the server sends, both at
// the same time.
type Client struct {
	Dir    string        // where the files to upload are; empty for the process's own directory
	In     *bufio.Reader // where the user types
	Screen *Screen       // what the user sees
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
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

// Chat talks and listens until the server closes, the input ends or ctx ends, and
// then closes conn. It returns the last word to print, which says how the chat
// has ended: [ServerClosed] or [Exit]. After an error, which is one of the
// user's side, there is no such word.
//
// A read of the input cannot be called back: it goes on behind our back.
func (c *Client) Chat(ctx context.Context, conn net.Conn) (word string, err error) {
	defer conn.Close()
	listened, talked := make(chan error, 1), make(chan error, 1)
	go func() { listened <- c.Listen(NewIncoming(conn)) }()
	go func() { talked <- c.Talk(NewSender(conn)) }()
	select {
	case <-ctx.Done():
		return Exit, nil
	case <-listened:
		return ServerClosed, nil
	case err = <-talked:
	}
	switch {
	case errors.Is(err, ErrSending):
		wait(ctx, listened) // what the server has sent before it went is still shown
		return ServerClosed, nil
	case errors.Is(err, io.EOF):
		c.leave(ctx, conn, listened)
		return Exit, nil
	}
	return "", err
}

// Listen shows what the server sends, as it arrives, until the connection ends
// (§IV.10). It returns why that is.
func (c *Client) Listen(in *Incoming) error {
	for {
		text, err := in.Text()
		if err != nil {
			return err
		}
		c.Screen.Show(string(text))
	}
}

// leave ends the sending side and waits for the server to close. To close at once
// could destroy what has just been sent, if something from the server has not
// been read.
func (c *Client) leave(ctx context.Context, conn net.Conn, listened <-chan error) {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, LeaveLimit)
	defer cancel()
	wait(ctx, listened)
}

// wait waits for done or the end of ctx.
func wait(ctx context.Context, done <-chan error) {
	select {
	case <-ctx.Done():
	case <-done:
	}
}
