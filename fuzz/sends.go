package fuzz

import (
	"crypto/sha256"

	"netproctor/conformance"
)

// Sends gives what the scenarios of a protocol send, each only once, in the order of
// the scenarios. A send whose bytes are known only while it is played is left
// out. The seed is that of the scenarios' samples.
func Sends(p *conformance.Protocol, seed uint64) [][]byte {
	var list set
	for _, s := range p.Scenarios {
		for _, step := range conformance.Preview(s, seed) {
			if len(step.Bytes) > 0 {
				list.add(step.Bytes)
			}
		}
	}
	return list.all
}

// A set keeps byte strings in the order in which they came, each only once.
type set struct {
	all  [][]byte
	seen map[[sha256.Size]byte]bool // sums, because some are many MiB
}

func (s *set) add(b []byte) {
	if s.seen == nil {
		s.seen = map[[sha256.Size]byte]bool{}
	}
	if sum := sha256.Sum256(b); !s.seen[sum] {
		s.seen[sum] = true
		s.all = append(s.all, b)
	}
}
