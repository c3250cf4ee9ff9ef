package mutant

import (
	"context"
	"errors"
	"io"
	"net"

	"netproctor/reference"
)

// NullClients are eight programs that do nothing of use: a client suite that
// gives any of them a point is worth nothing. The last one sends canned, which
// should be a request of the protocol, whatever it was asked for. All take the
// server's host and port from their first two arguments, as well as they can.
func NullClients(canned []byte) []Variant {
	list := []Variant{
		{Name: "hangs", Why: "never connects", Main: func(ctx context.Context, _ reference.Env) int { <-ctx.Done(); return 1 }},
		{Name: "exits", Why: "ends at once", Main: func(context.Context, reference.Env) int { return 0 }},
		{Name: "connects-and-closes", Why: "connects and ends", Main: connected(func(context.Context, net.Conn) {})},
		{Name: "connects-and-hangs", Why: "connects and does no more", Main: connected(func(ctx context.Context, _ net.Conn) { <-ctx.Done() })},
		{Name: "connects-and-reads", Why: "connects, reads once and ends", Main: connected(func(_ context.Context, c net.Conn) { c.Read(make([]byte, 4096)) })},
		{Name: "echoes", Why: "sends back what it is sent", Main: connected(func(_ context.Context, c net.Conn) { io.Copy(c, c) })},
		{Name: "sends-noise", Why: "sends random bytes", Main: connected(func(_ context.Context, c net.Conn) { c.Write(noise()) })},
		{Name: "sends-a-request", Why: "sends one right request, always the same", Main: connected(func(_ context.Context, c net.Conn) { c.Write(canned) })},
	}
	for i := range list {
		list[i].Name, list[i].Role = "null-client-"+list[i].Name, "client"
	}
	return list
}

// noise is random bytes, the same in each run so that tests repeat: those of
// a linear congruential generator.
func noise() []byte {
	b := make([]byte, 64)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// connected connects, does its one thing and closes.
func connected(do func(ctx context.Context, c net.Conn)) func(context.Context, reference.Env) int {
	return func(ctx context.Context, e reference.Env) int {
		c, err := dialArgs(ctx, e)
		if err != nil {
			return 1
		}
		defer c.Close()
		do(ctx, c)
		return 0
	}
}

func dialArgs(ctx context.Context, e reference.Env) (net.Conn, error) {
	if len(e.Args) < 2 {
		return nil, errors.New("no host and port")
	}
	return e.Dial(ctx, "tcp", net.JoinHostPort(e.Args[0], e.Args[1]))
}
