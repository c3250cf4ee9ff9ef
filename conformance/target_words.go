package conformance

import "slices"

// Words are those of the command line.
func (c *Command) Words() []string { return slices.Clone(c.words) }

// Instead gives the target with other words that start the same program, under
// the same name and in the same isolation.
func (c *Command) Instead(words []string) *Command {
	other := *c
	other.words = slices.Clone(words)
	return &other
}
