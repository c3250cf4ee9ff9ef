package proc

import (
	"encoding/json"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The words that a parent says to its worker.
const (
	orderSetup  = "setup"
	orderSocket = "socket"
	orderStart  = "start"
	orderSignal = "signal" // to the program's process group
	orderKill   = "kill"   // the program and all it has started
	orderRenew  = "renew"  // make the sandbox new, for another run
	orderTidy   = "tidy"   // leave no process but the program, and nothing in shared memory
)

// An order is one message from the parent to its worker, and one packet.
type order struct {
	ID     int64
	Op     string
	Setup  *setup `json:",omitempty"`
	Start  *start `json:",omitempty"`
	Socket [3]int `json:",omitzero"`  // domain, type, protocol
	Count  int    `json:",omitempty"` // how many sockets
	Pid    int    `json:",omitempty"`
	Signal int    `json:",omitempty"`
	Token  string `json:",omitempty"`
	Reason string `json:",omitempty"` // why to kill
}

// setup prepares the worker's surroundings.
type setup struct {
	Namespaces bool
	Landlock   bool
	Dir        string // holds hosts and resolv.conf, which are mounted over the machine's
	Writable   []string
	Processes  int
}

// start holds what the worker needs to execute a program; its three standard
// descriptors travel beside it.
type start struct {
	Path   string
	Args   []string
	Env    []string
	Dir    string
	Token  string
	Limits Limits
	// Processors are those that the program may run on; empty means all.
	Processors []int `json:",omitempty"`
	// First says that nothing is left of programs that were started before.
	First bool `json:",omitempty"`
}

// A report is one message from the worker: the answer to an order, or, with ID 0, an exit.
type report struct {
	ID        int64
	Err       string        `json:",omitempty"`
	Errno     syscall.Errno `json:",omitempty"`
	Pid       int           `json:",omitempty"`
	Landlock  int           `json:",omitempty"`
	Notes     []string      `json:",omitempty"`
	OwnProc   bool          `json:",omitempty"`
	OwnMounts bool          `json:",omitempty"`
	Exit      *exit         `json:",omitempty"`
}

// exit is how a program ended, as wait4(2) tells it.
type exit struct {
	Wait    syscall.WaitStatus
	CPU     time.Duration
	PeakRSS uint64
	Reason  string `json:",omitempty"`
}

// err is the error that a report carries, or nil.
func (r *report) err() error {
	if r.Errno != 0 {
		return r.Errno
	}
	if r.Err != "" {
		return fmt.Errorf("worker: %s", r.Err)
	}
	return nil
}

// packetSize bounds one message; the kernel's default buffers hold no larger packet.
const packetSize = 200 << 10

func sendPacket(sock int, message any, fds ...int) error {
	b, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(b) > packetSize {
		return fmt.Errorf("wanted arguments of at most %d bytes, got %d: %w", packetSize, len(b), unix.E2BIG)
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	return retry(func() error { return unix.Sendmsg(sock, b, rights, nil, unix.MSG_NOSIGNAL) })
}

// parseRights takes the descriptors out of a control message.
func parseRights(oob []byte) []int {
	var fds []int
	messages, _ := unix.ParseSocketControlMessage(oob)
	for _, m := range messages {
		got, _ := unix.ParseUnixRights(&m)
		fds = append(fds, got...)
	}
	return fds
}

// retry repeats a system call that a signal has interrupted.
func retry(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}
