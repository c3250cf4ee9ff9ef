package fileshare

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
)

// What the client uses if its command line does not say otherwise.
const (
	ClientFolder     = "client" // within the working directory
	BroadcastAddress = "255.255.255.255"
)

// clientUsage is shown when the command line is wrong.
const clientUsage = "usage: client [-dialect sized|handout|text] [-sdp PORT] [-fsp PORT] [-folder PATH] [-broadcast IP]"

// ClientMain is the lab's client program: args are what follows the program's
// name, dir is its working directory (empty for the process's own). It returns
// the exit status.
func ClientMain(ctx context.Context, args []string, dir string, in io.Reader, out io.Writer,
	dial func(ctx context.Context, network, address string) (net.Conn, error),
	listenPacket func(network, address string) (net.PacketConn, error)) int {
	a, err := ParseClientArgs(args)
	if err != nil {
		fmt.Fprintf(out, "error: %v\n%s\n", err, clientUsage)
		return exitUsage
	}
	folder, err := a.openFolder(dir)
	if err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	defer folder.Close()
	c := &Client{In: bufio.NewReader(in), Out: out, Dialect: a.Dialect, Files: folder,
		Broadcast: a.broadcastAddr(), SharingPort: a.SharingPort, Dial: dial, ListenPacket: listenPacket}
	if err := c.Run(ctx); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	return exitDone
}

// ClientArgs is what the client's command line says.
type ClientArgs struct {
	Args
	// Broadcast is where requests are sent to: -broadcast; the address of
	// everybody on the local network.
	Broadcast netip.Addr
}

// broadcastAddr returns where discovery requests are sent to.
func (a ClientArgs) broadcastAddr() net.Addr {
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(a.Broadcast, uint16(a.DiscoveryPort)))
}

// ParseClientArgs reads and checks the client's command line.
func ParseClientArgs(args []string) (a ClientArgs, err error) {
	f := newFlags(&a.Args, "client", ClientFolder)
	broadcast := f.String("broadcast", BroadcastAddress, "")
	if err := parse(f, args); err != nil {
		return a, err
	}
	a.Broadcast, err = netip.ParseAddr(*broadcast)
	if err != nil || !a.Broadcast.Is4() {
		return a, fmt.Errorf("the broadcast address wanted an IPv4 address, got %q", *broadcast)
	}
	return a, nil
}
