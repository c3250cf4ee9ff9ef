package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"

	"netproctor/internal/proc"
)

// A RunningServer is a server that runs already. It can be connected to, and
// that is all: scenarios that start it, read its output or count its
// descriptors are skipped.
type RunningServer struct{ HostPort string }

// ErrRunning is what steps say that need a program of the harness's own.
var ErrRunning = errors.New("the program runs at an address, so it cannot be started or watched")

// String implements Target.
func (a RunningServer) String() string { return a.HostPort }

// Address is host:port.
func (a RunningServer) Address() string { return a.HostPort }

// Isolation implements Target.
func (a RunningServer) Isolation() string { return "none: a running address" }

// Open implements Target.
func (a RunningServer) Open(context.Context) (Sandbox, error) { return runningBox{}, nil }

// A runningBox connects through the host's own network.
type runningBox struct{}

// Running marks the sandbox: see running.
func (runningBox) Running() {}

func (runningBox) Port(context.Context) (int, error) { return 0, ErrRunning }

func (runningBox) ClaimPort(context.Context, int) error { return nil }

func (runningBox) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	if network == narrow {
		network = "tcp"
		d.Control = func(_, _ string, c syscall.RawConn) (err error) {
			refused := c.Control(func(fd uintptr) { err = proc.Narrowed(int(fd)) })
			return errors.Join(err, refused)
		}
	}
	return d.DialContext(ctx, network, address)
}

func (runningBox) Listen(context.Context, string, string) (net.Listener, error) {
	return nil, fmt.Errorf("listen: %w", ErrRunning)
}

func (runningBox) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	var c net.ListenConfig
	return c.ListenPacket(ctx, network, address)
}

func (runningBox) Start(context.Context, Arguments, Output) (Process, error) {
	return nil, fmt.Errorf("start: %w", ErrRunning)
}

func (runningBox) Files() (*os.Root, error) { return nil, ErrRunning }

func (runningBox) Close() error { return nil }

// playable tells whether every step can be played against an address.
func playable(s *Scenario) bool {
	return !slices.ContainsFunc(s.all(), func(step Step) bool { return !needsOnlyAddress(step) })
}

// needsOnlyAddress tells whether a step neither starts the program otherwise
// than it runs, nor looks at more of it than the wire.
func needsOnlyAddress(step Step) bool {
	switch step := step.(type) {
	case *Start:
		return step.Listens && !step.Given
	case *Connect, *Send, *Pause, *Close, *Expect, *ExpectBulk, *ExpectClose, *ExpectEnd, *ExpectItems, *ExpectNothing, *ExpectRefused,
		*UDP, *SendDatagram, *ExpectDatagram, *NoDatagram:
		return true
	case *Either:
		return !slices.ContainsFunc(step.Cases, func(c Case) bool { return !needsOnlyAddress(c.Step) })
	}
	return false
}
