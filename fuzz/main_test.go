package fuzz_test

import (
	"context"
	"net"
	"os"
	"testing"

	"netproctor/internal/proc"
	"netproctor/reference"
)

// serveWord as the first argument makes the test binary a reference server.
const serveWord = "serve-reference"

func TestMain(m *testing.M) {
	proc.Main()
	if len(os.Args) > 2 && os.Args[1] == serveWord {
		os.Exit(serve(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

func serve(protocol string, args []string) int {
	p, known := reference.ByName(protocol)
	if !known {
		return 2
	}
	var dialer net.Dialer
	return p.Server(context.Background(), reference.Env{
		Args: args, In: os.Stdin, Out: os.Stdout, Dir: ".",
		Listen: net.Listen, Dial: dialer.DialContext, ListenPacket: net.ListenPacket,
	})
}
