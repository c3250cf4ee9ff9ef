package protocols

import (
	"netproctor/fuzz"
	"slices"
)

// pick chooses one of several; the first is the simplest.
func pick[T any](r fuzz.Source, all ...T) T { return all[r.IntN(len(all))] }

// odds chooses a number by weights: 0 as often as the first says, and so on.
func odds(r fuzz.Source, weights ...int) int {
	n := 0
	for _, w := range weights {
		n += w
	}
	n = r.IntN(n)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return 0
}

// parting is a client that goes: at once, or, most often, when it has seen that
// the server goes, too.
func parting(r fuzz.Source, client int) []fuzz.Action {
	leaves := fuzz.Action{Client: client, Deed: fuzz.Leaving}
	if r.IntN(4) == 0 {
		return []fuzz.Action{leaves}
	}
	return []fuzz.Action{{Client: client, Deed: fuzz.Ending}, leaves}
}

// turns makes turns of bytes.
func turns(all ...[]byte) [][]byte { return slices.Clone(all) }

// contents are what files hold: nothing, a little, what looks like words of a
// protocol, and the edges of blocks.
func contents(r fuzz.Source, sizes ...int) []byte {
	switch k := odds(r, 4, 2, 2, 3); k {
	case 0:
		return []byte(pick(r, "x", "yz", "hello\n"))
	case 1:
		return []byte(pick(r, "DONE", "ERROR: x", "\x00\xff\r\n\x00", "é€🐧", "\n\n", "#upload 'a' 3"))
	case 2:
		return nil
	}
	return pattern(pick(r, sizes...), r.IntN(4))
}

// pattern is so many bytes of all values.
func pattern(n, shift int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + shift)
	}
	return b
}
