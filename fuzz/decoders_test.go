package fuzz_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
)

// BenchmarkDecoders times how each record and token of the five protocols is
// parsed, and read from a stream where the reference has a function for that: on a
// legal one of middling length.
func BenchmarkDecoders(b *testing.B) {
	for i := range codecs {
		c := &codecs[i]
		name := c.protocol + "/" + c.target[len(c.protocol):]
		wire := c.middling()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			c.timed(b, wire)
		})
		if c.read == nil {
			continue
		}
		b.Run(name+"/stream", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			stream := bytes.NewReader(wire)
			for b.Loop() {
				stream.Reset(wire)
				if _, err := c.read(stream); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// middling is the example whose length is in the middle, of those that can be parsed.
func (c *codec) middling() []byte {
	legal := slices.DeleteFunc(c.examples(), func(b []byte) bool { _, err := c.parse(b); return err != nil })
	slices.SortStableFunc(legal, func(a, b []byte) int { return cmp.Compare(len(a), len(b)) })
	return legal[len(legal)/2]
}
