package fuzz

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWay makes way as long as somebody has it, for a while at most, and not behind
// the first finding.
func TestWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w way
		waited := func() time.Duration {
			began := time.Now()
			w.give(t.Context())
			return time.Since(began)
		}
		require.Zero(t, waited())
		first, second := w.take(), w.take()
		require.Equal(t, wayFor, waited())
		time.AfterFunc(time.Second, first)
		require.Equal(t, wayFor, waited(), "the second has it")
		time.AfterFunc(time.Second, second)
		require.Equal(t, time.Second, waited())
		first()
		require.Zero(t, waited())
		third := w.take()
		w.open()
		require.Zero(t, waited())
		third()
	})
}
