package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
)

// parts gives the campaigns that there are for a program, the leading one first,
// and says what they are. done frees what they use.
func (v *fuzzVerb) parts(a *app, p *conformance.Protocol, g conformance.Graded) (list []fuzz.Part, done func(), err error) {
	done = func() {}
	if v.Model {
		machine, err := v.machine(p, g)
		fmt.Fprintf(a.out, "fuzzing %s with a state machine, seed %d, isolation: %s\n", g.Target, v.Seed, g.Target.Isolation())
		return []fuzz.Part{machine}, done, err
	}
	fmt.Fprintf(a.out, "fuzzing %s, seed %d, isolation: %s\n", g.Target, v.Seed, g.Target.Isolation())
	began := time.Now()
	o := fuzz.Options{Protocol: p, Target: g.Target, Seed: v.Seed, Cases: v.Cases, For: v.For, Cold: v.Cold}
	if g.Role != conformance.Server {
		return []fuzz.Part{suitePart(g.Role, o)}, done, nil
	}
	params, err := v.params(p)
	if err != nil {
		return nil, nil, err
	}
	visits := o
	if visits.Model, visits.Files, visits.Gap = protocols.Model(v.Protocol, params); visits.Model != nil {
		if done, err = v.guide(a, &visits); err != nil {
			return nil, nil, err
		}
		o.Target, o.Beside = visits.Target, began
		for share := range v.shares() {
			visits.Share = share
			list = append(list, visitsPart(visits))
		}
		return append(list, suitePart(g.Role, o)), done, nil
	}
	if turns, err := v.machineOptions(p, g, params); err == nil {
		turns.Cold, o.Beside = v.Cold, began
		for share := range v.shares() {
			turns.Share = share
			list = append(list, turnsPart(turns))
		}
		return append(list, suitePart(g.Role, o)), done, nil
	}
	return []fuzz.Part{suitePart(g.Role, o)}, done, nil
}

// params gives the params that make the protocol another one than the one that is
// built in: the dialect, and what differs from its defaults. A model or a state
// machine is right for some of them only.
func (v *fuzzVerb) params(p *conformance.Protocol) (map[string]string, error) {
	const dialect = "DIALECT"
	params := map[string]string{}
	for _, q := range p.Params {
		params[q.Name] = q.Value
	}
	var own source
	if chosen, has := params[dialect]; has {
		own.Set = map[string]string{dialect: chosen}
	}
	builtIn, err := own.load(v.Protocol)
	if errors.Is(err, conformance.ErrNoProtocol) {
		return params, nil
	}
	if err != nil {
		return nil, err
	}
	for _, q := range builtIn.Params {
		if q.Name != dialect && params[q.Name] == q.Value {
			delete(params, q.Name)
		}
	}
	return params, nil
}

// shares gives what each worker plays. There are not more of them than cases.
func (v *fuzzVerb) shares() iter.Seq[fuzz.Share] {
	workers := v.Workers
	if v.Cases > 0 {
		workers = min(workers, v.Cases)
	}
	return func(yield func(fuzz.Share) bool) {
		for n := range workers {
			if !yield(fuzz.Share{Worker: n, Workers: workers}) {
				return
			}
		}
	}
}

// visitsPart is the campaign of visits to a server that runs on.
func visitsPart(o fuzz.Options) fuzz.Part {
	return fuzz.Part{Leads: true, Run: func(ctx context.Context, found func(*fuzz.Finding) error, progress func(fuzz.Progress)) (*fuzz.Campaign, error) {
		o.Found, o.Progress = found, progress
		return fuzz.Run(ctx, o)
	}}
}

// turnsPart is the campaign of a state machine on one server that stays up.
func turnsPart(o fuzz.MachineOptions) fuzz.Part {
	return fuzz.Part{Leads: true, Run: func(ctx context.Context, found func(*fuzz.Finding) error, progress func(fuzz.Progress)) (*fuzz.Campaign, error) {
		o.Found, o.Progress = found, progress
		return fuzz.RunTurns(ctx, o)
	}}
}

// suitePart is the campaign of the scenarios.
func suitePart(role string, o fuzz.Options) fuzz.Part {
	return fuzz.Part{Run: func(ctx context.Context, found func(*fuzz.Finding) error, progress func(fuzz.Progress)) (*fuzz.Campaign, error) {
		o.Found, o.Progress = found, progress
		return fuzz.RunSuite(ctx, role, o)
	}}
}

// machine is the campaign of the protocol's state machine on servers of its own.
func (v *fuzzVerb) machine(p *conformance.Protocol, g conformance.Graded) (fuzz.Part, error) {
	params, err := v.params(p)
	if err != nil {
		return fuzz.Part{}, err
	}
	o, err := v.machineOptions(p, g, params)
	if err != nil {
		return fuzz.Part{}, err
	}
	return fuzz.Part{Leads: true, Run: func(ctx context.Context, found func(*fuzz.Finding) error, progress func(fuzz.Progress)) (*fuzz.Campaign, error) {
		o.Found, o.Progress = found, progress
		return fuzz.RunMachine(ctx, o)
	}}, nil
}

func (v *fuzzVerb) machineOptions(p *conformance.Protocol, g conformance.Graded, params map[string]string) (fuzz.MachineOptions, error) {
	if g.Role != conformance.Server {
		return fuzz.MachineOptions{}, usage("--model wanted a server, got a %s", g.Role)
	}
	m, err := protocols.Machine(v.Protocol, params)
	if err != nil {
		return fuzz.MachineOptions{}, usage("--model: %w", err)
	}
	return fuzz.MachineOptions{Protocol: p, Target: g.Target, Machine: m, Seed: v.Seed, Cases: v.Cases, For: v.For}, nil
}
