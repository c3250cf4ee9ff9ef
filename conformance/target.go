package conformance

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"time"
)

// A Target is a program under test, or an address where one runs.
type Target interface {
	// String names it as a grader knows it: its command, or its address.
	String() string
	// Isolation names what keeps its runs apart.
	Isolation() string
	// Open makes a fresh room for one scenario: nothing of an earlier play is
	// left in it.
	Open(ctx context.Context) (Sandbox, error)
}

// A Sandbox is the room in which one scenario is played: a network, and the
// program in it.
type Sandbox interface {
	// Port gives a TCP port, from 1024 to 64000, that nothing uses.
	Port(ctx context.Context) (int, error)
	// ClaimPort takes a certain port, for programs that have theirs written
	// into their source. It waits while another run has it.
	ClaimPort(ctx context.Context, port int) error
	// Dial connects. The network narrow is TCP that holds little on its way. The
	// error wraps ErrNoSocket if that was not even tried.
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	// ListenPacket opens a datagram socket that may broadcast.
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
	Start(ctx context.Context, a Arguments, output Output) (Process, error)
	// Files is what programs may write to. Their working directory is the
	// folder "work" in it; they may have put anything there, such as links to
	// places outside, which os.Root does not follow.
	Files() (*os.Root, error)
	// Close ends every process in the room and frees what it held.
	Close() error
}

// An Output takes what a program prints, as it comes; stream is "stdout" or
// "stderr".
type Output func(stream string, b []byte)

// Arguments are what follows the program's name on its command line.
type Arguments struct {
	// Role says which program of a pair is started; empty for a program alone.
	Role string
	// Raw is given as it is, if Given: wrong counts and the like.
	Raw   []string
	Given bool
	// Template is the role's prescribed command line, Values what its
	// placeholders stand for: {port} is Values["port"].
	Template []string
	Values   map[string]string
}

// A Process is a program that was started.
type Process interface {
	Stdin() io.WriteCloser
	// Listeners are the addresses on which it accepts TCP connections, as the
	// kernel tells, without connecting.
	Listeners() ([]netip.AddrPort, error)
	// Datagrams are the addresses to which it has bound datagram sockets.
	Datagrams() ([]netip.AddrPort, error)
	// AwaitsInput tells whether it is blocked reading its standard input.
	AwaitsInput() bool
	Vitals() (ProcessVitals, error)
	Signal(sig os.Signal) error
	// Done is closed when it has ended and all that it printed was delivered.
	Done() <-chan struct{}
	// Status is how it ended, once Done is closed.
	Status() ProcessStatus
}

// ProcessVitals is how a running process is doing.
type ProcessVitals struct {
	CPU         time.Duration
	Descriptors int
	Runnable    int    // threads that wait for nothing
	RSS         uint64 // bytes
	PeakRSS     uint64 // bytes at its fullest; 0 if that cannot be told
	State       string // such as "sleeping"
	Syscall     string // the system call it is blocked in, such as "recvfrom(4)"; empty if none
}

// ProcessStatus is how a process ended.
type ProcessStatus struct {
	Code   int    // exit status; -1 if a signal ended it
	Signal string // such as "SIGSEGV"; empty if it exited
	Text   string // both in words
}

// portable reports whether the target is an address: it can be connected to
// and that is all.
type addressed interface{ Address() string }
