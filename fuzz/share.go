package fuzz

// A Share is what one of several workers plays. Case i of a worker follows from
// the seed, the worker and i. The zero Share is that of a worker who is alone.
type Share struct {
	Worker, Workers int
}

// number is which of all cases the worker's i-th one is: together the workers
// play what one alone would.
func (s Share) number(i int) int { return s.Worker + i*max(1, s.Workers) }

// of is how many of so many cases the worker plays.
func (s Share) of(cases int) int {
	workers := max(1, s.Workers)
	return (cases + workers - 1 - s.Worker) / workers
}
