package fuzz

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOvertime has findings be made short no longer than a moment after the
// campaign's time is over; one that has so many cases takes what it needs.
func TestOvertime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		time.Sleep(9 * time.Second)
		left := func(cases int, limit time.Duration) time.Duration {
			return time.Until(shortUntil(20*time.Second, cases, began, limit))
		}
		require.Equal(t, 20*time.Second, left(0, time.Minute))
		require.Equal(t, 4*time.Second, left(0, 10*time.Second))
		require.Negative(t, left(0, time.Second))
		require.Equal(t, 20*time.Second, left(7, time.Second))
	})
}
