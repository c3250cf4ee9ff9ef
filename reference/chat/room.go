package chat

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// FlushLimit is how long a client that has left may take for what was said while
// it was there. It may have stopped sending only, and still read.
const FlushLimit = time.Second

// A Room knows who is there, and tells them what happens. One thing happens
// after the other: so all counts are right, and everybody, and the server's
// output, has everything in the same order.
type Room struct {
	mu      sync.Mutex
	out     io.Writer // the server's output
	members map[*Member]bool
	closed  bool
}

// NewRoom returns an empty room. What happens in it is printed to out.
func NewRoom(out io.Writer) *Room {
	return &Room{out: out, members: map[*Member]bool{}}
}

// A Member is a client that is in the room.
type Member struct {
	User   netip.AddrPort // the client's own end of its connection
	conn   net.Conn
	outbox *Outbox
}

// ErrClosed is returned to who comes when the room is closed.
var ErrClosed = errors.New("the room is closed")

// Join greets a client and tells the others (§IV.3). Someone has to call
// [Member.Deliver], and [Room.Leave] in the end. If Join fails the caller has to
// close conn.
func (r *Room) Join(conn net.Conn) (*Member, error) {
	user, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return nil, fmt.Errorf("the client's address wanted IP:PORT: %w", err)
	}
	m := &Member{User: user, conn: conn, outbox: NewOutbox()}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	r.members[m] = true
	m.put((&Connected{Users: len(r.members)}).Append(nil))
	r.tell(m, &Entered{User: user, Users: len(r.members)})
	return m, nil
}

// Leave tells those who stay (§IV.6). The connection is closed when the one who
// leaves has got what was said before, or has not taken it for [FlushLimit].
func (r *Room) Leave(m *Member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.members[m] {
		return
	}
	delete(r.members, m)
	m.outbox.Close()
	m.conn.SetWriteDeadline(time.Now().Add(FlushLimit))
	r.tell(m, &Left{User: m.User, Users: len(r.members)})
}

// Tell sends a message to everybody but who caused it, and prints it. It says
// nothing when that member has left.
func (r *Room) Tell(from *Member, message Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[from] {
		r.tell(from, message)
	}
}

// tell is Tell for who holds r.mu.
func (r *Room) tell(from *Member, message Message) {
	wire := message.Append(nil)
	fmt.Fprintln(r.out, Printable(string(wire)))
	for m := range r.members {
		if m != from {
			m.put(wire)
		}
	}
}

// Notef prints a line that nobody is told.
func (r *Room) Notef(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		fmt.Fprintln(r.out, Printable(fmt.Sprintf(format, args...)))
	}
}

// Close closes all connections at once, and the room: nobody is told.
func (r *Room) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for m := range r.members {
		m.outbox.Close()
		m.conn.Close()
	}
	clear(r.members)
}

// put adds to what the member is to be sent. If that is too much the connection
// is closed; then the goroutine that reads from it sees its end.
func (m *Member) put(wire []byte) {
	if !m.outbox.Put(wire) {
		m.conn.Close()
	}
}

// Deliver sends the member what is put into its outbox, until it has left or
// nothing can be sent. Then it closes the connection.
func (m *Member) Deliver() {
	defer m.conn.Close()
	for {
		wire, ok := m.outbox.Take()
		if !ok {
			return
		}
		if _, err := m.conn.Write(wire); err != nil {
			return
		}
	}
}
