package fileshare

import (
	"context"
	"slices"

	"netproctor/internal/mutant"
	"netproctor/reference"
)

// Clients are wrong clients, each with the requirement that it breaks.
var Clients = clientMutants(wrongConsoles, wrongScans, wrongConnections, wrongFiles, wrongReplies)

// A clientFault is a wrong client: the right one with a part replaced.
type clientFault struct {
	name, breaks, why string
	replace           func(u *console)
}

// clientMutants puts tables of faults together.
func clientMutants(tables ...[]clientFault) []mutant.Mutant {
	var list []mutant.Mutant
	for _, f := range slices.Concat(tables...) {
		list = append(list, mutant.Mutant{Name: "client-" + f.name, Role: "client", Breaks: "client." + f.breaks, Why: f.why, Main: clientMain(f.replace)})
	}
	return list
}

// clientMain is a program that has some parts replaced. Each run has parts of
// its own.
func clientMain(replace func(u *console)) func(context.Context, reference.Env) int {
	return func(ctx context.Context, e reference.Env) int {
		u := consoleParts()
		replace(u)
		return u.main(ctx, e)
	}
}
