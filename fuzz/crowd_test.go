package fuzz

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCrowd has as many plays awake as may be, more beside one that pauses once
// enough were played, and holds up none that goes on.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(2, 3)
		entered := make(chan bool, 9)
		enter := func(ctx context.Context) {
			go func() { entered <- c.enter(ctx) }()
			synctest.Wait()
		}
		enter(t.Context())
		enter(t.Context())
		require.Len(t, entered, 2)
		enter(t.Context())
		require.Len(t, entered, 2, "two are awake")
		over := c.pause()
		synctest.Wait()
		require.Len(t, entered, 2, "nothing was played yet")
		c.plays = crowdGrows
		over()
		over = c.pause()
		synctest.Wait()
		require.Len(t, entered, 3, "one of two is in a pause")
		over() // three are awake now
		require.Equal(t, 3, c.awake)
		c.leave()
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		enter(limited)
		require.Len(t, entered, 3, "two are awake again")
		c.leave()
		synctest.Wait()
		require.Len(t, entered, 4)
		enter(limited)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		for range 4 {
			require.True(t, <-entered)
		}
		require.False(t, <-entered, "the time is over")
	})
}
