package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"go.starlark.net/starlark"

	"netproctor/internal/proc"
)

// A Relay makes the harness listen between the two programs of a pair: whoever
// connects to port_of its name is connected to the server. All that either says
// is passed on as it comes, unchanged and unjudged, and noted; so is how each
// ends. An accept gives a client's connection its name.
type Relay struct {
	action
	Name string
}

// defaultRelay is the name of a relay that was given none.
const defaultRelay = "relay"

func (s *Relay) play(ctx context.Context, p *player) error {
	l, err := p.box.Listen(ctx, "tcp", net.JoinHostPort(p.bind.values["host"], "0"))
	if err != nil {
		return fmt.Errorf("listen for a relay: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &relay{player: p, listener: l, conns: map[net.Conn]bool{}}
	p.stops = append(p.stops, func() { cancel(); r.close() })
	p.add(Event{Kind: Listening, Conn: s.Name, Text: l.Addr().String()})
	p.readers.Go(func() { r.accept(ctx) })
	return nil
}

func (s *Relay) star() string {
	w := call("relay")
	w.text("name", s.Name, defaultRelay)
	return w.String()
}

func relayWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Relay{Name: defaultRelay}
	if err := unpack(fn, args, kwargs, "name?", &s.Name); err != nil {
		return nil, err
	}
	return newStep(s)
}

// A relay is one that runs.
type relay struct {
	player   *player
	listener net.Listener

	mu    sync.Mutex
	conns map[net.Conn]bool // those that are open
	over  bool
}

// close ends the relay and all of its connections.
func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.listener.Close()
	for c := range r.conns {
		c.Close()
	}
}

// keep takes a connection, to be closed with the relay. It closes one that
// comes too late.
func (r *relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		c.Close()
		return false
	}
	r.conns[c] = true
	return true
}

// drop closes a connection.
func (r *relay) drop(c net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c)
	c.Close()
}

func (r *relay) accept(ctx context.Context) {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return
		}
		if !r.keep(c) {
			return
		}
		name := r.player.incoming(Event{Kind: Incoming, Text: c.LocalAddr().String() + " " + c.RemoteAddr().String()})
		r.player.readers.Go(func() { r.pass(ctx, name, c) })
	}
}

// pass connects a client to the server until both have ended.
func (r *relay) pass(ctx context.Context, name string, client net.Conn) {
	defer r.drop(client)
	server, err := r.dial(ctx)
	if err != nil {
		r.player.add(Event{Kind: NoServer, Conn: name, Text: refused(err)})
		abort(client)
		return
	}
	defer r.drop(server)
	if !r.keep(server) {
		return
	}
	to := flow{r, name, Client, client, server}
	back := flow{r, name, Server, server, client}
	var both sync.WaitGroup
	both.Go(func() { to.run(ctx) })
	both.Go(func() { back.run(ctx) })
	both.Wait()
}

// dial connects to where the server listens.
func (r *relay) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	r.player.mu.Lock()
	address := r.player.view.server(r.player.bind.values)
	r.player.mu.Unlock()
	return r.player.box.Dial(ctx, "tcp", address)
}

// A flow is one direction of a relayed connection.
type flow struct {
	relay    *relay
	name     string
	sender   string // who sends: Client or Server
	from, to net.Conn
}

// mostRelayed is how much of what one side sends is kept as it stands, and
// countRelayed how much of the rest makes an event.
const mostRelayed, countRelayed = 64 << 10, 1 << 20

// run passes on what comes until its end, and then the end. What one read gives
// goes out in one write, and a lull stays one, so that what was apart stays
// apart: a framing may depend on it.
func (f *flow) run(ctx context.Context) {
	buf := make([]byte, mostRead)
	kept, silent := 0, 0
	for last := time.Now(); ; last = time.Now() {
		n, err := f.from.Read(buf)
		if n > 0 {
			f.await(ctx, time.Since(last))
			keep := min(n, mostRelayed-kept)
			kept, silent = kept+keep, silent+n-keep
			f.note(buf[:keep], 0)
			if silent >= countRelayed {
				f.note(nil, silent)
				silent = 0
			}
			if _, wrong := f.to.Write(buf[:n]); wrong != nil {
				// Nobody is there to take it: the sender is told as a kernel would.
				abort(f.from)
				return
			}
		}
		if err != nil {
			f.note(nil, silent)
			f.end(err)
			return
		}
	}
}

// A silence of this length may end a message. At most so long is waited for a
// receiver that has not read what came before it, and at most so much of the
// silence is repeated.
const (
	shortestLull  = 100 * time.Millisecond
	takenPatience = 3 * time.Second
	longestLull   = time.Second
)

// await keeps a lull of the sender one to a receiver that is slow, which would
// else find two messages in one: it begins again when all has been read.
func (f *flow) await(ctx context.Context, lull time.Duration) {
	if lull < shortestLull || !AwaitTaken(ctx, f.relay.player.box, f.to, takenPatience) {
		return
	}
	select {
	case <-time.After(min(lull, longestLull)):
	case <-ctx.Done():
	}
}

// note notes what was sent: bytes, or how many more there were.
func (f *flow) note(b []byte, more int) {
	if len(b) > 0 || more > 0 {
		f.relay.player.add(Event{Kind: Relayed, Conn: f.name, Text: f.sender, Data: bytes.Clone(b), N: more})
	}
}

// ends are the events of how a side's connection ends, by FIN and by RST.
var ends = map[string][2]EventKind{Client: {PeerClosed, PeerReset}, Server: {ServerClosed, ServerReset}}

// end passes on how the sender has ended its side.
func (f *flow) end(err error) {
	switch {
	case errors.Is(err, io.EOF):
		f.relay.player.add(Event{Kind: ends[f.sender][0], Conn: f.name})
		if c, can := f.to.(interface{ CloseWrite() error }); can {
			_ = c.CloseWrite() // one that is gone is told by its own flow
		}
	case errors.Is(err, net.ErrClosed):
	default:
		f.relay.player.add(Event{Kind: ends[f.sender][1], Conn: f.name, Text: err.Error()})
		abort(f.to)
	}
}

// abort resets a connection. What was sent on it comes first: a kernel would
// have handed that over, too.
func abort(c net.Conn) {
	for deadline := time.Now().Add(resetPatience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if n, err := proc.Unsent(c); n == 0 || err != nil {
			break
		}
	}
	if l, can := c.(interface{ SetLinger(int) error }); can {
		_ = l.SetLinger(0)
	}
	c.Close()
}

// resetPatience is how long a reset waits for what was sent before it.
const resetPatience = time.Second
