package fuzz_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// each runs a test for every codec.
func each(t *testing.T, test func(t *testing.T, c *codec)) {
	for i := range codecs {
		t.Run(codecs[i].target, func(t *testing.T) { test(t, &codecs[i]) })
	}
}

// TestRoundTrip: what is written is read as it was.
func TestRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, c *codec) { rapid.Check(t, c.roundTrip) })
}

func (c *codec) roundTrip(t *rapid.T) {
	m := c.draw(t)
	wire := c.encode(m)
	got, err := c.parse(wire)
	require.NoError(t, err)
	require.Equal(t, m, got)
	require.Equal(t, legal, c.check(t, wire))
}

// TestSpoilt: a legal record with some bytes changed, taken away or put in is held
// against all that check knows.
func TestSpoilt(t *testing.T) {
	each(t, func(t *testing.T, c *codec) { rapid.Check(t, c.spoilt) })
}

func (c *codec) spoilt(t *rapid.T) {
	b := c.encode(c.draw(t))
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		at := rapid.IntRange(0, len(b)).Draw(t, "at")
		some := rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "some")
		end := min(len(b), at+rapid.IntRange(0, 4).Draw(t, "instead of"))
		b = slices.Concat(b[:at], some, b[end:])
	}
	c.check(t, b)
}

// TestBounds: each field takes what is within its limits, and refuses what is
// just outside.
func TestBounds(t *testing.T) {
	each(t, func(t *testing.T, c *codec) {
		require.True(t, len(c.bounds) > 0 || slices.Contains(unbounded, c.target), "no field of it has limits")
		for _, bound := range c.bounds {
			for _, n := range bound.edges() {
				b := bound.wire(n)
				if b == nil {
					continue
				}
				within := n >= bound.least && n <= bound.most
				require.Equal(t, within, c.check(t, b) == legal, "%s of %d", bound.field, n)
			}
		}
	})
}

// unbounded are tokens that are constants, and a text of any length.
var unbounded = []string{"TransferWord", "FileshareDiscoveryRequest", "ChatText"}

// edges are the limits and their neighbours.
func (b *bound) edges() (all []uint64) {
	for _, n := range []uint64{b.least, b.most} {
		if n > 0 {
			all = append(all, n-1)
		}
		all = append(all, n)
		if n+1 > n {
			all = append(all, n+1)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// FuzzProperties lets Go's engine choose what rapid draws.
func FuzzProperties(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		c := rapid.SampledFrom(pointers()).Draw(t, "codec")
		if rapid.Bool().Draw(t, "spoilt") {
			c.spoilt(t)
			return
		}
		c.roundTrip(t)
	}))
}

func pointers() []*codec {
	all := make([]*codec, len(codecs))
	for i := range codecs {
		all[i] = &codecs[i]
	}
	return all
}
