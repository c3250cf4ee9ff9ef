package fuzz

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/reference"
)

// TestShortenToAnEarlierVisit shortens the history of a server that goes wrong
// sooner each time: what is left then is not as long as it was.
func TestShortenToAnEarlierVisit(t *testing.T) {
	var starts atomic.Int32
	once := serveEach(func(_ context.Context, _ reference.Env, c net.Conn) bool {
		io.Copy(io.Discard, c)
		if starts.Load() > 2 { // it bears that a visit is left out
			io.WriteString(c, "wrong")
		}
		return true
	})
	o := &Options{Protocol: load(t, "mailbox"), Model: counter(0), Target: inMemory(func(ctx context.Context, e reference.Env) int {
		starts.Add(1)
		return once(ctx, e)
	})}
	synctest.Test(t, func(t *testing.T) {
		m := &minimiser{o: o, want: Answer, until: time.Now().Add(time.Hour), left: 20}
		history := []Visit{Visit("++"), Visit("++++")}
		short, f := m.shorten(t.Context(), &fault{kind: Answer, signature: "answers " + o.about(history[1])}, history)
		require.NotNil(t, f)
		require.Len(t, short, 1)
	})
}
