// Package mutant holds programs to test the graders with: wrong ones, correct
// but unusual ones, and ones that do nothing at all.
//
// Each is a Go function that runs on any network, so that a whole table of
// them can be graded in memory. A package beside this one holds the programs of
// each protocol; the null programs here suit every protocol. None of them knows
// what is to catch it.
package mutant

import (
	"context"

	"netproctor/reference"
)

// A Mutant is a wrong program.
type Mutant struct {
	Name   string
	Role   string // "server", "client" or "pair"
	Breaks string // the requirement that it breaks, such as "server.magic"
	Why    string // the mistake, as its author might have made it
	Main   func(ctx context.Context, e reference.Env) int
	// Client is the other program of a pair, whose Main is the server; nil for
	// a program alone.
	Client func(ctx context.Context, e reference.Env) int
}

// A Variant is a correct program that goes about it in its own way.
type Variant struct {
	Name string
	Role string
	Why  string // what is unusual
	// Bulk says that it moves bytes in a way of its own, so that much data is
	// worth its time.
	Bulk bool
	// Lacks is a should requirement that it does not meet; empty if it meets
	// all.
	Lacks string
	Main  func(ctx context.Context, e reference.Env) int
	// Client is the other program of a pair, whose Main is the server; nil for
	// a program alone.
	Client func(ctx context.Context, e reference.Env) int
}
