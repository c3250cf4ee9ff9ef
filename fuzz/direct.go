package fuzz

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"netproctor/conformance"
)

// direct is the wire of the fast path: system calls that block, on the thread
// that calls, and nothing that is made anew for each visit. A socket whose
// connection has ended is disconnected and connects again, which costs less
// than another socket, above all one that another process must make.
type direct struct {
	box     conformance.Direct
	address netip.AddrPort
	to      unix.RawSockaddrInet6 // the address as connect(2) takes it; its beginning, if that is IPv4
	size    uintptr
	sockets [sources]int // -1 where there is none
	next    int
	buf     []byte // what was read; answers alias it
}

// sources is from how many addresses a server is visited. A port rests for a
// second before the kernel lets it connect to the same server again, and a
// single address has not ports enough for a second.
const sources = 16

// firstSource begins them: all have the same number of digits, so that what
// servers say of them is equally long.
const firstSource = 10

// tick is how long a call blocks before the visit is looked at as a whole.
const tick = 100 * time.Millisecond

// answerKept is how large a buffer for answers may stay.
const answerKept = 1 << 20

func newDirect(box conformance.Direct, address netip.AddrPort) *direct {
	w := &direct{box: box, address: address, buf: make([]byte, 64<<10)}
	for i := range w.sockets {
		w.sockets[i] = -1
	}
	order := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, address.Port()))
	if ip := address.Addr().Unmap(); ip.Is4() {
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&w.to))
		sa.Family, sa.Port, sa.Addr = unix.AF_INET, order, ip.As4()
		w.size = unix.SizeofSockaddrInet4
		return w
	}
	w.to = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: order, Addr: address.Addr().As16()}
	w.size = unix.SizeofSockaddrInet6
	return w
}

func (w *direct) close() {
	for i := range w.sockets {
		w.drop(i)
	}
}

// drop closes a socket. What the program does not want to end is reset.
func (w *direct) drop(i int) {
	if fd := w.sockets[i]; fd >= 0 {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		_ = unix.Close(fd)
	}
	w.sockets[i] = -1
}

// socket gives the i-th socket, ready to connect.
func (w *direct) socket(ctx context.Context, i int) (int, error) {
	if w.sockets[i] >= 0 {
		return w.sockets[i], nil
	}
	fd, err := w.open(ctx, i)
	if fd >= 0 {
		w.sockets[i] = fd
	}
	return fd, err
}

// open makes a socket that connects from the i-th address.
func (w *direct) open(ctx context.Context, i int) (int, error) {
	fd, err := w.box.Socket(ctx, "tcp", w.address)
	if err != nil {
		return -1, err
	}
	pause := unix.NsecToTimeval(int64(tick))
	err = errors.Join(unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &pause),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &pause),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)) // each piece goes as it is sent
	if ip := w.address.Addr().Unmap(); err == nil && ip.Is4() && ip.IsLoopback() {
		from := unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(firstSource + i)}}
		err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1), unix.Bind(fd, &from))
	}
	return fd, err
}

func (w *direct) visit(ctx context.Context, v Visit, limit time.Duration) answer {
	i := w.next
	w.next = (w.next + 1) % sources
	if cap(w.buf) > answerKept {
		w.buf = make([]byte, 64<<10)
	}
	c := call{ctx: ctx, limit: limit, until: time.Now().Add(limit)}
	fd, err := w.socket(ctx, i)
	if err != nil {
		w.drop(i)
		return answer{none: true}
	}
	if err := w.connect(&c, fd); err != nil {
		w.drop(i)
		return unconnected(err)
	}
	a := w.exchange(&c, fd, v)
	if a.fault != "" || disconnect(fd) != nil {
		w.drop(i)
	}
	return a
}

// A call is the visit that system calls belong to.
type call struct {
	ctx   context.Context
	limit time.Duration
	until time.Time
}

// again tells whether a system call that has failed is to be repeated: one that
// was interrupted, or that has blocked for a tick while there is time.
func (c *call) again(err error) bool {
	switch err {
	case unix.EINTR:
		return true
	case unix.EAGAIN, unix.EINPROGRESS, unix.EALREADY:
		return time.Now().Before(c.until) && c.ctx.Err() == nil
	}
	return false
}

func (w *direct) connect(c *call, fd int) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&w.to)), w.size)
		switch {
		case errno == 0:
			return nil
		case c.again(errno):
		case errno == unix.EINPROGRESS, errno == unix.EALREADY:
			return fmt.Errorf("connect: not accepted within %s", c.limit)
		default:
			return fmt.Errorf("connect: %w", errno)
		}
	}
}

// exchange sends, ends sending, and reads to the end.
func (w *direct) exchange(c *call, fd int, v Visit) answer {
	reset := false
	for rest := v; len(rest) > 0; {
		n, err := unix.Write(fd, rest)
		if err != nil && !c.again(err) {
			reset = err == unix.ECONNRESET || err == unix.EPIPE
			break
		}
		rest = rest[max(n, 0):]
	}
	if !reset {
		_ = unix.Shutdown(fd, unix.SHUT_WR) // what it may say, reading says better
	}
	a := w.read(c, fd)
	a.reset = a.reset || reset && a.fault == ""
	return a
}

func (w *direct) read(c *call, fd int) answer {
	for got := 0; ; {
		if got == len(w.buf) {
			w.buf = append(w.buf, make([]byte, len(w.buf))...)
		}
		n, err := unix.Read(fd, w.buf[got:])
		switch {
		case err == nil && n == 0 || got > answerMost:
			return answer{data: w.buf[:got]}
		case err == nil:
			got += n
			if time.Now().After(c.until) {
				return answer{data: w.buf[:got], fault: noEnd(w.buf[:got], c.limit)}
			}
		case c.again(err):
		case err == unix.ECONNRESET:
			return answer{data: w.buf[:got], reset: true}
		case err == unix.EAGAIN:
			return answer{data: w.buf[:got], fault: noEnd(w.buf[:got], c.limit)}
		default:
			return answer{data: w.buf[:got], fault: err.Error()}
		}
	}
}

// disconnect makes a socket whose connection has ended one that can connect.
func disconnect(fd int) error {
	to := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	if _, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&to)), unsafe.Sizeof(to)); errno != 0 {
		return errno
	}
	return nil
}

// pin binds the calling goroutine to a thread, and the thread to one processor,
// as far as there are enough another one for each worker, until undo is called.
// What it talks to belongs on the same one: there a reply costs no waking of
// another processor. It gives no processor where there is only one, or the kernel
// refuses.
func pin(worker int) (processors []int, undo func()) {
	runtime.LockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil || before.Count() < 2 {
		return nil, runtime.UnlockOSThread
	}
	var there []int
	for n := 0; len(there) < before.Count(); n++ {
		if before.IsSet(n) {
			there = append(there, n)
		}
	}
	one := there[len(there)-1-worker%len(there)] // the first has the machine's interrupts
	set.Set(one)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return nil, runtime.UnlockOSThread
	}
	return []int{one}, func() {
		_ = unix.SchedSetaffinity(0, &before)
		runtime.UnlockOSThread()
	}
}
