package fuzz_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/fuzz"
)

// longestSeed is up to how many bytes something is a seed: the engine changes a
// byte here and there, which comes to nothing in long bodies.
const longestSeed = 2048

// run makes a target of the codec whose name it has.
func run(f *testing.F) {
	c := table(f, strings.TrimPrefix(f.Name(), "Fuzz"))
	for _, b := range c.engineSeeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { c.check(t, b) })
}

// engineSeeds are those of the seeds that are short, unless this is a process
// that gets its inputs from another one. Of those that have one length and begin
// alike one is enough: scenarios that differ in their texts send thousands.
func (c *codec) engineSeeds(f *testing.F) (few [][]byte) {
	if worker := flag.Lookup("test.fuzzworker"); worker.Value.String() == "true" {
		return nil
	}
	type shape struct {
		size  int
		begin string
	}
	seen := map[shape]bool{}
	for _, b := range c.seeds(f) {
		if s := (shape{len(b), string(b[:min(len(b), 12)])}); len(b) <= longestSeed && !seen[s] {
			seen[s] = true
			few = append(few, b)
		}
	}
	require.NotEmpty(f, few, "a target needs seeds")
	return few
}

// seeds are made of what the layout allows and almost allows, of what the
// protocol's scenarios send, and of messages that draw makes up.
func (c *codec) seeds(t rapid.TB) [][]byte {
	return slices.Concat(c.examples(), c.bytesOfBounds(), c.ofLayout(t), c.sends(t))
}

// examples are some legal messages, always the same ones, and the beginning of
// each.
func (c *codec) examples() (all [][]byte) {
	draw := rapid.Custom(c.draw)
	for i := range 8 {
		b := c.encode(draw.Example(i))
		all = append(all, b, b[:len(b)/2], append(slices.Clone(b), 0))
	}
	return append(all, nil)
}

// bytesOfBounds are records with each field at its limits, and beyond.
func (c *codec) bytesOfBounds() (all [][]byte) {
	for _, bound := range c.bounds {
		for _, n := range bound.edges() {
			if b := bound.wire(n); b != nil {
				all = append(all, b)
			}
		}
	}
	return all
}

// ofLayout are records that the layout allows, and what is near some of them.
func (c *codec) ofLayout(t rapid.TB) [][]byte {
	l := c.record(t)
	if l == nil {
		return nil
	}
	seeds := fuzz.Legal(l, longestSeed)
	require.NotEmpty(t, seeds, "%s allows nothing short", l.Name)
	for _, b := range seeds {
		if len(b) <= 32 {
			seeds = append(seeds, fuzz.Near(l, b)...)
		}
	}
	return seeds
}

// sends is what the protocol's scenarios send.
func (c *codec) sends(t rapid.TB) [][]byte {
	return once(t, fmt.Sprintf("sends of %s with %v", c.protocol, c.set), func() ([][]byte, error) {
		p, err := loaded(c.protocol, c.set)
		if p == nil || err != nil {
			return nil, err
		}
		return fuzz.Sends(p, 1), nil
	})
}
