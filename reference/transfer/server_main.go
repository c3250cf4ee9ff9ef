package transfer

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
)

// Exit statuses of the two programs.
const (
	exitDone   = 0
	exitFailed = 1 // something went wrong on the way
	exitUsage  = 2 // the command line is wrong
)

// The ports that the two programs take: all that TCP has.
const (
	MinPort = 1
	MaxPort = 65535
)

// verboseFlag follows the port if the server is to say what it does (§ Server).
const verboseFlag = "-v"

// ServerMain is the assignment's server program: args are what follows the
// program's name, dir is its working directory, whose files it serves; empty for
// the process's own. It serves until ctx ends and returns the exit status.
// Without -v it prints nothing, unless it cannot start.
func ServerMain(ctx context.Context, args []string, dir string, out io.Writer, listen func(network, address string) (net.Listener, error)) int {
	a, err := ParseServerArgs(args)
	if err != nil {
		fmt.Fprintf(out, "error: %v\nusage: server PORT [-v]\n", err)
		return exitUsage
	}
	if err := serve(ctx, a, dir, out, listen); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	return exitDone
}

// serve is ServerMain once the command line is understood.
func serve(ctx context.Context, a ServerArgs, dir string, out io.Writer, listen func(network, address string) (net.Listener, error)) error {
	folder, err := OpenFolder(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	l, err := listen("tcp", net.JoinHostPort("", strconv.Itoa(a.Port)))
	if err != nil {
		return err
	}
	s := &Server{Folder: folder, Log: io.Discard}
	if a.Verbose {
		s.Log = out
	}
	return s.Serve(ctx, l)
}

// ServerArgs is what the server's command line says.
type ServerArgs struct {
	Port    int
	Verbose bool // says what it does
}

// ParseServerArgs reads and checks the parameters of the server.
func ParseServerArgs(args []string) (a ServerArgs, err error) {
	if len(args) < 1 || len(args) > 2 {
		return a, fmt.Errorf("wanted one or two parameters, got %d", len(args))
	}
	if a.Port, err = ParsePort(args[0]); err != nil {
		return a, err
	}
	if a.Verbose = len(args) == 2; a.Verbose && args[1] != verboseFlag {
		return a, fmt.Errorf("the second parameter wanted %s, got %q", verboseFlag, args[1])
	}
	return a, nil
}

// ParsePort returns the port that s names, if it is one.
func ParsePort(s string) (int, error) {
	port, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("the port wanted a number, got %q", s)
	}
	if port < MinPort || port > MaxPort {
		return 0, fmt.Errorf("the port wanted %d to %d, got %d", MinPort, MaxPort, port)
	}
	return port, nil
}
