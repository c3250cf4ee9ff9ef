package fuzz_test

import (
	"context"
	"net"
	"os"
	"testing"

	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
	"netproctor/internal/proc"
	"netproctor/reference"
)

// serveWord as the first argument makes the test binary a reference server,
// callWord a client.
const serveWord, callWord = "serve-reference", "call-reference"

func TestMain(m *testing.M) {
	proc.Main()
	if len(os.Args) > 2 && (os.Args[1] == serveWord || os.Args[1] == callWord) {
		os.Exit(be(os.Args[1], os.Args[2], os.Args[3:]))
	}
	fuzz.ModelOf = protocols.Model
	os.Exit(m.Run())
}

func be(word, protocol string, args []string) int {
	p, known := reference.ByName(protocol)
	if !known {
		return 2
	}
	var dialer net.Dialer
	main := p.Server
	if word == callWord {
		main = p.Client
	}
	return main(context.Background(), reference.Env{
		Args: args, In: os.Stdin, Out: os.Stdout, Dir: ".",
		Listen: net.Listen, Dial: dialer.DialContext, ListenPacket: net.ListenPacket,
	})
}
