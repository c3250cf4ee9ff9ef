package fuzz

import (
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/scenarios"
)

func testGuide(t *testing.T, protocol string, d Dictionary) *guide {
	p, err := conformance.Load(scenarios.Files, protocol, conformance.LoadOptions{})
	require.NoError(t, err)
	o := &Options{Protocol: p, Seed: 1, Guidance: &Guidance{Dictionary: d}}
	return newGuide(o, newGenerator(o))
}

// TestGuidedCases makes many and looks at their bounds.
func TestGuidedCases(t *testing.T) {
	for _, protocol := range []string{"mailbox", "download"} {
		k := testGuide(t, protocol, Dictionary{Words: [][]byte{[]byte("admin")}, Numbers: []uint64{3, 300, 4919, 1 << 63}})
		longest, records := 0, 0
		for range 3000 {
			h := k.next()
			require.NotEmpty(t, h)
			require.LessOrEqual(t, len(h), repeatMost)
			k.visits += len(h)
			longest = max(longest, len(h))
			for _, v := range h {
				require.LessOrEqual(t, len(v), 4*visitMost)
				if _, is := k.parse(v); is {
					records++
				}
			}
			if k.r.IntN(20) == 0 {
				k.corpus = append(k.corpus, &entry{history: h, sign: k.r.Uint64()})
			}
		}
		require.Greater(t, longest, 250, "a number of the source was a count")
		require.Less(t, k.long, k.visits/2, "long histories do not eat up all visits")
		require.Greater(t, 2*records, k.visits, "most are still records")
	}
}

// TestNoConstants makes cases for a program of which nothing is known.
func TestNoConstants(t *testing.T) {
	k := testGuide(t, "mailbox", Dictionary{})
	for range 1000 {
		require.NotEmpty(t, k.next())
	}
}

func TestSweep(t *testing.T) {
	k := testGuide(t, "mailbox", Dictionary{Words: [][]byte{[]byte("admin42")}, Numbers: []uint64{77}})
	word, length := 0, 0
	for _, make := range k.sweep {
		h := make()
		d, is := k.parse(h[0])
		if !is {
			continue
		}
		for _, name := range texts(&d) {
			e, _ := d.Field(name)
			if string(e.Bytes) == "admin42" {
				word++
			}
			if len(e.Bytes) == 77 {
				length++
			}
		}
	}
	require.GreaterOrEqual(t, word, 4, "one for each text of a read and of a create request")
	require.GreaterOrEqual(t, length, 4)
}

// TestSweepOfOneText changes a text alone, too, if another one is the same.
func TestSweepOfOneText(t *testing.T) {
	k := testGuide(t, "mailbox", Dictionary{Words: [][]byte{[]byte("new")}})
	k.sweep = nil
	k.sweepOver([]Visit{Visit("\xae\x73\x02\x02\x02\x00\x01bbbbx")})
	var made []Visit
	for _, make := range k.sweep {
		made = append(made, make()[0])
	}
	require.Contains(t, made, Visit("\xae\x73\x02\x03\x03\x00\x01newnewx"))
	require.Contains(t, made, Visit("\xae\x73\x02\x03\x02\x00\x01newbbx"))
	require.Contains(t, made, Visit("\xae\x73\x02\x02\x03\x00\x01bbnewx"))
}

func TestRenamed(t *testing.T) {
	k := testGuide(t, "mailbox", Dictionary{})
	create, read := Visit("\xae\x73\x02\x01\x02\x00\x01abbx"), Visit("\xae\x73\x01\x02\x00\x00\x00bb")
	require.Equal(t, []Visit{Visit("\xae\x73\x02\x01\x03\x00\x01anewx"), Visit("\xae\x73\x01\x03\x00\x00\x00new"), Visit("noise")},
		k.renamed([]Visit{create, read, Visit("noise")}, []byte("bb"), []byte("new")))
	for range 20 {
		echoes := k.echoes(create, 4)
		require.Len(t, echoes, 3)
		require.Contains(t, echoes, read)
	}
}

func TestOutside(t *testing.T) {
	sent := Visit("\x01alice\x02bob")
	require.Equal(t, "Stored # of # from # for #!\n", string(maskLine([]byte("Stored 12 of 4 from alice for bob!\n"), sent)))
	require.Equal(t, shape([]byte("\x00\x01\x02\x03hello, you 12")), shape([]byte("\x00\x01\x02\x03howdy, he 34")))
	require.NotEqual(t, shape([]byte("\x00\x01\x02\x03a")), shape([]byte("\x00\x01\x02\x03a 1")))
	require.NotEqual(t, shape(nil), shape([]byte{0}))
	p, shown := &program{}, 0
	p.print("", []byte("one\ntw"))
	require.Equal(t, "one\n", string(p.since(&shown)))
	require.Empty(t, p.since(&shown))
	p.print("", []byte("o\nthree\n"))
	require.Equal(t, "two\nthree\n", string(p.since(&shown)))
	p.forgive()
	p.print("", []byte("four\n"))
	require.Equal(t, "four\n", string(p.since(&shown)))
}

func BenchmarkGuided(b *testing.B) {
	p, err := conformance.Load(scenarios.Files, "mailbox", conformance.LoadOptions{})
	require.NoError(b, err)
	o := &Options{Protocol: p, Seed: 1, Guidance: &Guidance{Dictionary: Dictionary{Words: [][]byte{[]byte("admin")}, Numbers: []uint64{3, 300, 4919}}}}
	k := newGuide(o, newGenerator(o))
	for b.Loop() {
		h := k.next()
		k.visits += len(h)
		if k.r.IntN(20) == 0 && len(k.corpus) < 500 {
			k.corpus = append(k.corpus, &entry{history: h, sign: k.r.Uint64()})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(k.visits), "ns/visit")
}
