package proc

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// routeBroadcast sends what goes to 255.255.255.255 through the loopback interface, so that
// programs in a network of their own hear each other's broadcasts. The network has no other
// way out and gets none. Messages come from 127.0.0.1: without that being said, a broadcast
// on this interface would come from nowhere.
func routeBroadcast() error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := loopbackIndex()
	if err != nil {
		return err
	}
	if err := retry(func() error {
		return unix.Sendto(fd, broadcastRoute(lo), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	}); err != nil {
		return err
	}
	buf := make([]byte, 4<<10)
	n, err := receiveDiag(fd, buf)
	if err != nil {
		return err
	}
	return acknowledged(buf[:n])
}

func loopbackIndex() (uint32, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return 0, err
	}
	err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, lo)
	return lo.Uint32(), err
}

// broadcastRoute is the request for the route: see rtnetlink(7).
func broadcastRoute(lo uint32) []byte {
	b := make([]byte, unix.NLMSG_HDRLEN, 64)
	binary.NativeEndian.PutUint16(b[4:], unix.RTM_NEWROUTE)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
	b = append(b, unix.AF_INET, 32, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_STATIC, unix.RT_SCOPE_LINK, unix.RTN_UNICAST, 0, 0, 0, 0)
	b = routeAttribute(b, unix.RTA_DST, []byte{255, 255, 255, 255})
	b = routeAttribute(b, unix.RTA_PREFSRC, []byte{127, 0, 0, 1})
	b = routeAttribute(b, unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, lo))
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	return b
}

// routeAttribute appends an attribute of four bytes.
func routeAttribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	return append(b, value...)
}

// acknowledged is the error that the kernel answers with, or nil.
func acknowledged(b []byte) error {
	if len(b) < unix.NLMSG_HDRLEN+4 || binary.NativeEndian.Uint16(b[4:]) != unix.NLMSG_ERROR {
		return fmt.Errorf("wanted an acknowledgement, got %d bytes", len(b))
	}
	if errno := -int32(binary.NativeEndian.Uint32(b[unix.NLMSG_HDRLEN:])); errno != 0 {
		return unix.Errno(errno)
	}
	return nil
}
