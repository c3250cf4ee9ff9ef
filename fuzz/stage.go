package fuzz

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"netproctor/conformance"
)

// A stage is a server that runs, with all the clients that are connected to it.
type stage struct {
	o       *MachineOptions
	box     conformance.Sandbox
	process conformance.Process
	values  map[string]string // host and port
	address string
	root    *os.Root

	belief  []State // what the server may be
	played  []played
	names   map[int]string // the clients' addresses, also of those that have left
	readers sync.WaitGroup
	first   conformance.ProcessVitals // after the start
	rested  bool                      // it had nothing to do at some time
	spins   bool                      // it did not come to rest any more
	over    bool                      // it has ended by itself

	mu         sync.Mutex
	changed    chan struct{} // closed when a client has heard something
	clients    map[int]*client
	output     []byte
	complaints []byte // what of it went to stderr
	unread     int    // how much of output nobody has looked at
}

// A client is one connection, and what came on it that nobody has expected yet.
type client struct {
	conn     net.Conn
	at       netip.AddrPort
	heard    []byte
	packets  int  // datagrams that heard is made of
	datagram bool // it is no connection, but hears datagrams
	ended    bool
	reset    bool
	mayClose bool // its end is expected, sooner or later
	anything bool // nothing is said of it any more
}

// A played action is one that was done, with what was to come of it.
type played struct {
	Action
	allowed []Reaction
	held    *Reaction      // what came; nil if nothing of that did
	names   map[int]string // the clients' addresses
	broken  string         // the requirement that was not met
}

// stagePatience is how long anything may take that has to come, and
// dialPatience a connection: the kernel tries again after one second and three.
const (
	stagePatience = 3 * time.Second
	dialPatience  = 6 * time.Second
)

// mostBeliefs is how many states are kept apart. With more, a history is over.
const mostBeliefs = 8

// patient is for how long anything is awaited.
func (o *MachineOptions) patient() time.Duration {
	switch role := o.Protocol.Programs[conformance.Server]; {
	case o.patience > 0:
		return o.patience
	case role.Patience > 0: // some programs look only now and then
		return role.Patience
	}
	return stagePatience
}

// open starts a server in a sandbox of its own.
func (o *MachineOptions) open(ctx context.Context) (*stage, error) {
	box, err := o.Target.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a sandbox: %w", err)
	}
	s := &stage{o: o, box: box, belief: []State{o.Machine.Start}, clients: map[int]*client{}, names: map[int]string{}, changed: make(chan struct{})}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stage) begin(ctx context.Context) (err error) {
	if len(s.o.Machine.Files) > 0 {
		if s.root, err = s.box.Files(); err != nil {
			return fmt.Errorf("files: %w", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.o.Machine.Files)) {
		if err := lay(s.root, name, s.o.Machine.Files[name]); err != nil {
			return fmt.Errorf("lay out files: %w", err)
		}
	}
	port, err := claimPort(ctx, s.box, s.o.Protocol)
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	s.values = map[string]string{"host": "127.0.0.1", "port": strconv.Itoa(port)}
	return s.start(ctx)
}

// start starts the program, the first time or again.
func (s *stage) start(ctx context.Context) (err error) {
	s.process, err = s.box.Start(ctx, conformance.Arguments{Template: s.o.Protocol.Programs[conformance.Server].Args, Values: s.values}, s.print)
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	at, err := awaitListening(ctx, s.process, s.printed)
	if err != nil {
		return err
	}
	if err := awaitDatagrams(ctx, s.process, s.o.Machine.Datagrams); err != nil {
		return err
	}
	s.address = net.JoinHostPort(s.values["host"], strconv.Itoa(int(at.Port())))
	if !at.Addr().IsUnspecified() {
		s.address = at.String()
	}
	s.settle()
	s.first, _ = s.process.Vitals()
	return nil
}

func (s *stage) print(stream string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.output = trim(append(s.output, b...))
	s.unread = min(s.unread+len(b), outputKept)
	if stream == "stderr" {
		s.complaints = trim(append(s.complaints, b...))
	}
}

func (s *stage) printed() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return kept(s.output)
}

func (s *stage) complained() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return kept(s.complaints)
}

// newly is what was printed since the last call, with a little of what came
// before.
func (s *stage) newly() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread == 0 {
		return nil
	}
	from := max(0, len(s.output)-s.unread-seam)
	s.unread = 0
	return slices.Clone(s.output[from:])
}

// seam is as long as the beginning of a report may be, in bytes.
const seam = 64

func (s *stage) close() error {
	s.mu.Lock()
	for _, c := range s.clients {
		c.conn.Close()
	}
	s.mu.Unlock()
	if s.root != nil {
		s.root.Close()
	}
	err := s.box.Close()
	s.readers.Wait()
	return err
}
