package fuzz

import "netproctor/conformance"

// quick gives the target on which cases are played: the same program, in sandboxes
// that are kept, where it starts in a fraction of the time. What comes of it is
// verified on the target as it was given.
func (o *Options) quick() (t conformance.Target, done func()) {
	c, is := o.Target.(*conformance.Command)
	if !is || o.Cold {
		return o.Target, func() {}
	}
	k := c.Kept()
	return k, func() { _ = k.Close() } // what is left of it are temporary directories
}
