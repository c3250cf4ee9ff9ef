package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// defaultBuffer is how many bytes one direction of a connection holds, in the
// sender's and the receiver's buffer together.
const defaultBuffer = 256 << 10

// A stream is one direction of a connection: one end writes, the other reads.
type stream struct {
	mu       sync.Mutex
	readable sync.Cond // something has changed for the reader
	writable sync.Cond // something has changed for the writer
	queue    ring      // written, not read yet
	limit    int       // bytes that queue may hold

	fin       bool          // the writer sends no more: a FIN follows the queue
	reset     bool          // an RST follows the queue
	broken    syscall.Errno // what writing fails with from now on; 0 for nothing
	noReader  bool          // the reading end has closed its socket
	noWriter  bool          // the writing end has closed its socket
	readTime  deadline
	writeTime deadline
}

func (s *stream) init() {
	s.readable.L, s.writable.L = &s.mu, &s.mu
	s.limit = defaultBuffer
}

// read waits until something has arrived and moves it to p.
func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noReader:
			return 0, net.ErrClosed
		case s.readTime.passed():
			return 0, errDeadline
		case len(p) == 0:
			return 0, nil
		case s.queue.n > 0:
			n := s.queue.pop(p)
			s.wakeWriter()
			return n, nil
		case s.fin:
			return 0, io.EOF
		case s.reset:
			return 0, os.NewSyscallError("read", syscall.ECONNRESET)
		}
		s.readTime.wait(&s.readable)
	}
}

// wakeWriter wakes the writer once a third of the buffer is free, as Linux
// does: waking it for each byte would make small reads dear.
func (s *stream) wakeWriter() {
	if s.limit-s.queue.n >= s.limit/3 {
		s.writable.Broadcast()
	}
}

// write queues all of p and waits for room as needed. It returns how many
// bytes it has queued.
func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := 0
	for {
		if err := s.writeError(); err != nil {
			return done, err
		}
		done += s.send(p[done:])
		if done == len(p) {
			return done, nil
		}
		if s.broken == 0 {
			s.writeTime.wait(&s.writable)
		}
	}
}

// writeError says why nothing can be written now, nil if it can.
func (s *stream) writeError() error {
	switch {
	case s.noWriter:
		return net.ErrClosed
	case s.writeTime.passed():
		return errDeadline
	case s.fin:
		return os.NewSyscallError("write", syscall.EPIPE)
	case s.broken != 0:
		return os.NewSyscallError("write", s.broken)
	}
	return nil
}

// send queues what there is room for. If the reader has closed its socket the
// bytes are lost, and the RST that comes back breaks the stream.
func (s *stream) send(p []byte) int {
	n := max(0, min(len(p), s.limit-s.queue.n))
	switch {
	case n == 0:
	case s.noReader:
		s.broken = syscall.EPIPE
	default:
		s.queue.push(p[:n])
		s.readable.Broadcast()
	}
	return n
}

// closeReader ends the reading end. It reports whether data was lost, which the
// writer learns by an RST; so it does if it must be reset anyway.
func (s *stream) closeReader(reset bool) (lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost = s.queue.n > 0
	s.noReader = true
	s.queue = ring{}
	if lost || reset {
		s.broken = syscall.ECONNRESET
	}
	s.readable.Broadcast()
	s.writable.Broadcast()
	return lost
}

// closeWriter ends the writing end. The reader gets what is queued and then a
// FIN or an RST.
func (s *stream) closeWriter(reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noWriter = true
	if reset {
		s.reset = true
	} else {
		s.fin = true
	}
	s.readable.Broadcast()
	s.writable.Broadcast()
}

// finish sends a FIN and leaves the socket open.
func (s *stream) finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noWriter {
		return net.ErrClosed
	}
	if s.broken != 0 {
		return os.NewSyscallError("shutdown", syscall.ENOTCONN)
	}
	s.fin = true
	s.readable.Broadcast()
	s.writable.Broadcast()
	return nil
}

// resize changes how much the stream holds, at least one byte.
func (s *stream) resize(limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = max(1, limit)
	s.writable.Broadcast()
}
