package conformance

import (
	"context"
	"net/netip"

	"netproctor/internal/proc"
)

// Direct is what a sandbox of the operating system offers beside Sandbox: for
// those who talk to a program by system calls of their own, many thousand times
// a second.
type Direct interface {
	// StartDirect starts the program, on the given processors alone if there are
	// any, and with a pipe in place of a terminal as its standard output.
	StartDirect(ctx context.Context, a Arguments, processors []int, output Output) (Process, error)
	// Socket makes a socket of the network "tcp" or "udp" that blocks, from which
	// the address can be reached. The caller closes it.
	Socket(ctx context.Context, network string, address netip.AddrPort) (fd int, err error)
	// UnreadAt is how many bytes lie unread in the socket at the far end of a
	// connection. The error wraps ENOENT once that socket is gone.
	UnreadAt(ctx context.Context, far, near netip.AddrPort) (n int, err error)
	// Overflows counts the connections that were dropped because the program did
	// not accept those before them.
	Overflows() (uint64, error)
}

// Resting is what such a program offers, to one goroutine: a look at it that costs
// little, and so can be had often.
type Resting interface {
	// Runnable counts the threads that wait for nothing.
	Runnable() (int, error)
}

// StartDirect implements Direct.
func (b *processBox) StartDirect(ctx context.Context, a Arguments, processors []int, output Output) (Process, error) {
	return b.start(ctx, b.command, a, proc.Spec{Processors: processors, Piped: true}, output)
}

// Socket implements Direct.
func (b *processBox) Socket(ctx context.Context, network string, address netip.AddrPort) (fd int, err error) {
	return b.box.BlockingSocket(ctx, network, address)
}

// UnreadAt implements Direct.
func (b *processBox) UnreadAt(ctx context.Context, far, near netip.AddrPort) (n int, err error) {
	return b.box.UnreadAt(ctx, far, near)
}

// Overflows implements Direct.
func (b *processBox) Overflows() (uint64, error) { return b.box.Overflows() }
