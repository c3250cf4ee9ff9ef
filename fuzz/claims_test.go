package fuzz_test

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"
)

// Memory that a codec may take: so much for each byte at hand (an item of five
// bytes becomes two strings in a growing slice), and so much for anything, such
// as an error's text, or a buffer as large as the longest command.
const (
	memoryPerByte = 32
	memoryAnyway  = 16 << 10
)

// checkMemory makes sure that what a size on the wire says costs no memory: that
// is bounded by the bytes that are there.
func (c *codec) checkMemory(b []byte) error {
	limit := uint64(len(b))*memoryPerByte + memoryAnyway
	if took := memory(func() { c.parse(b) }); took > limit {
		return fmt.Errorf("parsing took %d bytes of memory, wanted at most %d", took, limit)
	}
	if c.read == nil {
		return nil
	}
	if took := memory(func() { c.read(bytes.NewReader(b)) }); took > limit {
		return fmt.Errorf("reading took %d bytes of memory, wanted at most %d", took, limit)
	}
	return nil
}

// memory gives how many bytes f allocates: the least of three times, since
// others may allocate, too. It stops the world.
func memory(f func()) uint64 {
	least := uint64(math.MaxUint64)
	var before, after runtime.MemStats
	for range 3 {
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		if least = min(least, after.TotalAlloc-before.TotalAlloc); least <= memoryAnyway {
			break
		}
	}
	return least
}

// coarseMemory is from where on a rough measurement is followed by a good one.
const coarseMemory = 64 << 10

var heap = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}

// allocated gives how many bytes have been allocated so far, roughly, because it
// counts small ones by the block. It costs little.
func allocated() uint64 {
	metrics.Read(heap)
	return heap[0].Value.Uint64()
}

// TestClaims measures what lies cost, to the byte. The targets do that only
// where a rough measurement is suspicious.
func TestClaims(t *testing.T) {
	each(t, func(t *testing.T, c *codec) {
		for _, b := range c.claims(t) {
			require.NoError(t, c.checkMemory(b), "%d bytes % .64x", len(b), b)
		}
	})
}

// claims are the seeds of the codec that are short, and the beginning of each of
// its examples with all that follows claimed to be as much as can be said.
func (c *codec) claims(t testing.TB) (all [][]byte) {
	for _, b := range append(c.examples(), c.ofLayout(t)...) {
		if len(b) > longestSeed {
			continue
		}
		all = append(all, b)
		for at := range min(len(b), 8) {
			for width := 1; width <= 8 && at+width <= len(b); width *= 2 {
				lie := bytes.Clone(b[:at+width])
				copy(lie[at:], join(uint64(math.MaxUint64)))
				all = append(all, lie)
				lie = bytes.Clone(lie)
				lie[at] = 0x7f // the most that is not negative
				all = append(all, lie)
			}
		}
	}
	// Each measurement stops the world, and thousands of records differ little.
	thin, step := all[:0], len(all)/300+1
	for i := 0; i < len(all); i += step {
		thin = append(thin, all[i])
	}
	return thin
}
