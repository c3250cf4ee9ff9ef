package fuzz

// Drawn has RunSuite leave out the scenarios as they are, and play only cases that
// are drawn.
func Drawn(o Options) Options {
	o.drawn = true
	return o
}
