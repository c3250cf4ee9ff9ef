package conformance

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"go.starlark.net/starlark"
)

// A Capture begins to listen to the network of the run, for an ExpectSegments.
// Where that cannot be done the scenario is skipped.
type Capture struct{}

// capturing is a sandbox whose network can be listened to. It gives the segments
// with data in them, in the order of the wire.
type capturing interface {
	Capture(ctx context.Context, seen func(from, to netip.AddrPort, size int)) (stop func(), err error)
}

func (s *Capture) play(ctx context.Context, p *player) error {
	box, can := p.box.(capturing)
	if !can {
		p.add(Event{Kind: NoCapture, Text: "there are no packets in memory"})
		return nil
	}
	stop, err := box.Capture(ctx, func(from, to netip.AddrPort, size int) {
		p.add(Event{Kind: Segment, Text: from.String() + " " + to.String(), N: size})
	})
	if err != nil {
		p.add(Event{Kind: NoCapture, Text: err.Error()})
		return nil
	}
	p.stops = append(p.stops, stop)
	return nil
}

func (s *Capture) judge(v *view, _ *binding) Finding {
	if v.uncaptured != "" {
		return Finding{State: Skipped, Got: "packets cannot be captured here: " + v.uncaptured}
	}
	return ok
}

func (s *Capture) star() string { return call("capture").String() }

// A segment is one of TCP with data in it, as it went over the network.
type segment struct {
	from, to string
	size     int
}

func newSegment(e Event) segment {
	from, to, _ := strings.Cut(e.Text, " ")
	return segment{from, to, e.N}
}

// An ExpectSegments looks at how the program writes: at the first segment of its
// data behind the harness's last data on a connection. TCP sends what is first
// written on an idle connection at once, so a large segment proves a large write.
// Later ones prove nothing, as TCP may join small writes. Where no such segment
// was seen, the scenario is skipped.
type ExpectSegments struct {
	wait
	Conn   string
	AtMost int // bytes
}

func (s *ExpectSegments) play(ctx context.Context, p *player) error {
	return p.await(ctx, s, s.limit())
}

func (s *ExpectSegments) judge(v *view, _ *binding) Finding {
	c := v.conn(s.Conn)
	if c == nil || c.refused != "" {
		return failed("a connection", "none"+v.ends())
	}
	first, seen := v.answer(c)
	switch {
	case !seen && v.expired:
		return Finding{State: Skipped, Got: "no segment of the program's was captured"}
	case !seen:
		return Finding{State: Pending}
	case first > s.AtMost:
		return failed(fmt.Sprintf("at most %s written at once", count(s.AtMost, "byte")), count(first, "byte")+" in one segment")
	}
	return ok
}

// answer is the size of the first segment from the program behind all that the
// harness has sent. Segments come to be known a little later than data does.
func (v *view) answer(c *connView) (size int, seen bool) {
	local, remote := canonical(c.local), canonical(c.remote)
	left := c.sent
	for _, s := range v.segments {
		switch {
		case s.from == local && s.to == remote:
			left -= s.size
		case s.from == remote && s.to == local && left <= 0:
			return s.size, true
		}
	}
	return 0, false
}

// canonical writes an IPv4 address as such, whatever socket it came from.
func canonical(address string) string {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()).String()
}

func (s *ExpectSegments) star() string {
	w := call("expect_segments")
	w.text("conn", s.Conn, defaultConn)
	w.number("at_most", s.AtMost, 0)
	w.duration("within", s.Within)
	return w.String()
}

func captureWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := unpack(fn, args, kwargs); err != nil {
		return nil, err
	}
	return newStep(&Capture{})
}

func expectSegmentsWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectSegments{Conn: defaultConn}
	var within durationArg
	if err := unpack(fn, args, kwargs, "conn?", &s.Conn, "at_most", &s.AtMost, "within?", &within); err != nil {
		return nil, err
	}
	s.Within = within.Duration
	return newStep(s)
}
