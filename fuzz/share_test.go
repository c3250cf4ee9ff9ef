package fuzz

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestShares has workers play together what one alone plays, and exactly so many
// cases.
func TestShares(t *testing.T) {
	cases := func(s Share, count int) (list []string) {
		g := newGenerator(&Options{Protocol: load(t, "mailbox"), Seed: 7, Share: s})
		for i := range s.of(count) {
			history, kind := g.at(i)
			list = append(list, fmt.Sprintf("%d %x", kind, history))
		}
		return list
	}
	for _, count := range []int{3, 700, 2501} {
		alone := cases(Share{}, count)
		require.Len(t, alone, count)
		var all []string
		for worker := range 3 {
			all = append(all, cases(Share{worker, 3}, count)...)
		}
		require.ElementsMatch(t, alone, all)
	}
}
