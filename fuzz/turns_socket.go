package fuzz

import (
	"context"
	"errors"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A speaker is a client of the fast path: a connection, or a datagram socket,
// over system calls that block.
type speaker struct {
	client
	number  int
	fd      int // -1 without
	source  int // which of the sockets' addresses it is bound to
	there   bool
	half    bool // it has half-closed
	unheard bool // it sent a datagram to which nobody is to answer
	unacked bool // it has read since it wrote last
}

// sockets makes the connections of many clients side by side. A socket whose
// connection has ended at both sides is used again.
type sockets struct {
	direct
	idle  []idleSocket
	count int // that were made
	own   int // a datagram socket that is connected to itself; 0 without
	tape  *tape
}

type idleSocket struct{ fd, source int }

// take gives a socket that can connect.
func (w *sockets) take(ctx context.Context) (fd, source int, err error) {
	if last := len(w.idle) - 1; last >= 0 {
		s := w.idle[last]
		w.idle = w.idle[:last]
		return s.fd, s.source, nil
	}
	source = w.count % sources
	w.count++
	fd, err = w.open(ctx, source)
	return fd, source, err
}

// give takes back the socket of a connection that has ended; one that cannot be
// used again is closed.
func (w *sockets) give(s *speaker) {
	w.tape.note(op{kind: opReuse, client: s.number})
	if disconnect(s.fd) != nil {
		_ = unix.Close(s.fd)
	} else {
		w.idle = append(w.idle, idleSocket{s.fd, s.source})
	}
	s.fd = -1
}

func (w *sockets) close() {
	for _, s := range w.idle {
		_ = unix.Close(s.fd)
	}
	if w.own > 0 {
		_ = unix.Close(w.own)
	}
	w.idle, w.own = nil, 0
}

// echo sends something to itself. The kernel hands on what goes over the loopback
// interface one after the other, though perhaps not at once: when this has come, so
// has what was sent before.
func (w *sockets) echo(ctx context.Context) {
	if w.own == 0 {
		w.own = w.openOwn(ctx)
	}
	var b [1]byte
	if _, err := unix.Write(w.own, b[:]); err == nil {
		_, _ = unix.Read(w.own, b[:])
	}
}

func (w *sockets) openOwn(ctx context.Context) int {
	fd, err := w.box.Socket(ctx, "udp", w.address)
	if err != nil {
		return -1
	}
	pause := unix.NsecToTimeval(int64(tick))
	err = errors.Join(unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &pause), unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	own, named := unix.Getsockname(fd)
	if err == nil && named == nil {
		err = unix.Connect(fd, own)
	}
	if err != nil || named != nil {
		_ = unix.Close(fd)
		return -1
	}
	return fd
}

// taken tells whether the server has read what a client has sent, and has closed
// the connection if the client has left.
func (w *sockets) taken(ctx context.Context, s *speaker) bool {
	if s == nil || s.datagram || !s.at.IsValid() {
		return true
	}
	n, err := w.box.UnreadAt(ctx, w.address, s.at)
	return err != nil || n == 0 && s.there
}

// connect connects a speaker, and notes its address.
func (w *sockets) connect(c *call, s *speaker) error {
	fd, source, err := w.take(c.ctx)
	if err != nil {
		return err
	}
	s.fd, s.source = fd, source
	w.tape.note(op{kind: opConnect, client: s.number})
	if err := w.direct.connect(c, fd); err != nil {
		_ = unix.Close(fd)
		s.fd = -1
		return err
	}
	s.at = localAddress(fd)
	return nil
}

// localAddress is getsockname(2) without anything that is made anew.
func localAddress(fd int) netip.AddrPort {
	var sa unix.RawSockaddrInet6
	size := uint32(unix.SizeofSockaddrInet6)
	_, _, errno := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return netip.AddrPort{}
	}
	port := sa.Port>>8 | sa.Port<<8
	if sa.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(&sa))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), port)
}

// write sends in one write, if the server takes it. It tells whether all was sent.
func (w *sockets) write(c *call, s *speaker, b []byte) bool {
	w.tape.note(op{kind: opWrite, client: s.number, bytes: b})
	s.unacked = false
	for len(b) > 0 {
		n, err := unix.Write(s.fd, b)
		if err != nil && !c.again(err) {
			return false
		}
		b = b[max(n, 0):]
	}
	return true
}

// read waits for more on a connection, for as long as the call lasts, and tells
// whether something came: bytes, the end, or a reset.
func (w *sockets) read(c *call, s *speaker) bool {
	s.acknowledge()
	for {
		n, err := unix.Read(s.fd, w.buf)
		switch {
		case err == nil && s.datagram:
			s.packets++
			s.heard = append(s.heard, w.buf[:n]...)
			return true
		case err == nil && n == 0:
			s.ended = true
			return true
		case err == nil:
			s.unacked = true
			s.heard = append(s.heard, w.buf[:n]...)
			return len(s.heard) < answerMost && time.Now().Before(c.until)
		case c.again(err):
		case err == unix.EAGAIN:
			return false
		default:
			s.ended, s.reset = true, true
			return true
		}
	}
}

// acknowledge has the kernel acknowledge now what was read, before more is waited
// for: without TCP_NODELAY a server's next small piece waits for that, and the kernel
// takes 40 ms over it if nothing is written.
func (s *speaker) acknowledge() {
	if s.unacked && !s.datagram {
		s.unacked = false
		on := int32(1)
		_, _, _ = unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(s.fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, uintptr(unsafe.Pointer(&on)), 4, 0)
	}
}

// peek reads what is there, and does not wait.
func (w *sockets) peek(s *speaker) {
	for !s.ended && len(s.heard) < answerMost {
		n, _, err := unix.Recvfrom(s.fd, w.buf, unix.MSG_DONTWAIT)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return
		case err != nil:
			s.ended, s.reset = !s.datagram, !s.datagram
			return
		case n == 0 && !s.datagram:
			s.ended = true
			return
		}
		s.heard = append(s.heard, w.buf[:n]...)
		if s.datagram {
			s.packets++
		}
	}
}

// openDatagram gives a speaker a datagram socket, unless it has one from a history
// before.
func (w *sockets) openDatagram(ctx context.Context, s *speaker, fd int) (err error) {
	if s.fd = fd; fd >= 0 {
		return nil
	}
	w.tape.note(op{kind: opOpen, client: s.number})
	if s.fd, err = w.box.Socket(ctx, "udp", w.address); err != nil {
		s.fd = -1
		return err
	}
	pause := unix.NsecToTimeval(int64(tick))
	return unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &pause)
}

// renew gives a datagram socket another port with the next datagram that it sends:
// what is still to come for the one that it had is lost, and so is what has come.
func (w *sockets) renew(s *speaker) {
	w.tape.note(op{kind: opRenew, client: s.number})
	if disconnect(s.fd) != nil {
		_ = unix.Close(s.fd)
		s.fd = -1
		return
	}
	for {
		if _, _, err := unix.Recvfrom(s.fd, w.buf, unix.MSG_DONTWAIT); err != nil && err != unix.EINTR {
			return
		}
	}
}

// send sends a datagram. That it does not go out is like its loss on the way.
func (w *sockets) send(s *speaker, b []byte, to *unix.RawSockaddrInet4) {
	w.tape.note(op{kind: opSend, client: s.number, bytes: b, to: to})
	first := unsafe.Pointer(unsafe.SliceData(b))
	_, _, _ = unix.Syscall6(unix.SYS_SENDTO, uintptr(s.fd), uintptr(first), uintptr(len(b)), 0, uintptr(unsafe.Pointer(to)), unix.SizeofSockaddrInet4)
}

// rawAddress is an IPv4 address as sendto(2) takes it.
func rawAddress(ip [4]byte, port int) *unix.RawSockaddrInet4 {
	return &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: uint16(port)>>8 | uint16(port)<<8, Addr: ip}
}
