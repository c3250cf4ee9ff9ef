package fuzz

import (
	"context"
	"slices"
	"time"
)

// ModelOf is protocols.Model, which imports this package; TestMain sets it.
var ModelOf func(protocol string, params map[string]string) (model Model, files map[string][]byte, gap time.Duration)

// modelled gives options the model of their protocol and its files.
func modelled(o Options) Options {
	o.Model, o.Files, _ = ModelOf(o.Protocol.Name, nil)
	return o
}

// Drawn has RunSuite leave out the scenarios as they are, and play only cases that
// are drawn.
func Drawn(o Options) Options {
	o.drawn = true
	return o
}

// TurnsHistories gives some histories of a campaign of turns, by their numbers.
func TurnsHistories(o *MachineOptions, numbers ...int) (all [][]Action) {
	cases := newTurnCases(o)
	for _, i := range numbers {
		history, _ := cases.at(i)
		all = append(all, slices.Clone(history))
	}
	return all
}

// WrittenDown plays a history on a right server and writes it as if its end were
// wrong. It says what is wrong all the same.
func (o *MachineOptions) WrittenDown(ctx context.Context, history []Action) (x *Finding, wrong string, err error) {
	f, s, err := o.probe(ctx, history)
	if err != nil {
		return nil, "", err
	}
	if f != nil {
		wrong = f.signature + "\n" + f.evidence
	} else {
		f = &fault{kind: Answer, signature: "nothing"}
	}
	return o.finding(f, s, history), wrong, nil
}
