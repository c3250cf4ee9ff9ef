//go:build !amd64

package proc

// olderCalls are system calls that newer architectures have dropped.
var olderCalls = map[int]call{}
