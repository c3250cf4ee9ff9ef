package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
)

// replay plays findings of an earlier campaign and tells what has become of them.
func (v *fuzzVerb) replay(a *app, o fuzz.Options) error {
	findings, err := fuzz.Read(v.Replay)
	if err != nil {
		return usage("--replay: %w", err)
	}
	if slices.ContainsFunc(findings, func(x *fuzz.Finding) bool { return len(x.History) > 0 }) {
		m, err := protocols.Machine(v.Protocol, v.Set)
		if err != nil {
			return usage("--replay: %w", err)
		}
		return v.replayMachine(a, fuzz.MachineOptions{Protocol: o.Protocol, Target: o.Target, Machine: m})
	}
	o.Model, o.Files, o.Gap = protocols.Model(v.Protocol)
	fmt.Fprintf(a.out, "replaying %d findings on %s, isolation: %s\n", len(findings), o.Target, o.Target.Isolation())
	list, err := fuzz.Replay(a.ctx, o, findings)
	if err != nil && !errors.Is(err, fuzz.ErrNeverWorked) {
		err = fmt.Errorf("%w; %d findings were not replayed", err, len(findings)-len(list))
	}
	return tellReplayed(a, list, err)
}

// tellReplayed says of each finding what has become of it.
func tellReplayed(a *app, list []fuzz.Replayed, err error) error {
	failing := 0
	for _, r := range list {
		if r.Fixed() {
			fmt.Fprintf(a.out, "%-16s FIXED\n", r.ID)
			continue
		}
		failing++
		fmt.Fprintf(a.out, "%-16s STILL FAILING (%d of 3): %s\n  %s\n", r.ID, r.Seen, r.Signature, strings.ReplaceAll(r.Evidence, "\n", "\n  "))
	}
	switch {
	case errors.Is(err, fuzz.ErrNeverWorked):
		return harness("%w", err)
	case err != nil:
		fmt.Fprintf(a.out, "stopped: %v\n", err)
		return errStatus(statusHarness)
	case failing > 0:
		return errStatus(statusFailed)
	}
	return nil
}
