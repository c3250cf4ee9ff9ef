package fuzz

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"netproctor/conformance"
)

// A Visit is one connection to a server: what is sent before the sending side
// is closed. All that is fuzzed is a history of visits.
type Visit []byte

// An answer is what came back on one connection, up to its end.
type answer struct {
	data  []byte // until the next visit
	reset bool   // it ended by RST, which may have destroyed bytes on their way
	fault string // why there was no end: no connection, or silence
	none  bool   // nothing was sent, for a reason that is not the program's
}

// unconnected is the answer of a program to which no connection could be made.
func unconnected(err error) answer {
	if errors.Is(err, conformance.ErrNoSocket) {
		return answer{none: true}
	}
	return answer{fault: "no connection: " + err.Error()}
}

// A wire plays visits on a server: it connects, sends, ends sending, and reads
// to the end. That the program closes the connection before it has read
// everything is its own affair.
type wire interface {
	visit(ctx context.Context, v Visit, limit time.Duration) answer
	close()
}

// How much a program may answer, and how long it may take.
const (
	answerMost  = 64 << 20
	answerLimit = 3 * time.Second
)

// noEnd is the fault of a connection that did not end in time.
func noEnd(data []byte, limit time.Duration) string {
	return fmt.Sprintf("%d bytes, and no end of the connection within %s", len(data), limit)
}

// dialled is the wire for every sandbox, also for one in memory.
type dialled struct {
	box     conformance.Sandbox
	address string
}

func (w *dialled) close() {}

func (w *dialled) visit(ctx context.Context, v Visit, limit time.Duration) answer {
	dial, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := w.box.Dial(dial, "tcp", w.address)
	if err != nil {
		return unconnected(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(limit))
	if _, err := c.Write(v); err == nil {
		halfClose(c)
	}
	return drain(c, limit)
}

// halfClose ends the sending side. That the connection is gone by then is told by
// what is read.
func halfClose(c net.Conn) {
	if half, can := c.(interface{ CloseWrite() error }); can {
		half.CloseWrite()
	}
}

// drain reads to the end of a connection.
func drain(c net.Conn, limit time.Duration) answer {
	data, err := io.ReadAll(io.LimitReader(c, answerMost))
	var late net.Error
	switch {
	case err == nil:
		return answer{data: data}
	case errors.As(err, &late) && late.Timeout():
		return answer{data: data, fault: noEnd(data, limit)}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return answer{data: data, reset: true}
	}
	return answer{data: data, fault: err.Error()}
}
