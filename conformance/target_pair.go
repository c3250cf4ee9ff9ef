package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// A PairTarget is a submission's server and its client, to be run in one room
// and against each other.
type PairTarget struct {
	// Server and Client are of one kind, both a Command or both a Func, and
	// commands have the same isolation.
	Server, Client Target
}

// String implements Target.
func (t PairTarget) String() string { return t.Server.String() + " with " + t.Client.String() }

// Isolation implements Target.
func (t PairTarget) Isolation() string { return t.Server.Isolation() }

// OwnArguments tells that one of the commands has placeholders: see
// ErrOwnArguments.
func (t PairTarget) OwnArguments() bool {
	for _, one := range []Target{t.Server, t.Client} {
		if own, can := one.(interface{ OwnArguments() bool }); can && own.OwnArguments() {
			return true
		}
	}
	return false
}

// pairPrograms is how many programs run in the room of a pair: a server and two
// clients.
const pairPrograms = 3

// Capacity is how many scenarios may be played at once if every program uses
// all the memory that it may.
func (t PairTarget) Capacity() int {
	if c, bounded := t.Server.(interface{ Capacity() int }); bounded {
		return max(1, c.Capacity()/pairPrograms)
	}
	return manyJobs
}

// hosting is a sandbox in which other programs of its kind can be started, too.
type hosting interface {
	StartOther(ctx context.Context, t Target, a Arguments, output Output) (Process, error)
}

// Open implements Target.
func (t PairTarget) Open(ctx context.Context) (Sandbox, error) {
	box, err := t.Server.Open(ctx)
	if err != nil {
		return nil, err
	}
	host, can := box.(hosting)
	if !can {
		box.Close()
		return nil, fmt.Errorf("a pair wants a server that can be started, got %s", t.Server)
	}
	return &pairBox{Sandbox: box, host: host, client: t.Client}, nil
}

// A pairBox is the server's sandbox, in which the client runs as well.
type pairBox struct {
	Sandbox
	host   hosting
	client Target
}

func (b *pairBox) Start(ctx context.Context, a Arguments, output Output) (Process, error) {
	if a.Role == Client {
		return b.host.StartOther(ctx, b.client, a, output)
	}
	return b.Sandbox.Start(ctx, a, output)
}

// Unread implements taking.
func (b *pairBox) Unread(ctx context.Context, c net.Conn) (int, error) {
	box, can := b.Sandbox.(taking)
	if !can {
		return 0, errors.ErrUnsupported
	}
	return box.Unread(ctx, c)
}
