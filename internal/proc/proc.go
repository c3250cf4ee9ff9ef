// Package proc starts a stranger's program, keeps it apart from the machine,
// limits it, records what it prints, watches it from outside and stops it for good.
//
// The straight line: New probes once how well this machine can isolate. Open
// makes a Sandbox: a fresh copy of the submission and a worker, which is our own
// binary executed again, where the kernel allows it inside user, network, process and mount
// namespaces of its own. Start runs a program under the worker and gives a
// Process. Close ends everything that was started and removes the copy.
//
// The worker has no opinions. It makes sockets, starts programs, sends signals and
// reports exits, all on orders that come over one inherited socket, and it
// ends with its parent. A socket belongs to the network namespace it was made in,
// whoever holds its descriptor: so the parent asks the worker for a bare socket and then binds,
// connects, reads and writes it as an ordinary net.Conn, with its own clock.
//
// What a program does is read from /proc by the parent: listening sockets, the
// system call it is blocked in, memory, descriptors. No probe connection is ever made.
//
// Without namespaces the same worker runs on the machine's own network as a
// subreaper, so that what a program leaves behind is still found and ended.
//
// The package does not judge, retry or print.
package proc

import (
	"cmp"
	"time"
)

// Limits bound what a program may use. A zero field takes its default.
type Limits struct {
	Memory    uint64        // bytes of data (RLIMIT_DATA) of one process; default 512 MiB
	Files     uint64        // open descriptors of one process; default 512
	FileSize  uint64        // bytes of one file; default 256 MiB
	Processes int           // processes of one program; default 64
	CPU       time.Duration // processor time of one process; default 120 s
	Output    int           // bytes kept of each output stream; default 1 MiB
}

func (l Limits) filled() Limits {
	return Limits{
		Memory:    cmp.Or(l.Memory, 512<<20),
		Files:     cmp.Or(l.Files, 512),
		FileSize:  cmp.Or(l.FileSize, 256<<20),
		Processes: cmp.Or(l.Processes, 64),
		CPU:       cmp.Or(l.CPU, 120*time.Second),
		Output:    cmp.Or(l.Output, 1<<20),
	}
}

// Config says what to run and how far apart from the machine.
type Config struct {
	// Isolation is "auto" (or empty) for the best that works, "namespaces" to
	// insist on them, or "none".
	Isolation string
	// Dir is the submission, copied fresh for every sandbox; empty means an empty directory.
	Dir    string
	Limits Limits
}
