package proc

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Free ports are drawn from between the service ports and the range from which
// the kernel takes the local ports of outgoing connections.
const lowestFree, highestFree = 10000, 32000

// FreePort finds a port that nobody in this sandbox uses, by TCP or UDP, and does not find it
// again. Where sandboxes share the machine's network it is held against all
// other runs, of other processes too, until the sandbox is closed.
func (s *Sandbox) FreePort(ctx context.Context) (int, error) {
	for range 500 {
		port := lowestFree + rand.IntN(highestFree-lowestFree)
		l, ok := s.lease(port)
		if !ok {
			continue
		}
		unused, err := s.unused(ctx, uint16(port))
		if err == nil && unused {
			s.mu.Lock()
			s.leases = append(s.leases, l)
			s.mu.Unlock()
			return port, nil
		}
		l.release()
		if err != nil {
			return 0, fmt.Errorf("find a free port: %w", err)
		}
	}
	return 0, fmt.Errorf("find a free port: none in %d..%d", lowestFree, highestFree)
}

// ClaimPort holds a certain port for this sandbox, for programs that have theirs written into their
// source. Where sandboxes share the machine's network it waits until no other run holds it, so
// that such runs follow one another.
func (s *Sandbox) ClaimPort(ctx context.Context, port int) error {
	for {
		if l, ok := s.lease(port); ok {
			l.claimed = true
			s.mu.Lock()
			defer s.mu.Unlock()
			s.leases = append(s.leases, l)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("claim port %d: %w", port, context.Cause(ctx))
		case <-time.After(claimPause):
		}
	}
}

// claimPause lies between two looks at whether a port is held by somebody else.
const claimPause = 20 * time.Millisecond

// unused binds the port everywhere, without SO_REUSEADDR, as the strictest program would. In a
// network of its own, before any program was started, every port is unused that was not used before.
func (s *Sandbox) unused(ctx context.Context, port uint16) (bool, error) {
	if s.iso.Private() && s.untouched() {
		return true, nil
	}
	for _, network := range []string{"tcp", "udp"} {
		for _, ip := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
			addr := netip.AddrPortFrom(ip, port)
			f, err := s.socket(ctx, network, addr)
			if errors.Is(err, unix.EAFNOSUPPORT) {
				continue
			}
			if err != nil {
				return false, err
			}
			err = control(f, "bind", func(fd int) error { return unix.Bind(fd, sockaddr(addr)) })
			f.Close()
			if errors.Is(err, unix.EADDRINUSE) {
				return false, nil
			}
		}
	}
	return true, nil
}

// untouched tells whether no program has been started.
func (s *Sandbox) untouched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.touched
}

// A lease holds a port of the machine for one sandbox.
type lease struct {
	port    int
	claimed bool     // by its number
	shared  bool     // held against all sandboxes of this process
	lock    *os.File // held against other processes; may be missing
}

// leased are the ports held by this process; a file lock alone does not tell its own process's holders apart
// on every file system.
var leased = struct {
	sync.Mutex
	ports map[int]bool
}{ports: map[int]bool{}}

func (s *Sandbox) lease(port int) (*lease, bool) {
	if s.iso.Private() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, l := range s.leases {
			if l.port == port {
				return nil, false
			}
		}
		return &lease{port: port}, true
	}
	leased.Lock()
	defer leased.Unlock()
	if leased.ports[port] {
		return nil, false
	}
	lock, ok := lockPort(port)
	if !ok {
		return nil, false
	}
	leased.ports[port] = true
	return &lease{port: port, shared: true, lock: lock}, true
}

// lockPort takes the port's lock file. Without a place for lock files there is no
// protection against other processes, only against our own.
func lockPort(port int) (*os.File, bool) {
	dir := filepath.Join(os.TempDir(), "netproctor-ports")
	_ = os.MkdirAll(dir, 0o777)
	_ = os.Chmod(dir, 0o777)
	f, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, true
	}
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		f.Close()
		return nil, false
	}
	return f, true
}

func (l *lease) release() {
	if !l.shared {
		return
	}
	leased.Lock()
	defer leased.Unlock()
	delete(leased.ports, l.port)
	if l.lock != nil {
		l.lock.Close()
	}
}
