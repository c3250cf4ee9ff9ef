package conformance

import (
	"context"

	"go.starlark.net/starlark"
)

// An Unlisten closes the harness's listeners, so that whoever connects from
// now on is refused. Connections that were made stay. A listener's port is free
// when the last call on it has returned, so that is waited for.
type Unlisten struct{ action }

func (s *Unlisten) play(_ context.Context, p *player) error {
	for _, l := range p.listeners {
		l.Close()
		<-l.over
	}
	p.listeners = nil
	return nil
}

func (s *Unlisten) star() string { return call("unlisten").String() }

func unlistenWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := unpack(fn, args, kwargs); err != nil {
		return nil, err
	}
	return newStep(&Unlisten{})
}
