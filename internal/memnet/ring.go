package memnet

// A ring is a queue of bytes in a slice that grows as needed and is never
// moved while it does not.
type ring struct {
	buf   []byte
	start int // where the oldest byte is
	n     int // how many bytes are queued
}

// push queues all of p.
func (r *ring) push(p []byte) {
	if need := r.n + len(p); need > len(r.buf) {
		r.grow(max(need, 2*len(r.buf)))
	}
	end := r.start + r.n
	if end >= len(r.buf) {
		end -= len(r.buf)
	}
	k := copy(r.buf[end:], p)
	copy(r.buf, p[k:])
	r.n += len(p)
}

// pop moves the oldest bytes to p and returns how many.
func (r *ring) pop(p []byte) int {
	if len(p) > r.n {
		p = p[:r.n]
	}
	k := copy(p, r.buf[r.start:])
	copy(p[k:], r.buf)
	r.n -= len(p)
	r.start += len(p)
	if r.start >= len(r.buf) {
		r.start -= len(r.buf)
	}
	if r.n == 0 {
		r.start = 0
	}
	return len(p)
}

// grow makes room for size bytes.
func (r *ring) grow(size int) {
	buf := make([]byte, size)
	n := r.n
	r.pop(buf[:n])
	r.buf, r.start, r.n = buf, 0, n
}
