package fuzz

import (
	"slices"
	"time"
)

// ModelOf is protocols.Model, which imports this package; TestMain sets it.
var ModelOf func(protocol string) (model Model, files map[string][]byte, gap time.Duration)

// modelled gives options the model of their protocol and its files.
func modelled(o Options) Options {
	o.Model, o.Files, _ = ModelOf(o.Protocol.Name)
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
