package main

import (
	"fmt"
	"io"
	"strings"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
)

// machine plays the protocol's state machine and tells what came of it.
func (v *fuzzVerb) machine(a *app, p *conformance.Protocol, g conformance.Graded) error {
	if g.Role != conformance.Server {
		return usage("--model wanted a server, got a %s", g.Role)
	}
	target := g.Target
	m, err := protocols.Machine(v.Protocol, v.Set)
	if err != nil {
		return usage("--model: %w", err)
	}
	o := fuzz.MachineOptions{Protocol: p, Target: target, Machine: m, Seed: v.Seed, Cases: v.Cases, For: v.For}
	if v.Replay != "" {
		return v.replayMachine(a, o)
	}
	o.Progress = func(n fuzz.Progress) { tellMachine(a.err, n) }
	fmt.Fprintf(a.out, "fuzzing %s with a state machine, seed %d, isolation: %s\n", target, v.Seed, target.Isolation())
	c, err := fuzz.RunMachine(a.ctx, o)
	return v.over(a, c, err, tellHistories)
}

// replayMachine plays the findings of a state machine again.
func (v *fuzzVerb) replayMachine(a *app, o fuzz.MachineOptions) error {
	findings, err := fuzz.Read(v.Replay)
	if err != nil {
		return usage("--replay: %w", err)
	}
	fmt.Fprintf(a.out, "replaying the histories of %d findings on %s, isolation: %s\n", len(findings), o.Target, o.Target.Isolation())
	list, err := fuzz.ReplayMachine(a.ctx, o, findings)
	return tellReplayed(a, list, err)
}

func tellMachine(w io.Writer, n fuzz.Progress) {
	fmt.Fprintf(w, "%4.0f s: %d histories, %.0f actions/s, %d findings\n", n.Elapsed.Seconds(), n.Cases, float64(n.Visits)/n.Elapsed.Seconds(), n.Findings)
}

// tellHistories shows each finding as what was done, in the order of time.
func tellHistories(w io.Writer, c *fuzz.Campaign) {
	for _, f := range c.Findings {
		fmt.Fprintf(w, "\n%s: %s\n  breaks    %s\n  found     after %.1f s\n  verified  %d of 3\n", f.ID, f.Signature, orNone(strings.Join(f.Requirements, ", ")), f.FoundAfter, f.Verified)
		for _, action := range f.Actions {
			fmt.Fprintf(w, "  %s\n", action)
		}
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(f.Evidence, "\n", "\n  "))
	}
	fmt.Fprintf(w, "\n%d findings in %d histories, %d actions, %.1f s\n", len(c.Findings), c.Cases, c.Visits, c.Elapsed.Seconds())
	if c.Stopped != "" {
		fmt.Fprintf(w, "stopped: %s\n", c.Stopped)
	}
}
