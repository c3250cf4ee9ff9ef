package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
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

func (runningBox) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

func (runningBox) Listen(context.Context, string, string) (net.Listener, error) {
	return nil, fmt.Errorf("listen: %w", ErrRunning)
}

func (runningBox) Start(context.Context, Arguments, Output) (Process, error) {
	return nil, fmt.Errorf("start: %w", ErrRunning)
}

func (runningBox) Close() error { return nil }

// playable tells whether every step can be played against an address.
func playable(s *Scenario) bool {
	for _, step := range s.all() {
		switch step := step.(type) {
		case *Start:
			if step.Given || !step.Listens {
				return false
			}
		case *Listen, *ExpectOutput, *ExpectNoTraceback, *ExpectExit, *ExpectRunning, *CountDescriptors,
			*ExpectDescriptors, *TypeLine, *ExpectPrompt, *Accept, *NoConnection:
			return false
		}
	}
	return true
}
