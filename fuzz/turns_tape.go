package fuzz

import "golang.org/x/sys/unix"

// A tape notes the system calls of a player, so that the same can be done again
// without anything else.
type tape struct{ ops []op }

// An op is a system call, or a few that belong together.
type op struct {
	kind   opKind
	client int
	bytes  []byte // that are written
	count  int    // of bytes that are read
	to     *unix.RawSockaddrInet4
}

type opKind int

const (
	opConnect opKind = iota
	opWrite
	opRead
	opPeek
	opShutdown
	opEnd // read to the end
	opReuse
	opClose
	opSend
	opOpen  // a datagram socket
	opRenew // which gets another port
)

func (t *tape) note(o op) {
	if t != nil {
		t.ops = append(t.ops, o)
	}
}
