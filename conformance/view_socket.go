package conformance

import (
	"net/netip"
	"strings"
	"time"
)

// A socketView is one of the harness's datagram sockets.
type socketView struct {
	name      string
	local     string
	stimulus  time.Duration // the clock before the harness's last act on it
	datagrams []datagram
	used      int    // how many of them expectations have consumed
	peer      string // who sent the last one that was consumed
	sendErr   string
}

// A datagram is one that came.
type datagram struct {
	order    int // the event that it came with
	data     []byte
	from, to string // to is empty where the system does not say
}

// socket gives the datagram socket of that name, or nil.
func (v *view) socket(name string) *socketView { return v.sockets[name] }

func (v *view) applySocket(e Event, order int) {
	if e.Kind == PacketOpened {
		v.sockets[e.Conn] = &socketView{name: e.Conn, local: e.Text, stimulus: e.At}
		return
	}
	s := v.sockets[e.Conn]
	if s == nil {
		return
	}
	switch e.Kind {
	case PacketSent:
		s.stimulus = e.At
	case PacketFailed:
		s.sendErr = e.Text
	case PacketReceived:
		d := datagram{order: order, data: e.Data}
		d.from, d.to, _ = strings.Cut(e.Text, " ")
		s.datagrams = append(s.datagrams, d)
	}
}

// consume takes the next n datagrams.
func (s *socketView) consume(n int) {
	if n == 0 {
		return
	}
	s.used += n
	s.peer = s.datagrams[s.used-1].from
}

// broadcast tells whether a datagram was sent to everybody; one of which
// nobody knows where it was sent to may have been.
func (d datagram) broadcast() bool {
	ip, err := netip.ParseAddr(d.to)
	if err != nil || !ip.Is4() {
		return true
	}
	return ip.As4()[3] == 255
}
