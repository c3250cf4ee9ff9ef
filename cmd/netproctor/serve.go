package main

import (
	"context"
	"net"

	"netproctor/conformance"
	"netproctor/reference"
)

// serveVerb runs a reference server.
type serveVerb struct {
	Protocol string   `arg:"" help:"Which protocol."`
	Args     []string `arg:"" optional:"" passthrough:"all" help:"What the assignment prescribes, such as a port."`
}

// Run implements the verb.
func (v *serveVerb) Run(a *app) error {
	p, err := findReference(v.Protocol)
	if err != nil {
		return err
	}
	return exit(p.Server(a.ctx, a.env(v.Args)))
}

// callVerb runs a reference client.
type callVerb struct {
	Protocol string   `arg:"" help:"Which protocol."`
	Args     []string `arg:"" optional:"" passthrough:"all" help:"What the assignment prescribes, such as a host and a port."`
}

// Run implements the verb.
func (v *callVerb) Run(a *app) error {
	p, err := findReference(v.Protocol)
	if err != nil {
		return err
	}
	return exit(p.Client(a.ctx, a.env(v.Args)))
}

// env gives a reference program the operating system.
func (a *app) env(args []string) reference.Env {
	var dialer net.Dialer
	return reference.Env{
		Args: args, In: a.in, Out: a.out, Dir: ".",
		Listen: func(network, address string) (net.Listener, error) {
			var c net.ListenConfig
			return c.Listen(context.WithoutCancel(a.ctx), network, address)
		},
		Dial:         dialer.DialContext,
		ListenPacket: listenPacket(a.ctx),
	}
}

// listenPacket opens datagram sockets, which Go lets broadcast.
func listenPacket(ctx context.Context) func(network, address string) (net.PacketConn, error) {
	return func(network, address string) (net.PacketConn, error) {
		var c net.ListenConfig
		return c.ListenPacket(context.WithoutCancel(ctx), network, address)
	}
}

func findReference(name string) (reference.Protocol, error) {
	p, known := reference.ByName(name)
	if !known {
		var names []string
		for _, r := range reference.All {
			names = append(names, r.Name)
		}
		return p, usage("no reference for protocol %q%s", name, conformance.DidYouMean(name, names))
	}
	return p, nil
}

// exit ends with a program's own status.
func exit(status int) error {
	if status == 0 {
		return nil
	}
	return errStatus(status)
}
