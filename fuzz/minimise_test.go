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

// TestUsedUp follows up what many visits have brought about, whatever they were,
// on programs that bear a few more than the first one did.
func TestUsedUp(t *testing.T) {
	var starts atomic.Int32
	o := &Options{Protocol: load(t, "mailbox"), Target: inMemory(func(ctx context.Context, e reference.Env) int {
		bears := 300
		if starts.Add(1) > 1 {
			bears = 330
		}
		return serveEach(func(_ context.Context, _ reference.Env, c net.Conn) bool {
			_, _ = io.Copy(io.Discard, c)
			bears--
			return bears > 0
		})(ctx, e)
	}), Seed: 1, Cases: 400}
	synctest.Test(t, func(t *testing.T) {
		c, err := Run(t.Context(), *o)
		require.NoError(t, err)
		require.Len(t, c.Findings, 1)
		f := c.Findings[0]
		require.Zero(t, c.Unexplained)
		require.Equal(t, Crash, f.Kind)
		require.Equal(t, verifications, f.Verified)
		require.Contains(t, []int{330, 331}, len(f.Sends), "its end may be noticed one visit later")
		require.Equal(t, f.Sends[0], f.Sends[329], "one visit, repeated")
	})
}

// TestSlowStarts follows up what needs many visits on a machine that takes long to
// start a program.
func TestSlowStarts(t *testing.T) {
	o := Options{Protocol: load(t, "mailbox"), Seed: 1, Cases: 400, Target: inMemory(func(ctx context.Context, e reference.Env) int {
		time.Sleep(startLimit - time.Second)
		bears := 300
		return serveEach(func(_ context.Context, _ reference.Env, c net.Conn) bool {
			_, _ = io.Copy(io.Discard, c)
			bears--
			return bears > 0
		})(ctx, e)
	})}
	synctest.Test(t, func(t *testing.T) {
		c, err := Run(t.Context(), o)
		require.NoError(t, err)
		require.Zero(t, c.Unexplained)
		require.Len(t, c.Findings, 1)
		require.Equal(t, Crash, c.Findings[0].Kind)
		require.Equal(t, verifications, c.Findings[0].Verified)
	})
}
