package chat

import (
	"fmt"
	"net"
	"strconv"
)

// ValidFormat begins what both programs print if their command line is wrong
// (§IV.1, §IV.8).
const ValidFormat = "valid format : "

// The ports that the two programs take.
const (
	MinPort = 1
	MaxPort = 65535
)

// Exit statuses of the two programs.
const (
	exitDone   = 0
	exitFailed = 1 // something went wrong on the way
	exitUsage  = 2 // the command line is wrong
)

// Args is the command line of both programs: where the server is.
type Args struct {
	Host string // a name or a number; empty for all addresses of this machine
	Port int    // MinPort to MaxPort
}

// ParseArgs reads the two parameters of a program.
func ParseArgs(args []string) (Args, error) {
	if len(args) != 2 {
		return Args{}, fmt.Errorf("wanted two parameters, got %d", len(args))
	}
	port, err := strconv.Atoi(args[1])
	if err != nil {
		return Args{}, fmt.Errorf("the port wanted a number, got %q", args[1])
	}
	if port < MinPort || port > MaxPort {
		return Args{}, fmt.Errorf("the port wanted %d to %d, got %d", MinPort, MaxPort, port)
	}
	return Args{Host: args[0], Port: port}, nil
}

// Address returns host and port in one text, as package net wants it.
func (a Args) Address() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }
