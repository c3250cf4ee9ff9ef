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

	"netproctor/fuzz"
	"netproctor/reference/fileshare"
)

// Machine gives the state machine of a protocol. The params are those of its
// scenarios, such as DIALECT.
func Machine(protocol string, params map[string]string) (*fuzz.Machine, error) {
	switch protocol {
	case "mailbox":
		return Mailbox(), nil
	case "download":
		return Download(), nil
	case "transfer":
		return Transfer(), nil
	case "chat":
		return Chat(), nil
	case "fileshare":
		name := params["DIALECT"]
		if name == "" {
			name = fileshare.Sized.Name
		}
		d, err := fileshare.DialectByName(name)
		if err != nil {
			return nil, err
		}
		for param := range params {
			if param != "DIALECT" {
				return nil, fmt.Errorf("the state machine wanted a dialect as it stands, got %s", param)
			}
		}
		return Fileshare(d), nil
	}
	return nil, fmt.Errorf("wanted a protocol with a state machine, got %q", protocol)
}
