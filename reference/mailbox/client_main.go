package mailbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// ClientMain is the assignment's client program: args are what follows the
// program's name. It returns the exit status.
func ClientMain(ctx context.Context, args []string, in io.Reader, out io.Writer, dial func(ctx context.Context, network, address string) (net.Conn, error)) int {
	a, err := ParseClientArgs(args)
	if err != nil {
		fmt.Fprintf(out, "error: %v\nusage: client HOST PORT USER read|create\n", err)
		return exitUsage
	}
	c := &Client{In: bufio.NewReader(in), Out: out, Dial: dial}
	if err := c.Run(ctx, a); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	return exitDone
}

// ClientArgs is what the client's command line says.
type ClientArgs struct {
	Host string // a name or a number; dialing resolves it
	Port int
	User string
	ID   ID // Read or Create
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
	if err := checkHost(args[0]); err != nil {
		return a, err
	}
	a.Host = args[0]
	if a.Port, err = ParsePort(args[1]); err != nil {
		return a, err
	}
	if a.User = args[2]; len(a.User) < 1 || len(a.User) > MaxName {
		return a, fmt.Errorf("the user's name wanted 1 to %d bytes, got %d", MaxName, len(a.User))
	}
	a.ID, err = parseOperation(args[3])
	return a, err
}

// checkHost refuses what cannot be a host without asking anybody: nothing, and
// numbers with dots that are no address.
func checkHost(host string) error {
	if host == "" {
		return errors.New("the host wanted a name or an address, got nothing")
	}
	if strings.Trim(host, "0123456789.") != "" {
		return nil
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return fmt.Errorf("the host wanted a name or an address: %w", err)
	}
	return nil
}

// parseOperation returns the kind of request that the last parameter names.
func parseOperation(s string) (ID, error) {
	switch s {
	case Read.String():
		return Read, nil
	case Create.String():
		return Create, nil
	}
	return 0, fmt.Errorf("the operation wanted read or create, got %q", s)
}
