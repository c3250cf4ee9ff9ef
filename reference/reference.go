// Package reference holds a right server and a right client for every protocol
// that is graded here.
//
// Each protocol is a package of its own that imports the standard library only
// and can be read alone. This package lists them, in one form for all, so that
// one program can start any of them, on a real network or in memory. It knows
// nothing of scenarios or grading.
package reference

import (
	"context"
	"io"
	"net"

	"netproctor/reference/chat"
	"netproctor/reference/download"
	"netproctor/reference/fileshare"
	"netproctor/reference/mailbox"
	"netproctor/reference/transfer"
)

// An Env is what a program has around it.
type Env struct {
	Args   []string // what follows the program's name
	In     io.Reader
	Out    io.Writer
	Dir    string // the working directory; empty for the process's own
	Listen func(network, address string) (net.Listener, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	// ListenPacket opens a datagram socket that may broadcast.
	ListenPacket func(network, address string) (net.PacketConn, error)
}

// A Protocol is a server and a client as programs: they run until they are done
// or ctx ends, and return their exit status.
type Protocol struct {
	Name           string
	Server, Client func(ctx context.Context, e Env) int
}

// All lists every protocol.
var All = []Protocol{
	{
		Name:   "mailbox",
		Server: func(ctx context.Context, e Env) int { return mailbox.ServerMain(ctx, e.Args, e.Out, e.Listen) },
		Client: func(ctx context.Context, e Env) int { return mailbox.ClientMain(ctx, e.Args, e.In, e.Out, e.Dial) },
	},
	{
		Name:   "download",
		Server: func(ctx context.Context, e Env) int { return download.ServerMain(ctx, e.Args, e.Dir, e.Out, e.Listen) },
		Client: func(ctx context.Context, e Env) int { return download.ClientMain(ctx, e.Args, e.Dir, e.Out, e.Dial) },
	},
	{
		Name:   "transfer",
		Server: func(ctx context.Context, e Env) int { return transfer.ServerMain(ctx, e.Args, e.Dir, e.Out, e.Listen) },
		Client: func(ctx context.Context, e Env) int { return transfer.ClientMain(ctx, e.Args, e.Dir, e.Out, e.Dial) },
	},
	{
		Name: "fileshare",
		Server: func(ctx context.Context, e Env) int {
			return fileshare.ServerMain(ctx, e.Args, e.Dir, e.Out, e.Listen, e.ListenPacket)
		},
		Client: func(ctx context.Context, e Env) int {
			return fileshare.ClientMain(ctx, e.Args, e.Dir, e.In, e.Out, e.Dial, e.ListenPacket)
		},
	},
	{
		Name:   "chat",
		Server: func(ctx context.Context, e Env) int { return chat.ServerMain(ctx, e.Args, e.Dir, e.Out, e.Listen) },
		Client: func(ctx context.Context, e Env) int { return chat.ClientMain(ctx, e.Args, e.Dir, e.In, e.Out, e.Dial) },
	},
}

// ByName returns the protocol of that name.
func ByName(name string) (Protocol, bool) {
	for _, p := range All {
		if p.Name == name {
			return p, true
		}
	}
	return Protocol{}, false
}
