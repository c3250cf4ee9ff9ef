package fileshare

import (
	"context"
	"slices"

	"netproctor/internal/mutant"
	"netproctor/reference"
)

// Servers are wrong servers, each with the requirement that it breaks.
var Servers = serverMutants(wrongOutput, wrongDiscovery, wrongThreads, wrongLists, wrongGets, wrongPuts, wrongBytes, wrongReading, wrongErrors)

// A serverFault is a wrong server: the right one with a part replaced.
type serverFault struct {
	name, breaks, why string
	replace           func(s *server)
}

// serverMutants puts tables of faults together.
func serverMutants(tables ...[]serverFault) []mutant.Mutant {
	var list []mutant.Mutant
	for _, f := range slices.Concat(tables...) {
		list = append(list, mutant.Mutant{Name: "server-" + f.name, Role: "server", Breaks: "server." + f.breaks, Why: f.why, Main: serverMain(f.replace)})
	}
	return list
}

// serverMain is a program that has some parts replaced. Each run has parts of
// its own, so that they may keep something between them.
func serverMain(replace func(s *server)) func(context.Context, reference.Env) int {
	return func(ctx context.Context, e reference.Env) int {
		s := serverParts()
		replace(s)
		return s.main(ctx, e)
	}
}
