package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Narrow is the network of TCP connections that take little at once: whoever sends
// to one that is not read is soon held up. Kernels keep megabytes in between else.
const Narrow = "tcp-narrow"

// The least that Linux takes for a socket's buffer, and segments to match: from
// them the other end reckons how much it keeps.
const narrowBuffer, narrowSegment = 2304, 536

// Narrowed makes a socket one of Narrow, before it is connected.
func Narrowed(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, narrowBuffer); err != nil {
		return err
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, narrowSegment)
}

// ErrNoSocket says that nothing was sent: the machine was too busy to make a socket in the
// sandbox in time, or refused to. Nobody who listens there has to answer for that.
var ErrNoSocket = errors.New("the sandbox gives no socket")

// Dial connects to an address inside the sandbox: a loopback address, localhost,
// or the host's name. For TCP it gives what a *net.TCPConn can do. The error wraps
// ErrNoSocket if it was not even tried, for at least half of the time that ctx leaves.
func (s *Sandbox) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	addr, err := s.resolve(ctx, address, loopback)
	if err != nil {
		return nil, opError("dial", network, addr, err)
	}
	began := time.Now()
	f, err := s.socket(ctx, network, addr)
	if err != nil {
		return nil, opError("dial", network, addr, fmt.Errorf("%w: %w", ErrNoSocket, err))
	}
	defer f.Close()
	if limit, has := ctx.Deadline(); has && time.Since(began) > time.Until(limit) {
		return nil, opError("dial", network, addr, fmt.Errorf("%w within %s", ErrNoSocket, limit.Sub(began)/2))
	}
	if network == Narrow {
		if err := control(f, "setsockopt", Narrowed); err != nil {
			return nil, opError("dial", network, addr, err)
		}
	}
	if err := connect(ctx, f, sockaddr(addr)); err != nil {
		return nil, opError("dial", network, addr, err)
	}
	c, err := net.FileConn(f)
	if err != nil {
		return nil, opError("dial", network, addr, err)
	}
	if tcp, is := c.(*net.TCPConn); is && c.RemoteAddr() == nil {
		// It was made, and reset before it could be asked where it leads.
		return &knownConn{tcp, net.TCPAddrFromAddrPort(addr)}, nil
	}
	if strings.HasPrefix(network, "tcp") && c.LocalAddr().String() == c.RemoteAddr().String() {
		// The kernel may pick the very port that is dialled; such a socket talks to itself.
		c.Close()
		return nil, opError("dial", network, addr, os.NewSyscallError("connect", unix.ECONNREFUSED))
	}
	return c, nil
}

// A knownConn is a connection that knows where it leads, although the kernel does
// not any more.
type knownConn struct {
	*net.TCPConn
	remote net.Addr
}

// RemoteAddr implements net.Conn.
func (c *knownConn) RemoteAddr() net.Addr { return c.remote }

// Listen listens on an address inside the sandbox; an empty host means all of IPv4.
func (s *Sandbox) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	addr, err := s.resolve(ctx, address, netip.IPv4Unspecified())
	if err != nil {
		return nil, opError("listen", network, addr, err)
	}
	f, err := s.bound(ctx, network, addr)
	if err != nil {
		return nil, opError("listen", network, addr, err)
	}
	defer f.Close()
	err = s.onceFree(func() error {
		return control(f, "listen", func(fd int) error { return unix.Listen(fd, unix.SOMAXCONN) })
	})
	if err != nil {
		return nil, opError("listen", network, addr, err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return &harnessListener{l.(*net.TCPListener)}, nil
}

// A harnessListener stops to listen when it is closed. The kernel alone would go on
// while a process that this one has just forked still has a copy of it.
type harnessListener struct{ *net.TCPListener }

// Accept implements net.Listener.
func (l *harnessListener) Accept() (net.Conn, error) {
	c, err := l.TCPListener.Accept()
	if errors.Is(err, unix.EINVAL) { // it does not listen any more
		err = net.ErrClosed
	}
	return c, err
}

// Queued tells whether connections wait to be accepted.
func (l *harnessListener) Queued() (queued bool) {
	raw, err := l.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		queued = err == nil && n > 0
	})
	return queued && err == nil
}

// Close implements net.Listener.
func (l *harnessListener) Close() error {
	if raw, err := l.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RD) })
	}
	return l.TCPListener.Close()
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// resolve turns host:port into an address, IPv4 first.
func (s *Sandbox) resolve(ctx context.Context, address string, empty netip.Addr) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("wanted a port in 0..65535, got %q", port)
	}
	ip, err := s.lookup(ctx, host, empty)
	return netip.AddrPortFrom(ip, uint16(n)), err
}

func (s *Sandbox) lookup(ctx context.Context, host string, empty netip.Addr) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip, nil
	}
	switch {
	case host == "":
		return empty, nil
	case host == "localhost", host == s.iso.host && s.iso.Private():
		return loopback, nil
	case host != s.iso.host:
		return netip.Addr{}, fmt.Errorf("wanted a loopback address, localhost or %s, got %q", s.iso.host, host)
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, ip := range ips {
		if ip.Unmap().Is4() {
			return ip.Unmap(), nil
		}
	}
	return ips[0], nil
}

// socket makes a non-blocking socket in the sandbox's network.
func (s *Sandbox) socket(ctx context.Context, network string, addr netip.AddrPort) (*os.File, error) {
	domain, kind, err := socketForm(network, addr)
	if err != nil {
		return nil, err
	}
	fd, err := s.bareSocket(ctx, domain, kind, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if kind == unix.SOCK_DGRAM {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
	}
	return os.NewFile(uintptr(fd), network), nil
}

// socketForm gives the form of a socket that talks to an address.
func socketForm(network string, addr netip.AddrPort) (domain, kind int, err error) {
	domain, kind = unix.AF_INET, unix.SOCK_STREAM
	if addr.Addr().Is6() && !addr.Addr().Is4In6() {
		domain = unix.AF_INET6
	}
	switch network {
	case "tcp", "tcp4", "tcp6", Narrow:
	case "udp", "udp4", "udp6":
		kind = unix.SOCK_DGRAM
	default:
		return 0, 0, net.UnknownNetworkError(network)
	}
	return domain, kind, nil
}

// BlockingSocket makes a TCP or UDP socket in the sandbox's network for whoever talks to addr by
// system calls of his own; he closes it, at the latest before the sandbox.
func (s *Sandbox) BlockingSocket(ctx context.Context, network string, addr netip.AddrPort) (fd int, err error) {
	domain, kind, err := socketForm(network, addr)
	if err != nil {
		return -1, err
	}
	if fd, err = s.bareSocket(ctx, domain, kind, 0); err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if kind == unix.SOCK_DGRAM {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		_ = unix.Close(fd)
		return -1, os.NewSyscallError("fcntl", err)
	}
	return fd, nil
}

func (s *Sandbox) bareSocket(ctx context.Context, domain, kind, protocol int) (int, error) {
	if !s.iso.Private() {
		return unix.Socket(domain, kind|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	}
	of := [3]int{domain, kind, protocol}
	if fd, ready := s.spare.take(of); ready {
		return fd, nil
	}
	count := 1
	if kind == unix.SOCK_STREAM {
		count = socketsAtOnce // most scenarios connect several times
	}
	_, fds, err := s.call(ctx, order{Op: orderSocket, Socket: of, Count: count}, nil)
	if err != nil {
		return -1, err
	}
	if len(fds) == 0 {
		return -1, fmt.Errorf("wanted a socket, got none: %w", unix.EMFILE)
	}
	s.spare.put(of, fds[1:])
	return fds[0], nil
}

// socketsAtOnce is how many sockets a worker makes for one order: making one
// costs less than asking for it.
const socketsAtOnce = 8

// A spare holds sockets that were made before they are needed, all of one form.
type spare struct {
	mu     sync.Mutex
	of     [3]int // domain, type, protocol
	fds    []int
	closed bool
}

func (s *spare) take(of [3]int) (fd int, ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.fds) - 1
	if last < 0 || s.of != of {
		return -1, false
	}
	fd = s.fds[last]
	s.fds = s.fds[:last]
	return fd, true
}

func (s *spare) put(of [3]int, fds []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.fds) > 0 {
		closeAll(fds)
		return
	}
	s.of, s.fds = of, fds
}

// close frees what was not needed: a socket keeps its network alive.
func (s *spare) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	closeAll(s.fds)
	s.fds, s.closed = nil, true
}

// bound makes a socket and binds it as Go's own listeners are bound.
func (s *Sandbox) bound(ctx context.Context, network string, addr netip.AddrPort) (*os.File, error) {
	f, err := s.socket(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	err = s.onceFree(func() error {
		return control(f, "bind", func(fd int) error {
			if strings.HasPrefix(network, "tcp") {
				_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			}
			return unix.Bind(fd, sockaddr(addr))
		})
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// onceFree takes an address. In a sandbox that was used before it may be free only in a moment:
// a socket that we have closed is held by whoever was forked meanwhile, until it executes another
// program, and by the worker that has made it, until it has closed its own descriptor.
func (s *Sandbox) onceFree(take func() error) error {
	err := take()
	for until := time.Now().Add(freeAgain); s.files != nil && errors.Is(err, unix.EADDRINUSE) && time.Now().Before(until); err = take() {
		time.Sleep(freePause)
	}
	return err
}

// How long an address may be held by nobody who uses it, and the pause between two tries.
const freeAgain, freePause = 2 * time.Second, 2 * time.Millisecond

// connect connects a non-blocking socket and waits for the outcome or the context.
func connect(ctx context.Context, f *os.File, to unix.Sockaddr) error {
	err := control(f, "connect", func(fd int) error { return unix.Connect(fd, to) })
	if err == nil {
		return nil
	}
	if !errors.Is(err, unix.EINPROGRESS) {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var outcome error
	waited := raw.Write(func(fd uintptr) (over bool) {
		over, outcome = connected(int(fd))
		return over
	})
	if waited != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if waited != nil {
		return waited
	}
	return outcome
}

// connected tells whether a connection attempt is over, and how it ended.
func connected(fd int) (over bool, err error) {
	errno, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return true, os.NewSyscallError("getsockopt", err)
	}
	if errno != 0 {
		return true, os.NewSyscallError("connect", unix.Errno(errno))
	}
	_, err = unix.Getpeername(fd)
	return err == nil, nil
}

// control runs one system call on a file's descriptor and names it in the error.
func control(f *os.File, name string, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = retry(func() error { return call(int(fd)) }) }); err != nil {
		return err
	}
	return os.NewSyscallError(name, failed)
}

func sockaddr(addr netip.AddrPort) unix.Sockaddr {
	if ip := addr.Addr().Unmap(); ip.Is4() {
		return &unix.SockaddrInet4{Port: int(addr.Port()), Addr: ip.As4()}
	}
	return &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
}

func opError(op, network string, addr netip.AddrPort, err error) error {
	e := &net.OpError{Op: op, Net: network, Err: err}
	if addr.IsValid() {
		e.Addr = net.TCPAddrFromAddrPort(addr)
	}
	return e
}
