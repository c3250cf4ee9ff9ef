package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"

	"go.starlark.net/starlark"
)

// A Signal sends a signal to a program, as Ctrl-C at its terminal does.
type Signal struct {
	action
	Run  string
	Name string // such as "SIGINT"
}

// signals are those that can be sent.
var signals = map[string]syscall.Signal{
	"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM, "SIGHUP": syscall.SIGHUP, "SIGKILL": syscall.SIGKILL,
}

func (s *Signal) play(_ context.Context, p *player) error {
	proc := p.processes[s.Run]
	if proc == nil {
		return fmt.Errorf("no program run %q", s.Run)
	}
	at, seen := p.act()
	err := proc.Signal(signals[s.Name])
	if err != nil && !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s: %w", s.Name, err)
	}
	p.add(Event{At: at, Seen: seen, Kind: Signalled, Run: s.Run, Text: s.Name})
	return nil
}

func (s *Signal) star() string {
	w := call("signal", starText(s.Name))
	w.text("run", s.Run, defaultRun)
	return w.String()
}

func signalWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Signal{Run: defaultRun}
	if err := unpack(fn, args, kwargs, "name", &s.Name, "run?", &s.Run); err != nil {
		return nil, err
	}
	if _, known := signals[s.Name]; !known {
		return nil, fmt.Errorf("signal wants one of %v, got %q", slices.Sorted(maps.Keys(signals)), s.Name)
	}
	return newStep(s)
}
