// Package protocols tells the fuzzer of the five protocols: for each one a state
// machine, whose moves are written by the reference's codec and whose reactions
// are those that the reference's model allows, and for servers of visits that
// model as a campaign takes it.
//
// It stands between package fuzz, which knows no protocol, and the references,
// which know nothing of fuzzing; whoever fuzzes takes a value from here and hands
// it over. It plays nothing itself.
package protocols

import (
	"fmt"
	"maps"
	"slices"

	"netproctor/fuzz"
)

// Machine gives the state machine of a protocol. The params are those of its
// scenarios, such as DIALECT, that have other values than by themselves. It is an
// error if the machine would not be right with them.
func Machine(protocol string, params map[string]string) (*fuzz.Machine, error) {
	if protocol == "fileshare" {
		s, err := sharingOf(params)
		if err != nil {
			return nil, err
		}
		return s.machine(), nil
	}
	machine, known := map[string]func() *fuzz.Machine{"mailbox": Mailbox, "download": Download, "transfer": Transfer, "chat": Chat}[protocol]
	if !known {
		return nil, fmt.Errorf("wanted a protocol with a state machine, got %q", protocol)
	}
	return machine(), onlyParams(params, programParams...)
}

// programParams say nothing of what a server does once it runs.
var programParams = []string{"PORT_MIN", "PORT_MAX", "LARGE_MIB"}

// onlyParams wants none but some params.
func onlyParams(params map[string]string, some ...string) error {
	for _, param := range slices.Sorted(maps.Keys(params)) {
		if !slices.Contains(some, param) {
			return fmt.Errorf("the state machine wanted the protocol as it stands, got %s", param)
		}
	}
	return nil
}
