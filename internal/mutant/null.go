package mutant

import (
	"context"
	"io"
	"net"

	"netproctor/reference"
)

// NullServers are eight programs that do nothing of use: a server suite that
// gives any of them a point is worth nothing. The last one answers whatever
// comes with canned, which should be a legal answer of the protocol. All take
// the port from their last argument, as well as they can.
func NullServers(canned []byte) []Variant {
	list := []Variant{
		{Name: "never-listens", Why: "runs and does nothing", Main: func(ctx context.Context, _ reference.Env) int { <-ctx.Done(); return 1 }},
		{Name: "exits-at-once", Why: "ends before it has begun", Main: func(context.Context, reference.Env) int { return 0 }},
		{Name: "accepts-and-closes", Why: "closes every connection at once", Main: accepted(func(context.Context, net.Conn) {})},
		{Name: "accepts-and-hangs", Why: "takes one connection and does no more", Main: accepted(func(ctx context.Context, _ net.Conn) { <-ctx.Done() })},
		{Name: "reads-and-closes", Why: "reads once and closes", Main: accepted(func(_ context.Context, c net.Conn) { c.Read(make([]byte, 4096)) })},
		{Name: "echoes", Why: "sends back what it is sent", Main: accepted(func(_ context.Context, c net.Conn) { io.Copy(c, c) })},
		{Name: "random-bytes", Why: "sends random bytes", Main: accepted(func(_ context.Context, c net.Conn) { c.Write(noise()) })},
		{Name: "canned-reply", Why: "sends one right answer, always the same", Main: accepted(func(_ context.Context, c net.Conn) {
			c.Read(make([]byte, 4096))
			c.Write(canned)
		})},
	}
	for i := range list {
		list[i].Name, list[i].Role = "null-server-"+list[i].Name, "server"
	}
	return list
}

// accepted does one thing with every connection, one after the other.
func accepted(do func(ctx context.Context, c net.Conn)) func(context.Context, reference.Env) int {
	return func(ctx context.Context, e reference.Env) int {
		if len(e.Args) == 0 {
			return 2
		}
		l, err := e.Listen("tcp", net.JoinHostPort("", e.Args[len(e.Args)-1]))
		if err != nil {
			return 1
		}
		defer l.Close()
		for {
			c, err := l.Accept()
			if err != nil {
				return 0
			}
			do(ctx, c)
			c.Close()
		}
	}
}

// WithArgs gives programs arguments of their own, where an assignment has them
// written into the source.
func WithArgs(list []Variant, args ...string) []Variant {
	for i, v := range list {
		list[i].Main = func(ctx context.Context, e reference.Env) int {
			e.Args = args
			return v.Main(ctx, e)
		}
	}
	return list
}
