package proc

import (
	"context"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// ListenPacket binds a datagram socket inside the sandbox, allowed to broadcast. In a private
// network a broadcast to 255.255.255.255 is heard by everybody in the sandbox, and nobody else.
// Over IPv4 the socket is a *PacketConn.
func (s *Sandbox) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	addr, err := s.resolve(ctx, address, netip.IPv4Unspecified())
	if err != nil {
		return nil, opError("listen", network, addr, err)
	}
	f, err := s.bound(ctx, network, addr)
	if err != nil {
		return nil, opError("listen", network, addr, err)
	}
	defer f.Close()
	told := control(f, "setsockopt", func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1) })
	c, err := net.FilePacketConn(f)
	if err != nil {
		return nil, err
	}
	if u, isUDP := c.(*net.UDPConn); isUDP && told == nil {
		return &PacketConn{u}, nil
	}
	return c, nil
}

// A PacketConn is a datagram socket that can tell where a datagram was sent to.
type PacketConn struct{ *net.UDPConn }

// ReadFromTo is ReadFrom, and gives besides the address that the datagram was sent to: the
// socket's own, or that of a broadcast. It is not valid if the kernel does not say.
func (c *PacketConn) ReadFromTo(b []byte) (n int, from net.Addr, to netip.Addr, err error) {
	oob := make([]byte, unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	n, oobn, _, sender, err := c.ReadMsgUDPAddrPort(b, oob)
	if err != nil {
		return n, nil, to, err
	}
	messages, _ := unix.ParseSocketControlMessage(oob[:oobn])
	for _, m := range messages {
		if m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= unix.SizeofInet4Pktinfo {
			to, _ = netip.AddrFromSlice(m.Data[8:12]) // behind the interface and the local address
		}
	}
	return n, net.UDPAddrFromAddrPort(netip.AddrPortFrom(sender.Addr().Unmap(), sender.Port())), to, nil
}
