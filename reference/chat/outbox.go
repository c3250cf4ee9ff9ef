package chat

import "sync"

// MaxBacklog is how many bytes are kept for a client that does not take them.
// If there are more, the connection is given up: else a client that never reads
// would fill the server's memory.
const MaxBacklog = 16 << 20

// An Outbox holds what is still to be sent to one client. Those who speak put it
// in and never wait; one goroutine takes it out and writes it. So a client that
// does not read delays nobody else.
type Outbox struct {
	mu      sync.Mutex
	changed sync.Cond
	queue   [][]byte // oldest first
	size    int      // bytes in the queue
	closed  bool
}

// NewOutbox returns an empty Outbox.
func NewOutbox() *Outbox {
	o := &Outbox{}
	o.changed.L = &o.mu
	return o
}

// Put adds b at the end. It reports false if there is no room for it, or the
// outbox is closed. b must not be changed afterwards.
func (o *Outbox) Put(b []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.size+len(b) > MaxBacklog {
		return false
	}
	o.queue = append(o.queue, b)
	o.size += len(b)
	o.changed.Signal()
	return true
}

// Take waits for the oldest piece, and removes it. It reports false when the
// outbox is closed and empty.
func (o *Outbox) Take() ([]byte, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) == 0 && !o.closed {
		o.changed.Wait()
	}
	if len(o.queue) == 0 {
		return nil, false
	}
	b := o.queue[0]
	o.queue[0] = nil // so that its memory can be used again
	o.queue = o.queue[1:]
	o.size -= len(b)
	return b, true
}

// Close lets nothing more in. What is there can still be taken.
func (o *Outbox) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.changed.Broadcast()
}
