package fuzz

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/mailbox"
)

// longestQueue is how many messages wait for one user at most, if nothing is made
// but the cases of a generator behind the scripted ones.
func longestQueue(t *testing.T, g *generator, cases int) (longest int) {
	t.Helper()
	waiting := map[string]int{}
	for i := range cases {
		history, _ := g.at(len(g.histories) + i)
		for _, v := range history {
			r, err := mailbox.ParseMessageRequest(v)
			switch {
			case err != nil:
			case r.ID == mailbox.Read:
				waiting[r.Name] = max(0, waiting[r.Name]-255)
			default:
				waiting[r.Receiver]++
				longest = max(longest, waiting[r.Receiver])
			}
		}
	}
	return longest
}

// TestSwarm makes sure that cases reach what takes many of a kind: a queue that is
// longer than one answer holds.
func TestSwarm(t *testing.T) {
	for seed := range uint64(5) {
		g := newGenerator(&Options{Protocol: load(t, "mailbox"), Seed: seed})
		require.Greater(t, longestQueue(t, g, 4*swarmBlock), 255, "seed %d", seed)
	}
}

// TestSwarmFollowsFromTheSeed asks for cases in any order.
func TestSwarmFollowsFromTheSeed(t *testing.T) {
	o := &Options{Protocol: load(t, "mailbox"), Seed: 3}
	g, other := newGenerator(o), newGenerator(o)
	for i := range 4 * swarmBlock {
		history, _ := g.at(i)
		want := slices.Clone(history[0])
		other.at(4*swarmBlock - i)
		history, _ = other.at(i)
		require.Equal(t, want, history[0], "case %d", i)
	}
}
