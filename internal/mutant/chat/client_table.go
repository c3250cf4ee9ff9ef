package chat

import (
	"context"
	"slices"

	"netproctor/internal/mutant"
	"netproctor/reference"
)

// Clients are wrong clients, each with the requirement that it breaks.
var Clients = clientMutants(wrongOpenings, wrongScreens, wrongSendings, wrongFiles, wrongGoodbyes)

// A clientFault is a wrong client: the right one with a part replaced.
type clientFault struct {
	name, breaks, why string
	replace           func(c *client)
}

// clientMutants puts tables of faults together.
func clientMutants(tables ...[]clientFault) []mutant.Mutant {
	var list []mutant.Mutant
	for _, f := range slices.Concat(tables...) {
		list = append(list, mutant.Mutant{Name: "client-" + f.name, Role: "client", Breaks: f.breaks, Why: f.why, Main: clientMain(f.replace)})
	}
	return list
}

// clientMain is a program that has some parts replaced. Each run has parts of
// its own, so that they may keep something between them.
func clientMain(replace func(c *client)) func(context.Context, reference.Env) int {
	return func(ctx context.Context, e reference.Env) int {
		c := clientParts()
		replace(c)
		return c.main(ctx, e)
	}
}
