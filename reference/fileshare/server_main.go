package fileshare

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
)

// What the server uses if its command line does not say otherwise.
const (
	ServerFolder = "server" // within the working directory
	ServiceName  = "Reference File Sharing Service"
)

// serverUsage is shown when the command line is wrong.
const serverUsage = "usage: server [-dialect sized|handout|text] [-sdp PORT] [-fsp PORT] [-folder PATH] [-service NAME]"

// ServerMain is the lab's server program: args are what follows the program's
// name, dir is its working directory (empty for the process's own). It serves
// until ctx ends and returns the exit status.
func ServerMain(ctx context.Context, args []string, dir string, out io.Writer,
	listen func(network, address string) (net.Listener, error),
	listenPacket func(network, address string) (net.PacketConn, error)) int {
	a, err := ParseServerArgs(args)
	if err != nil {
		fmt.Fprintf(out, "error: %v\n%s\n", err, serverUsage)
		return exitUsage
	}
	if err := runServer(ctx, a, dir, out, listen, listenPacket); err != nil {
		fmt.Fprintf(out, "error: %v\n", err)
		return exitFailed
	}
	return exitDone
}

// runServer opens what a server needs, says so, and lets it run.
func runServer(ctx context.Context, a ServerArgs, dir string, out io.Writer,
	listen func(network, address string) (net.Listener, error),
	listenPacket func(network, address string) (net.PacketConn, error)) error {
	folder, err := a.openFolder(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	// IPv4, because IPv6 has no broadcast.
	pc, err := listenPacket("udp4", allAddresses(a.DiscoveryPort))
	if err != nil {
		return err
	}
	defer pc.Close()
	l, err := listen("tcp", allAddresses(a.SharingPort))
	if err != nil {
		return err
	}
	defer l.Close()
	s := &Server{Dialect: a.Dialect, Files: folder, Service: a.Service, Log: out}
	s.Logf("listening for service discovery messages on port %d", a.DiscoveryPort)
	s.Logf("listening for file sharing connections on port %d", a.SharingPort)
	if err := s.Announce(); err != nil {
		return err
	}
	return s.Run(ctx, l, pc)
}

// allAddresses returns where to listen to be found at every address.
func allAddresses(port int) string { return net.JoinHostPort("", strconv.Itoa(port)) }

// ServerArgs is what the server's command line says.
type ServerArgs struct {
	Args
	Service string // -service; ServiceName
}

// ParseServerArgs reads and checks the server's command line.
func ParseServerArgs(args []string) (a ServerArgs, err error) {
	f := newFlags(&a.Args, "server", ServerFolder)
	f.StringVar(&a.Service, "service", ServiceName, "")
	if err := parse(f, args); err != nil {
		return a, err
	}
	return a, CheckService(a.Service)
}
