package main

import (
	"fmt"
	"io"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
)

// inTurns tells whether the conversations of a protocol go in turns, or over
// several connections: its server is not fuzzed by visits.
func inTurns(protocol string) bool {
	_, err := protocols.Machine(protocol, nil)
	model, _, _ := protocols.Model(protocol)
	return err == nil && model == nil
}

// turns fuzzes a server by a state machine, on one program that stays up.
func (v *fuzzVerb) turns(a *app, o fuzz.Options) error {
	m, err := protocols.Machine(v.Protocol, v.Set)
	if err != nil { // a dialect that no state machine speaks
		return v.campaign(a, conformance.Server, o)
	}
	n := fuzz.MachineOptions{Protocol: o.Protocol, Target: o.Target, Machine: m, Seed: v.Seed, Cases: v.Cases, For: v.For, Cold: v.Cold}
	n.Progress = func(p fuzz.Progress) { tellTurns(a.err, p) }
	var found []*fuzz.Finding
	if v.Out != "" {
		n.Found = func(x *fuzz.Finding) error {
			found = append(found, x)
			return fuzz.Write(v.Out, found)
		}
	}
	fmt.Fprintf(a.out, "fuzzing %s in turns, seed %d, isolation: %s\n", n.Target, n.Seed, n.Target.Isolation())
	c, err := fuzz.RunTurns(a.ctx, n)
	return v.over(a, c, err, tellHistories)
}

func tellTurns(w io.Writer, n fuzz.Progress) {
	fmt.Fprintf(w, "%4.0f s: %d cases, %.0f exchanges/s, %d starts, %d findings\n", n.Elapsed.Seconds(), n.Cases, n.Rate(), n.Starts, n.Findings)
}
