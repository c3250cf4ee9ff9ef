package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// ClientMain is the assignment's client program: args are what follows the
// program's name, dir is its working directory; empty for the process's own. It
// returns the exit status.
func ClientMain(ctx context.Context, args []string, dir string, out io.Writer, dial func(ctx context.Context, network, address string) (net.Conn, error)) int {
	a, err := ParseClientArgs(args)
	if err != nil {
		fmt.Fprintf(out, "error: %v\nusage: client HOST PORT GET|PUT|DEL FILENAME\n", err)
		return exitUsage
	}
	c := &Client{Dir: dir, Out: out, Dial: dial}
	if err := c.Run(ctx, a); err != nil {
		c.Printf("%s", explain(err))
		return exitFailed
	}
	return exitDone
}

// explain returns the line for what went wrong. Two kinds of errors have a form
// of their own (§ Errors).
func explain(err error) string {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal.Error()
	}
	if local, ok := errors.AsType[*LocalError](err); ok {
		return local.Error()
	}
	return fmt.Sprintf("error: %v", err)
}

// ClientArgs is what the client's command line says.
type ClientArgs struct {
	Host    string // a name or a number; dialing resolves it
	Port    int
	Command Command
}

// Address returns where the server is.
func (a ClientArgs) Address() string {
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// ParseClientArgs reads and checks the four parameters of the client.
func ParseClientArgs(args []string) (a ClientArgs, err error) {
	if len(args) != 4 {
		return a, fmt.Errorf("wanted four parameters, got %d", len(args))
	}
	if a.Host = args[0]; a.Host == "" {
		return a, errors.New("the host wanted a name or an address, got nothing")
	}
	if a.Port, err = ParsePort(args[1]); err != nil {
		return a, err
	}
	a.Command = Command{Verb: Verb(args[2]), Name: args[3]}
	return a, a.Command.Check()
}
