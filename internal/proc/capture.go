package proc

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
)

// A Segment is a TCP segment as it went over the sandbox's network. One that the
// kernel did not need to cut for a wire may be larger than any wire would carry.
type Segment struct {
	From, To netip.AddrPort
	Size     int // bytes of data
}

// ErrShared says that the sandbox's network is the machine's, where other
// people's packets are.
var ErrShared = errors.New("this sandbox has no network of its own")

// Capture gives every TCP segment with data in it to seen, in the order of the
// wire, from now on until stop is called. After that seen is not called again.
func (s *Sandbox) Capture(ctx context.Context, seen func(Segment)) (stop func(), err error) {
	if !s.iso.Private() {
		return nil, fmt.Errorf("capture packets: %w", ErrShared)
	}
	fd, err := s.bareSocket(ctx, unix.AF_PACKET, unix.SOCK_DGRAM, networkOrder(unix.ETH_P_ALL))
	if err != nil {
		return nil, fmt.Errorf("capture packets: %w", err)
	}
	f := os.NewFile(uintptr(fd), "packets")
	over := make(chan struct{})
	go func() {
		defer close(over)
		listenIn(f, seen)
	}()
	return func() { f.Close(); <-over }, nil
}

// networkOrder is a 16-bit number as an AF_PACKET socket wants it.
func networkOrder(n uint16) int { return int(n>>8 | n<<8) }

// headersSize is enough for the headers of IP and TCP with all their options.
const headersSize = 128

// listenIn reads packets until the file is closed. The loopback interface shows
// each twice, on its way out and on its way in.
func listenIn(f *os.File, seen func(Segment)) {
	raw, err := f.SyscallConn()
	if err != nil {
		return
	}
	buf := make([]byte, headersSize)
	for d := newDissector(); ; {
		var n int
		var from unix.Sockaddr
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			failed = retry(func() (err error) {
				n, from, err = unix.Recvfrom(int(fd), buf, 0)
				return err
			})
			return failed != unix.EAGAIN
		})
		if err != nil || failed != nil {
			return
		}
		if link, ok := from.(*unix.SockaddrLinklayer); ok && link.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		if s, ok := d.segment(buf[:n]); ok && s.Size > 0 {
			seen(s)
		}
	}
}

// A dissector reads the headers of IP and TCP.
type dissector struct {
	ip4     layers.IPv4
	ip6     layers.IPv6
	tcp     layers.TCP
	four    *gopacket.DecodingLayerParser
	six     *gopacket.DecodingLayerParser
	decoded []gopacket.LayerType
}

func newDissector() *dissector {
	d := &dissector{}
	d.four = gopacket.NewDecodingLayerParser(layers.LayerTypeIPv4, &d.ip4, &d.tcp)
	d.six = gopacket.NewDecodingLayerParser(layers.LayerTypeIPv6, &d.ip6, &d.tcp)
	d.four.IgnoreUnsupported, d.six.IgnoreUnsupported = true, true
	return d
}

// segment reads a packet of which the end may be cut off: sizes are those that
// the headers say.
func (d *dissector) segment(packet []byte) (Segment, bool) {
	if len(packet) == 0 {
		return Segment{}, false
	}
	parser := d.four
	if packet[0]>>4 == 6 {
		parser = d.six
	}
	if err := parser.DecodeLayers(packet, &d.decoded); err != nil || len(d.decoded) < 2 {
		return Segment{}, false
	}
	from, to, size := d.ip4.SrcIP, d.ip4.DstIP, int(d.ip4.Length)-4*int(d.ip4.IHL)
	if parser == d.six {
		from, to, size = d.ip6.SrcIP, d.ip6.DstIP, int(d.ip6.Length)
	}
	return Segment{
		From: address(from, uint16(d.tcp.SrcPort)), To: address(to, uint16(d.tcp.DstPort)),
		Size: size - 4*int(d.tcp.DataOffset),
	}, true
}

func address(ip []byte, port uint16) netip.AddrPort {
	a, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(a.Unmap(), port)
}
