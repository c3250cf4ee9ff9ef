package memnet

import (
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// A Conn is one end of a connection. It implements [net.Conn] and the methods
// of [net.TCPConn] that change how a connection ends. Writes of several
// goroutines at once may mix where they are larger than the free buffer.
type Conn struct {
	host          *Host
	local, remote netip.AddrPort
	in, out       *stream
	closed        atomic.Bool
	noLinger      atomic.Bool // Close sends an RST
}

// link is a connection as a whole, in one piece of memory.
type link struct {
	near, far Conn
	up, down  stream
}

// newConns returns the two ends of a new connection.
func newConns(from, to *Host, near, far netip.AddrPort) (*Conn, *Conn) {
	k := new(link)
	k.up.init()
	k.down.init()
	k.near.host, k.near.local, k.near.remote = from, near, far
	k.near.in, k.near.out = &k.down, &k.up
	k.far.host, k.far.local, k.far.remote = to, far, near
	k.far.in, k.far.out = &k.up, &k.down
	return &k.near, &k.far
}

// Read reads what has arrived, and waits while nothing has.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	if err != nil && err != io.EOF {
		err = c.opError("read", err)
	}
	return n, err
}

// Write writes all of p, and waits while the other end has no room for it.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

// Close closes the socket. The other end gets a FIN, or an RST if data was
// left unread here or SetLinger(0) was called.
func (c *Conn) Close() error {
	if !c.end(c.noLinger.Load()) {
		return c.opError("close", net.ErrClosed)
	}
	return nil
}

// abort closes the socket with an RST.
func (c *Conn) abort() { c.end(true) }

// end closes both directions. It reports false if they were closed already.
func (c *Conn) end(reset bool) bool {
	if c.closed.Swap(true) {
		return false
	}
	c.host.remove(c) // before anybody can see that it is closed
	lost := c.in.closeReader(reset)
	c.out.closeWriter(reset || lost)
	return true
}

// CloseWrite sends a FIN; reading goes on.
func (c *Conn) CloseWrite() error {
	if err := c.out.finish(); err != nil {
		return c.opError("close", err)
	}
	return nil
}

// SetLinger with 0 lets Close send an RST; any other value lets it send a FIN.
func (c *Conn) SetLinger(sec int) error {
	c.noLinger.Store(sec == 0)
	return c.check("set")
}

// SetReadBuffer sets how many bytes may wait to be read here.
func (c *Conn) SetReadBuffer(bytes int) error {
	c.in.resize(bytes)
	return c.check("set")
}

// SetWriteBuffer sets how many bytes may wait to be read at the other end.
// The last call of this and the other end's SetReadBuffer counts.
func (c *Conn) SetWriteBuffer(bytes int) error {
	c.out.resize(bytes)
	return c.check("set")
}

// Unread returns how many of the bytes that were written here the other end has
// not read.
func (c *Conn) Unread() int {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.queue.n
}

// SetDeadline sets when reads and writes stop waiting; the zero time is never.
func (c *Conn) SetDeadline(t time.Time) error {
	c.setReadTime(t)
	c.setWriteTime(t)
	return c.check("set")
}

// SetReadDeadline sets when reads stop waiting; the zero time is never.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.setReadTime(t)
	return c.check("set")
}

// SetWriteDeadline sets when writes stop waiting; the zero time is never.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.setWriteTime(t)
	return c.check("set")
}

func (c *Conn) setReadTime(t time.Time) {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	c.in.readTime.at = t
	c.in.readable.Broadcast()
}

func (c *Conn) setWriteTime(t time.Time) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.out.writeTime.at = t
	c.out.writable.Broadcast()
}

// LocalAddr returns the address of this end, a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr returns the address of the other end, a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// check returns an error if the socket is closed.
func (c *Conn) check(op string) error {
	if c.closed.Load() {
		return c.opError(op, net.ErrClosed)
	}
	return nil
}

// opError puts err into the words of package net.
func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
