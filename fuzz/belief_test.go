package fuzz

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// A counter answers "?" with what it has counted. It counts "+", and "-" or "*"
// if it likes.
type counter int

func (c counter) Apply(sent []byte) []Outcome {
	switch string(sent) {
	case "?":
		return []Outcome{{Answer: bytes.Repeat([]byte("x"), int(c)), Next: c}}
	case "+":
		return []Outcome{{Next: c + 1}}
	}
	return []Outcome{{Next: c}, {Next: c + 1}}
}

// play plays visits, each with what is answered.
func play(t *testing.T, b belief, r *reasons, visits ...string) (belief, bool) {
	for i := 0; i < len(visits); i += 2 {
		next, ok := b.after(Visit(visits[i]), answer{data: []byte(visits[i+1])}, r)
		if !ok {
			return b, false
		}
		b = next
	}
	return b, true
}

func newCounting() (belief, *reasons) {
	return belief{{Model: counter(0)}}, &reasons{numbers: map[string]int{}, name: func(v Visit) string { return string(v) }}
}

// What a program does once with what is left open it is taken to do again.
func TestHabits(t *testing.T) {
	b, r := newCounting()
	b, ok := play(t, b, r, "-", "", "-", "", "-", "", "*", "")
	require.True(t, ok)
	require.Len(t, b, 4, "two habits that are not known")
	b, ok = play(t, b, r, "?", "xxx")
	require.True(t, ok)
	require.Len(t, b, 1, "it counts minus and not the star")
	for range 100 {
		b, ok = play(t, b, r, "-", "", "*", "")
		require.True(t, ok)
		require.Len(t, b, 1)
	}
	_, ok = play(t, b, r, "?", "x")
	require.False(t, ok)
}

// A program without a habit is one that may do either, from the moment that this
// is seen.
func TestNoHabit(t *testing.T) {
	b, r := newCounting()
	b, ok := play(t, b, r, "-", "", "?", "x")
	require.True(t, ok)
	r.loose[r.of(Visit("-"))] = true
	b, ok = play(t, b, r, "-", "", "?", "x")
	require.True(t, ok)
	require.Equal(t, counter(1), b[0].Model)
}

// Without habits every outcome is kept, and each only once.
func TestExactBelief(t *testing.T) {
	b, _ := newCounting()
	b, ok := play(t, b, nil, "-", "", "*", "", "-", "")
	require.True(t, ok)
	require.Len(t, b, 4, "nothing, one, two or three were counted")
	b, ok = play(t, b, nil, "?", "xx")
	require.True(t, ok)
	require.Len(t, b, 1)
}

// The i-th case is the same in any order, and in another generator.
func TestCasesFollowFromTheirNumber(t *testing.T) {
	for _, protocol := range []string{"mailbox", "download"} {
		o := &Options{Protocol: load(t, protocol), Seed: 7}
		one, other := newGenerator(o), newGenerator(o)
		var forward [][]byte
		for i := range 3000 {
			history, _ := one.at(i)
			forward = append(forward, bytes.Join(asBytes(history), []byte("|")))
		}
		for i := len(forward) - 1; i >= 0; i-- {
			history, _ := other.at(i)
			require.Equal(t, forward[i], bytes.Join(asBytes(history), []byte("|")), "case %d", i)
		}
	}
}

func asBytes(history []Visit) (list [][]byte) {
	for _, v := range history {
		list = append(list, v)
	}
	return list
}

// BenchmarkAt makes cases.
func BenchmarkAt(b *testing.B) {
	g := newGenerator(&Options{Protocol: load(b, "mailbox"), Seed: 7})
	for i := range g.pool {
		g.pool[i].look()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		g.at(len(g.histories) + i)
	}
}
