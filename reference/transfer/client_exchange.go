package transfer

import (
	"context"
	"fmt"
	"io"
)

// Converse connects to the server, waits until it is ready, and then does an
// exchange. To connect may take as long as the system allows, and READY as long
// as it takes: a server that serves another client says it when that is done.
func (c *Client) Converse(ctx context.Context, address string, exchange func(server *Peer) error) error {
	conn, err := c.Dial(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connecting to the server: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	server := &Peer{Conn: conn}
	if err := server.Answer(Ready); err != nil {
		return err
	}
	server.Patience = IdleLimit
	return exchange(server)
}

// Receive is the exchange of a GET once the server is ready (§ Protocol 1b to
// 1h). It writes what the server's file holds to file.
func (c *Client) Receive(server *Peer, command *Command, file io.Writer) error {
	if err := server.Send(command); err != nil {
		return err
	}
	if err := server.Answer(OK); err != nil {
		return err
	}
	if err := server.Send(Ready); err != nil {
		return err
	}
	size, err := server.ReadSize()
	if err != nil {
		return err
	}
	c.Printf("client receiving file %s (%d bytes)", command.Name, size)
	if err := server.Send(OK); err != nil {
		return err
	}
	if err := ReceiveData(file, server, size); err != nil {
		return err
	}
	return server.Answer(Done)
}

// Send is the exchange of a PUT once the server is ready (§ Protocol 2b to 2g).
func (c *Client) Send(server *Peer, command *Command, file io.Reader, size Size) error {
	if err := server.Send(command); err != nil {
		return err
	}
	if err := server.Answer(OK); err != nil {
		return err
	}
	if err := server.Send(size); err != nil {
		return err
	}
	if err := server.Answer(OK); err != nil {
		return err
	}
	c.Printf("client sending file %s (%d bytes)", command.Name, size)
	if err := SendData(server, file, size); err != nil {
		return err
	}
	return server.Answer(Done)
}

// Delete is the exchange of a DEL once the server is ready (§ Protocol 3b, 3c).
func (c *Client) Delete(server *Peer, command *Command) error {
	c.Printf("client deleting file %s", command.Name)
	if err := server.Send(command); err != nil {
		return err
	}
	return server.Answer(Done)
}
