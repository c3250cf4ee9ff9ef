package proc

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// The numbers of sock_diag(7) that are not in package unix.
const (
	diagByFamily   = 20 // SOCK_DIAG_BY_FAMILY
	diagStates     = 1 << 10
	diagRequest    = unix.NLMSG_HDRLEN + 56 // struct inet_diag_req_v2
	diagAnswer     = 72                     // struct inet_diag_msg
	diagPortAt     = 4                      // its id.idiag_sport
	diagAddressAt  = 8                      // its id.idiag_src
	diagInodeAt    = 68                     // its idiag_inode
	diagBufferSize = 32 << 10
)

// diagListening asks the kernel for the sockets in state LISTEN of the sandbox's network, or for
// its bound datagram sockets. It looks at these alone, where the tables in /proc/net walk over every possible connection: on a
// machine with much memory that takes a millisecond each time.
func (s *Sandbox) diagListening(ctx context.Context, protocol byte) ([]listening, error) {
	s.diag.mu.Lock()
	defer s.diag.mu.Unlock()
	if err := s.openDiag(ctx); err != nil {
		return nil, fmt.Errorf("open a diagnosis socket: %w", err)
	}
	var found []listening
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		list, err := diagFamily(s.diag.fd, family, protocol)
		if err != nil {
			return nil, fmt.Errorf("ask for listening sockets: %w", err)
		}
		found = append(found, list...)
	}
	return found, nil
}

// A diagSocket asks for sockets. It belongs to the network that it was made in, and is made when
// it is first needed.
type diagSocket struct {
	mu   sync.Mutex
	fd   int
	open bool
}

func (s *Sandbox) openDiag(ctx context.Context) (err error) {
	if s.diag.open {
		return nil
	}
	s.diag.fd, err = s.bareSocket(ctx, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG)
	s.diag.open = err == nil
	return err
}

func (d *diagSocket) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open {
		_ = unix.Close(d.fd)
	}
	d.open = false
}

func diagFamily(fd int, family, protocol byte) ([]listening, error) {
	request := make([]byte, diagRequest)
	binary.NativeEndian.PutUint32(request, diagRequest)
	binary.NativeEndian.PutUint16(request[4:], diagByFamily)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	request[16], request[17] = family, protocol
	states := uint32(diagStates)
	if protocol == unix.IPPROTO_UDP {
		states = math.MaxUint32 // those that are bound are in one or the other
	}
	binary.NativeEndian.PutUint32(request[20:], states)
	if err := retry(func() error { return unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) }); err != nil {
		return nil, err
	}
	var found []listening
	buf := make([]byte, diagBufferSize)
	for {
		n, err := receiveDiag(fd, buf)
		if err != nil {
			return nil, err
		}
		list, done, err := parseDiag(buf[:n])
		found = append(found, list...)
		if done || err != nil {
			return found, err
		}
	}
}

// receiveDiag waits for the next part of an answer; the kernel gives it at once.
func receiveDiag(fd int, buf []byte) (n int, err error) {
	err = retry(func() (err error) {
		if _, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 1000); err != nil {
			return err
		}
		n, _, err = unix.Recvfrom(fd, buf, 0)
		return err
	})
	return n, err
}

// parseDiag reads the messages of one packet, and tells whether the answer ends there.
func parseDiag(b []byte) (found []listening, done bool, err error) {
	for len(b) >= unix.NLMSG_HDRLEN {
		size := int(binary.NativeEndian.Uint32(b))
		if size < unix.NLMSG_HDRLEN || size > len(b) {
			return found, true, fmt.Errorf("wanted a message of %d to %d bytes, got %d", unix.NLMSG_HDRLEN, len(b), size)
		}
		body := b[unix.NLMSG_HDRLEN:size]
		switch kind := binary.NativeEndian.Uint16(b[4:]); {
		case kind == unix.NLMSG_DONE:
			return found, true, nil
		case kind == unix.NLMSG_ERROR && len(body) >= 4:
			return found, true, unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
		case kind == diagByFamily && len(body) >= diagAnswer:
			found = append(found, parseDiagSocket(body))
		}
		b = b[min(len(b), (size+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1)):]
	}
	return found, false, nil
}

func parseDiagSocket(b []byte) listening {
	address := b[diagAddressAt : diagAddressAt+16]
	if b[0] == unix.AF_INET {
		address = address[:4]
	}
	ip, _ := netip.AddrFromSlice(address)
	return listening{
		addr:  netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b[diagPortAt:])),
		inode: uint64(binary.NativeEndian.Uint32(b[diagInodeAt:])),
	}
}
