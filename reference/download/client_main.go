package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ClientMain is the assignment's client program: args are what follows the
// program's name, and dir is where it saves the file, empty for the working
// directory of the process. It returns the exit status.
func ClientMain(ctx context.Context, args []string, dir string, out io.Writer, dial func(ctx context.Context, network, address string) (net.Conn, error)) int {
	a, err := ParseClientArgs(args)
	if err != nil {
		fmt.Fprintf(out, "error: %v\nusage: client HOST PORT FILENAME\n", err)
		return exitUsage
	}
	c := &Client{Dir: dir, Out: out, Dial: dial}
	err = c.Run(ctx, a)
	switch {
	case errors.Is(err, ErrMissing):
		fmt.Fprintln(out, err)
		return exitFailed
	case err != nil:
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	return exitDone
}

// ClientArgs is what the client's command line says.
type ClientArgs struct {
	Host     string // a name or a number; dialing resolves it
	Port     int
	Filename string // what to ask for, and the name of the local file; 1 to 1024 bytes of UTF-8
}

// Address returns where the server is.
func (a ClientArgs) Address() string {
	return net.JoinHostPort(a.Host, strconv.Itoa(a.Port))
}

// ParseClientArgs reads and checks the three parameters of the client (§3.2).
func ParseClientArgs(args []string) (a ClientArgs, err error) {
	if len(args) != 3 {
		return a, fmt.Errorf("wanted three parameters, got %d", len(args))
	}
	if err := checkHost(args[0]); err != nil {
		return a, err
	}
	a.Host = args[0]
	if a.Port, err = ParsePort(args[1]); err != nil {
		return a, err
	}
	a.Filename = args[2]
	return a, checkFilename(a.Filename)
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

// checkFilename refuses what cannot be asked for.
func checkFilename(name string) error {
	if len(name) < MinFilename || len(name) > MaxFilename {
		return fmt.Errorf("the name of the file wanted %d to %d bytes, got %d", MinFilename, MaxFilename, len(name))
	}
	if !utf8.ValidString(name) {
		return fmt.Errorf("the name of the file wanted UTF-8, got %q", name)
	}
	return nil
}
