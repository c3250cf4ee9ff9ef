package conformance

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
)

// A digest stands for bytes that may be too many to keep: how many they are,
// and what they are. Few bytes are kept as they stand, of many the sum of each
// block, so that two digests tell where they begin to differ.
type digest struct {
	size int64
	data []byte // all of the bytes, if there are at most digestBlock
	sums []byte // digestSum bytes for each block, if there are more
}

// A block is so many bytes, and its sum the first bytes of its SHA-256.
const (
	digestBlock = 64 << 10
	digestSum   = 8
)

// event puts the digest into an event, as its N and Data.
func (d digest) event(e Event) Event {
	e.N, e.Data = int(d.size), d.data
	if d.size > digestBlock {
		e.Data = d.sums
	}
	return e
}

// digestOf takes the digest out of an event.
func digestOf(e Event) digest {
	if e.N > digestBlock {
		return digest{size: int64(e.N), sums: e.Data}
	}
	return digest{size: int64(e.N), data: e.Data}
}

// differs says how got is not what is wanted; empty if it is.
func (d digest) differs(got digest) string {
	switch {
	case got.size == d.size && bytes.Equal(got.data, d.data) && bytes.Equal(got.sums, d.sums):
		return ""
	case got.size <= digestBlock && d.size <= digestBlock:
		return fmt.Sprintf("%s, which differs from byte %d on", quote(got.data), differ(got.data, d.data))
	case got.size <= digestBlock || d.size <= digestBlock:
		return count(int(got.size), "byte")
	}
	at := int64(differ(got.sums, d.sums)) / digestSum * digestBlock
	return fmt.Sprintf("%s, which differ somewhere from byte %d on", count(int(got.size), "byte"), min(at, d.size, got.size))
}

// String describes the bytes.
func (d digest) String() string {
	if d.size <= digestBlock {
		return quote(d.data)
	}
	return count(int(d.size), "byte")
}

// A digester makes a digest of what is written to it.
type digester struct {
	d     digest
	block hash.Hash
	fill  int // bytes in block
}

func newDigester() *digester { return &digester{block: sha256.New()} }

// Write implements io.Writer; it never fails.
func (g *digester) Write(b []byte) (int, error) {
	whole := len(b)
	if room := digestBlock - len(g.d.data); room > 0 {
		g.d.data = append(g.d.data, b[:min(room, len(b))]...)
	}
	for len(b) > 0 {
		n := min(len(b), digestBlock-g.fill)
		g.block.Write(b[:n])
		g.fill += n
		g.d.size += int64(n)
		b = b[n:]
		if g.fill == digestBlock {
			g.endBlock()
		}
	}
	return whole, nil
}

func (g *digester) endBlock() {
	g.d.sums = append(g.d.sums, g.block.Sum(nil)[:digestSum]...)
	g.block.Reset()
	g.fill = 0
}

// digest is that of all that was written.
func (g *digester) digest() digest {
	if g.d.size <= digestBlock {
		return digest{size: g.d.size, data: g.d.data}
	}
	if g.fill > 0 {
		g.endBlock()
	}
	return digest{size: g.d.size, sums: g.d.sums}
}

// digest gives that of an expression. It is kept: a step is judged many times.
func (b *binding) digest(e Expr) (digest, error) {
	key := e.star()
	if d, known := b.digests[key]; known {
		return d, nil
	}
	g := newDigester()
	if err := stream(e, b, g); err != nil {
		return digest{}, err
	}
	d := g.digest()
	b.digests[key] = d
	return d, nil
}

// stream writes an expression's bytes, of a repetition one after the other, so
// that they need not all be there at once.
func stream(e Expr, b *binding, w io.Writer) error {
	switch e := e.(type) {
	case Repeat:
		one, err := e.Of.bytes(b)
		for i := 0; i < e.N && err == nil; i++ {
			_, err = w.Write(one)
		}
		return err
	case Concat:
		for _, part := range e {
			if err := stream(part, b, w); err != nil {
				return err
			}
		}
		return nil
	}
	all, err := e.bytes(b)
	if err == nil {
		_, err = w.Write(all)
	}
	return err
}

// size is how many bytes an expression has.
func size(e Expr, b *binding) (int64, error) {
	switch e := e.(type) {
	case Repeat:
		one, err := size(e.Of, b)
		return one * int64(e.N), err
	case Concat:
		var sum int64
		for _, part := range e {
			n, err := size(part, b)
			if err != nil {
				return 0, err
			}
			sum += n
		}
		return sum, nil
	case Sample:
		return int64(e.Size), nil
	}
	all, err := e.bytes(b)
	return int64(len(all)), err
}
