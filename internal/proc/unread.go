package proc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Where the parts of struct inet_diag_req_v2 and inet_diag_msg are that name one connection and
// say what waits in it.
const (
	diagRequestID = unix.NLMSG_HDRLEN + 8 // the request's idiag_sport; idiag_dport follows
	diagSourceAt  = 4                     // from there, idiag_src
	diagDestAt    = 20                    // idiag_dst
	diagCookieAt  = 40                    // idiag_cookie
	diagQueueAt   = 56                    // an answer's idiag_rqueue
)

// Unread tells how many of the bytes that were sent on a TCP connection of this sandbox the
// program at its other end has not read, whether it has accepted the connection or not. The error
// is that of a connection whose other end is not in this network, or is gone.
func (s *Sandbox) Unread(ctx context.Context, c net.Conn) (int, error) {
	pending, err := Unsent(c)
	if err != nil || pending > 0 {
		return pending, err
	}
	near, err := endpoint(c.LocalAddr())
	if err != nil {
		return 0, err
	}
	far, err := endpoint(c.RemoteAddr())
	if err != nil {
		return 0, err
	}
	return s.UnreadAt(ctx, far, near)
}

// UnreadAt is how many bytes lie in the socket at the far end of a connection of this sandbox
// that nobody has read. The error wraps ENOENT once that socket is gone.
func (s *Sandbox) UnreadAt(ctx context.Context, far, near netip.AddrPort) (int, error) {
	s.diag.mu.Lock()
	defer s.diag.mu.Unlock()
	if err := s.openDiag(ctx); err != nil {
		return 0, fmt.Errorf("open a diagnosis socket: %w", err)
	}
	n, err := diagUnread(s.diag.fd, far, near)
	if err != nil {
		return 0, fmt.Errorf("ask for the socket %s of the connection from %s: %w", far, near, err)
	}
	return n, nil
}

// Unsent is how much of what was sent on a connection has not been acknowledged by the system at
// its other end.
func Unsent(c net.Conn) (n int, err error) {
	of, is := c.(interface{ File() (*os.File, error) })
	if !is {
		return 0, fmt.Errorf("wanted a connection of the system, got %T: %w", c, errors.ErrUnsupported)
	}
	f, err := of.File()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	err = control(f, "ioctl", func(fd int) (err error) { n, err = unix.IoctlGetInt(fd, unix.SIOCOUTQ); return err })
	return n, err
}

func endpoint(a net.Addr) (netip.AddrPort, error) {
	addr, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), nil
}

// diagUnread asks the kernel for the socket at one end of a connection, and for what lies in it.
func diagUnread(fd int, local, remote netip.AddrPort) (int, error) {
	request := make([]byte, diagRequest)
	binary.NativeEndian.PutUint32(request, diagRequest)
	binary.NativeEndian.PutUint16(request[4:], diagByFamily)
	binary.NativeEndian.PutUint16(request[6:], unix.NLM_F_REQUEST)
	request[16], request[17] = unix.AF_INET, unix.IPPROTO_TCP
	if local.Addr().Is6() {
		request[16] = unix.AF_INET6
	}
	binary.NativeEndian.PutUint32(request[20:], ^uint32(0)) // in any state
	id := request[diagRequestID:]
	binary.BigEndian.PutUint16(id, local.Port())
	binary.BigEndian.PutUint16(id[2:], remote.Port())
	copy(id[diagSourceAt:], local.Addr().AsSlice())
	copy(id[diagDestAt:], remote.Addr().AsSlice())
	binary.NativeEndian.PutUint64(id[diagCookieAt:], ^uint64(0)) // whichever it is
	if err := retry(func() error { return unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) }); err != nil {
		return 0, err
	}
	buf := make([]byte, diagBufferSize)
	n, err := receiveDiag(fd, buf)
	if err != nil {
		return 0, err
	}
	return parseUnread(buf[:n])
}

// closed tells whether no program has the socket any more: only the kernel does, for its last
// packets. One that nobody has accepted yet has no inode either, but is in another state.
func closed(b []byte) bool {
	held := binary.NativeEndian.Uint32(b[diagInodeAt:]) != 0
	switch b[1] { // idiag_state
	case unix.BPF_TCP_TIME_WAIT, unix.BPF_TCP_CLOSE:
		return true
	case unix.BPF_TCP_FIN_WAIT1, unix.BPF_TCP_FIN_WAIT2, unix.BPF_TCP_LAST_ACK, unix.BPF_TCP_CLOSING:
		return !held
	}
	return false
}

// parseUnread reads the one message of an answer.
func parseUnread(b []byte) (int, error) {
	if len(b) < unix.NLMSG_HDRLEN {
		return 0, fmt.Errorf("wanted a message of at least %d bytes, got %d", unix.NLMSG_HDRLEN, len(b))
	}
	body := b[unix.NLMSG_HDRLEN:]
	switch kind := binary.NativeEndian.Uint16(b[4:]); {
	case kind == unix.NLMSG_ERROR && len(body) >= 4:
		return 0, unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
	case kind == diagByFamily && len(body) >= diagAnswer && closed(body):
		return 0, unix.ENOENT
	case kind == diagByFamily && len(body) >= diagAnswer:
		return int(binary.NativeEndian.Uint32(body[diagQueueAt:])), nil
	default:
		return 0, fmt.Errorf("wanted a socket, got a message of type %d and %d bytes", kind, len(b))
	}
}
