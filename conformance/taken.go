package conformance

import (
	"context"
	"net"
	"time"
)

// taking is a sandbox that can tell how many of the bytes sent on a connection the
// program at its other end has not read.
type taking interface {
	Unread(ctx context.Context, c net.Conn) (n int, err error)
}

// AwaitTaken waits until the program in the sandbox has read all that was sent on
// a connection, at most for so long. What cannot be seen is not waited for. It
// tells whether there was something to wait for.
func AwaitTaken(ctx context.Context, box Sandbox, c net.Conn, limit time.Duration) (waited bool) {
	t, can := box.(taking)
	if !can {
		return false
	}
	for deadline := time.Now().Add(limit); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(2 * time.Millisecond) {
		if n, err := t.Unread(ctx, c); n == 0 || err != nil {
			return waited
		}
		waited = true
	}
	return waited
}
