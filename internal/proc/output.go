package proc

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// wires are a program's three standard streams: our ends, and theirs as bare descriptors.
type wires struct {
	stdin, stdout, stderr *os.File
	theirs                []int
}

// openWires makes a pipe for input, a terminal for output, so that programs in any
// language write out each line at once, and a pipe for errors. If piped, output is a pipe, too. An
// input that is given is theirs.
func openWires(spec Spec) (w *wires, err error) {
	w = &wires{}
	defer func() {
		if err != nil {
			w.close()
			closeAll(w.theirs)
		}
	}()
	if spec.input != 0 {
		w.theirs = append(w.theirs, spec.input)
	} else if err := w.openInput(); err != nil {
		return w, err
	}
	if err := w.openOutput(spec.Piped); err != nil {
		return w, err
	}
	in, out, err := openPipe()
	if err != nil {
		return w, err
	}
	w.theirs, w.stderr = append(w.theirs, out), ours(in, "stderr")
	return w, nil
}

// pipeSize is how much a pipe holds that is a program's standard output, in bytes:
// what Linux allows anybody.
const pipeSize = 1 << 20

func (w *wires) openInput() error {
	in, out, err := openPipe()
	if err != nil {
		return err
	}
	w.theirs, w.stdin = append(w.theirs, in), ours(out, "stdin")
	return nil
}

func openPipe() (read, write int, err error) {
	var p [2]int
	err = unix.Pipe2(p[:], unix.O_CLOEXEC)
	return p[0], p[1], os.NewSyscallError("pipe2", err)
}

// ours makes a file with deadlines of a descriptor that stays with us.
func ours(fd int, name string) *os.File {
	_ = unix.SetNonblock(fd, true)
	return os.NewFile(uintptr(fd), name)
}

// openOutput makes the standard output.
func (w *wires) openOutput(piped bool) error {
	if piped {
		in, out, err := openPipe()
		if err != nil {
			return err
		}
		// A program that has much to say must not wait for us.
		_, _ = unix.FcntlInt(uintptr(in), unix.F_SETPIPE_SZ, pipeSize)
		w.theirs, w.stdout = append(w.theirs, out), ours(in, "stdout")
		return nil
	}
	terminal, err := w.openTerminal()
	if err != nil {
		return fmt.Errorf("open a terminal: %w", err)
	}
	w.theirs = append(w.theirs, terminal)
	return nil
}

// openTerminal opens a pseudo-terminal that passes every byte unchanged.
func (w *wires) openTerminal() (theirs int, err error) {
	master, slave, err := pty.Open()
	if err != nil {
		return -1, err
	}
	defer master.Close()
	defer slave.Close()
	if _, err := term.MakeRaw(int(slave.Fd())); err != nil {
		return -1, err
	}
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	w.stdout = ours(fd, "stdout")
	return unix.FcntlInt(slave.Fd(), unix.F_DUPFD_CLOEXEC, 0)
}

func (w *wires) close() {
	for _, f := range []*os.File{w.stdin, w.stdout, w.stderr} {
		if f != nil {
			f.Close()
		}
	}
}

// A reader reads one output stream to its end, and hands on its beginning as it comes and its
// end when it is over.
type reader struct {
	stream  string
	from    *os.File
	limit   int
	pause   time.Duration // between two reads
	emit    func(stream string, at time.Time, b []byte)
	kept    int
	dropped int
	tail    []byte // the last of what was dropped, at most twice tailSize
}

// pipePause lets a pipe fill: to be woken at each line would cost as much as what the program
// does between two of them. It bounds a flood, too.
const pipePause = time.Millisecond

// tailSize is how much is kept of the end of a stream beyond its limit.
const tailSize = 256 << 10

func (r *reader) run() {
	buf := make([]byte, 16<<10)
	for {
		n, err := r.from.Read(buf)
		if n > 0 {
			r.take(time.Now(), buf[:n])
			time.Sleep(r.pause)
		}
		if err != nil { // also EIO, a terminal's way to say that nobody can write any more
			break
		}
	}
	r.end()
}

// behind tells whether something of the stream waits to be read. To poll a terminal also
// brings what is still under way in the kernel, which a busy machine lets wait.
func (r *reader) behind() bool {
	raw, err := r.from.SyscallConn()
	if err != nil {
		return false // it has been closed
	}
	waiting := false
	_ = raw.Control(func(fd uintptr) {
		look := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		_ = retry(func() error { _, err := unix.Poll(look, 0); return err })
		waiting = look[0].Revents&unix.POLLIN != 0
	})
	return waiting
}

// end hands on the end of a stream that was too long, and says what is missing before it.
func (r *reader) end() {
	if r.dropped == 0 || r.emit == nil {
		return
	}
	tail := r.tail[max(0, len(r.tail)-tailSize):]
	if n := r.dropped - len(tail); n > 0 {
		r.emit(r.stream, time.Now(), fmt.Appendf(nil, "\n[%d bytes on %s were not kept: the limit is %d]\n", n, r.stream, r.limit))
	}
	r.emit(r.stream, time.Now(), tail)
}

// take hands on what fits below the limit. Beyond it the stream is read on, so that the program
// is not blocked, but a flood is read slowly, so that it costs us little.
func (r *reader) take(at time.Time, b []byte) {
	keep := min(len(b), r.limit-r.kept)
	r.kept += keep
	r.dropped += len(b) - keep
	if keep > 0 && r.emit != nil {
		r.emit(r.stream, at, bytes.Clone(b[:keep]))
	}
	if r.tail = append(r.tail, b[keep:]...); len(r.tail) > 2*tailSize {
		r.tail = append(r.tail[:0], r.tail[len(r.tail)-tailSize:]...)
	}
	if r.dropped > flood {
		time.Sleep(5 * time.Millisecond)
	}
}

// flood is how much a program may print, in bytes, before it is slowed down: more than any
// answer that it could have been asked to print.
const flood = 48 << 20
