// Package fileshare holds wrong and unusual programs of the file sharing
// protocol, in its dialect with sizes. A right server and a right client are
// put together from parts here; each wrong one has a part replaced.
package fileshare
