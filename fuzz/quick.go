package fuzz

import "netproctor/conformance"

// quick gives the target on which the cases of a role are played: the same program, in
// sandboxes that are kept, where it starts in a fraction of the time. What comes of it is
// verified on the target as it was given. A server with a port of its own needs a
// new network each time, as the kernel remembers its connections.
func (o *Options) quick(role string) (t conformance.Target, done func()) {
	c, is := o.Target.(*conformance.Command)
	if !is || o.Cold || role == conformance.Server && o.Protocol.Programs[role].Port != 0 {
		return o.Target, func() {}
	}
	k := c.Kept()
	return k, func() { _ = k.Close() } // what is left of it are temporary directories
}
