package fuzz

import "slices"

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
