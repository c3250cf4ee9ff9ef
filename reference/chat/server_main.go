package chat

import (
	"context"
	"fmt"
	"io"
	"net"
)

// Exit is what both programs print when they are interrupted (§IV.7, §IV.12).
const Exit = "exit"

// startedFormat is what the server prints when clients can come: its port (§IV.1).
const startedFormat = "Chat server started on port %d.\n"

// ServerMain is the assignment's server program: args are what follows the
// program's name, dir is its working directory, empty for the process's own. It
// serves until ctx ends and returns the exit status.
//
// So that the program can be started again at once, the listener needs the
// option SO_REUSEADDR (§III.2): package net sets it.
func ServerMain(ctx context.Context, args []string, dir string, out io.Writer, listen func(network, address string) (net.Listener, error)) int {
	a, err := ParseArgs(args)
	if err != nil {
		fmt.Fprintf(out, "%sserver HOST PORT\nerror: %v\n", ValidFormat, err)
		return exitUsage
	}
	if err := runServer(ctx, a, dir, out, listen); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	fmt.Fprintf(out, "\n%s\n", Exit) // on a line of its own: ^C stands on this one
	return exitDone
}

// runServer makes the folder and listens, in this order: who finds the server
// started can rely on both.
func runServer(ctx context.Context, a Args, dir string, out io.Writer, listen func(network, address string) (net.Listener, error)) error {
	store, err := OpenStore(dir)
	if err != nil {
		return err
	}
	defer store.Close()
	l, err := listen("tcp", a.Address())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, startedFormat, a.Port)
	s := &Server{Room: NewRoom(out), Files: store}
	return s.Serve(ctx, l)
}
