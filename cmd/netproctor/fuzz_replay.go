package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
)

// replay plays findings of earlier campaigns, each as it was found, and tells
// what has become of them.
func (v *fuzzVerb) replay(a *app, p *conformance.Protocol, g conformance.Graded) error {
	findings, err := fuzz.Read(v.Replay)
	if err != nil {
		return usage("--replay: %w", err)
	}
	fmt.Fprintf(a.out, "replaying %d findings on %s, isolation: %s\n", len(findings), g.Target, g.Target.Isolation())
	o := fuzz.Options{Protocol: p, Target: g.Target, Seed: v.Seed, Cold: v.Cold}
	list, err := fuzz.ReplaySuite(a.ctx, g.Role, o, findings)
	if g.Role == conformance.Server && err == nil {
		list, err = v.replayServer(a, p, g, o, findings, list)
	}
	if err != nil && !errors.Is(err, fuzz.ErrNeverWorked) {
		err = fmt.Errorf("%w; %d findings were not replayed", err, len(findings)-len(list))
	}
	return tellReplayed(a, list, err)
}

// replayServer plays what only a server can have been found by: visits, and the
// histories of its state machine.
func (v *fuzzVerb) replayServer(a *app, p *conformance.Protocol, g conformance.Graded, o fuzz.Options, findings []*fuzz.Finding, list []fuzz.Replayed) ([]fuzz.Replayed, error) {
	params, err := v.params(p)
	if err != nil {
		return list, err
	}
	if slices.ContainsFunc(findings, func(x *fuzz.Finding) bool { return x.Played == nil && len(x.History) == 0 }) {
		o.Model, o.Files, o.Gap = protocols.Model(v.Protocol, params)
		more, err := fuzz.Replay(a.ctx, o, findings)
		if list = append(list, more...); err != nil {
			return list, err
		}
	}
	if !slices.ContainsFunc(findings, func(x *fuzz.Finding) bool { return len(x.History) > 0 }) {
		return list, nil
	}
	m, err := v.machineOptions(p, g, params)
	if err != nil {
		return list, err
	}
	more, err := fuzz.ReplayMachine(a.ctx, m, findings)
	return append(list, more...), err
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
