package download

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
	exitFailed = 1 // something went wrong on the way, or there is no such file
	exitUsage  = 2 // the command line is wrong
)

// The ports that the two programs take (§3.1, §3.2).
const (
	MinPort = 1024
	MaxPort = 64000
)

// ServerMain is the assignment's server program: args are what follows the
// program's name, and dir is where its files are, empty for the working
// directory of the process. It serves until ctx ends and returns the exit
// status.
func ServerMain(ctx context.Context, args []string, dir string, out io.Writer, listen func(network, address string) (net.Listener, error)) int {
	files, err := OpenDirectory(dir)
	if err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	defer files.Close()
	s := &Server{Files: files, Log: out}
	return RunServer(ctx, args, out, listen, s.Handle)
}

// RunServer is ServerMain around any way to handle a connection.
func RunServer(ctx context.Context, args []string, out io.Writer, listen func(network, address string) (net.Listener, error), handle func(net.Conn)) int {
	port, err := ParseServerArgs(args)
	if err != nil {
		fmt.Fprintf(out, "error: %v\nusage: server PORT\n", err)
		return exitUsage
	}
	l, err := listen("tcp", net.JoinHostPort("", strconv.Itoa(port)))
	if err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	fmt.Fprintf(out, "listening on port %d\n", port)
	if err := Serve(ctx, l, handle); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	return exitDone
}

// ParseServerArgs returns the port that the server's command line names (§3.1).
func ParseServerArgs(args []string) (port int, err error) {
	if len(args) != 1 {
		return 0, fmt.Errorf("wanted one parameter, got %d", len(args))
	}
	return ParsePort(args[0])
}

// ParsePort returns the port that s names, if it is one of those allowed.
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
