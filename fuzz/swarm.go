package fuzz

import "math/rand/v2"

// A swarm is what cases are made of for a while: of everything, or of few messages
// and few mistakes only. What takes many of a kind without any of another, such as a
// queue that grows, chance alone does not bring about.
type swarm struct {
	block       int
	first, step int // of the messages in the pool
	size        int // how many they are
	legal       int // of a thousand cases
	mistakes    []mistake
}

// swarmBlock is how many cases a swarm lasts. Every other one has everything.
const swarmBlock = 1024

// A mistake is a way to spoil a message.
type mistake int

const (
	cutShort mistake = iota
	fieldChanged
	bitFlipped
	somethingBehind
)

// mistakes are all, each as often as it is worth.
var mistakes = []mistake{cutShort, cutShort, fieldChanged, fieldChanged, fieldChanged, fieldChanged, fieldChanged, fieldChanged, bitFlipped, somethingBehind}

// of makes the swarm of the i-th case, which follows from the seed and i.
func (s *swarm) of(i, pool int, seed uint64) {
	block := i / swarmBlock
	if s.size > 0 && s.block == block {
		return
	}
	*s = swarm{block: block, step: 1, size: pool, legal: legalShare, mistakes: mistakes}
	if block%2 == 0 || pool == 0 {
		return
	}
	r := rand.New(rand.NewPCG(seed, ^uint64(block)))
	s.first, s.step = r.IntN(pool), 1+r.IntN(pool)
	s.size = min(pool, 1<<r.IntN(8))
	s.legal = []int{100, legalShare, 900, 960}[r.IntN(4)]
	s.mistakes = mistakes[r.IntN(len(mistakes)):]
}

// legalShare is how many of a thousand cases are legal, or else below randomShare.
const legalShare, randomShare = 500, 20

// draw gives the number of a message.
func (s *swarm) draw(r *rand.Rand, pool int) int { return (s.first + s.step*r.IntN(s.size)) % pool }
