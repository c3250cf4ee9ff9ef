package proc

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// Listeners gives the addresses on which the program, or anything it started, listens for TCP
// connections. It reads the kernel's tables and never connects: a server may count
// its connections, or accept only one.
func (p *Process) Listeners() ([]netip.AddrPort, error) {
	sockets, err := p.sandbox.diagListening(context.Background(), unix.IPPROTO_TCP)
	if err != nil { // a kernel without sock_diag
		sockets, err = p.tableListening()
	}
	return p.own(sockets, err)
}

// Datagrams gives the addresses to which the program, or anything it started, has bound sockets
// for UDP, as the kernel's tables show them.
func (p *Process) Datagrams() ([]netip.AddrPort, error) {
	sockets, err := p.sandbox.diagListening(context.Background(), unix.IPPROTO_UDP)
	if err != nil { // a kernel without its module for UDP
		sockets, err = p.tableDatagrams()
	}
	return p.own(sockets, err)
}

// own gives the addresses of those sockets that the program's family holds.
func (p *Process) own(sockets []listening, err error) ([]netip.AddrPort, error) {
	if err != nil || len(sockets) == 0 {
		return nil, err
	}
	held := p.heldSockets()
	var addrs []netip.AddrPort
	for _, l := range sockets {
		if held[l.inode] {
			addrs = append(addrs, l.addr)
		}
	}
	slices.SortFunc(addrs, netip.AddrPort.Compare)
	return slices.Compact(addrs), nil
}

// tableListening reads the listening sockets of the program's network from its tables in /proc.
func (p *Process) tableListening() ([]listening, error) {
	fs, err := procfs.NewFS(filepath.Join(p.sandbox.proc(), strconv.Itoa(p.number())))
	if err != nil {
		return nil, fmt.Errorf("read the listening sockets: %w", err)
	}
	//lint:ignore SA1019 what is advised instead asks the kernel's diagnosis, and this is for kernels without it
	four, err := fs.NetTCP()
	if err != nil {
		return nil, fmt.Errorf("read the listening sockets: %w", err)
	}
	//lint:ignore SA1019 as above
	six, _ := fs.NetTCP6() // a machine without IPv6 has none
	const listenState = 0x0A
	var found []listening
	for _, s := range append(four, six...) {
		if ip, ok := netip.AddrFromSlice(s.LocalAddr); ok && s.St == listenState {
			found = append(found, listening{netip.AddrPortFrom(ip, uint16(s.LocalPort)), s.Inode})
		}
	}
	return found, nil
}

// tableDatagrams reads the bound datagram sockets from the tables in /proc.
func (p *Process) tableDatagrams() ([]listening, error) {
	fs, err := procfs.NewFS(filepath.Join(p.sandbox.proc(), strconv.Itoa(p.number())))
	if err != nil {
		return nil, fmt.Errorf("read the datagram sockets: %w", err)
	}
	four, err := fs.NetUDP()
	if err != nil {
		return nil, fmt.Errorf("read the datagram sockets: %w", err)
	}
	six, _ := fs.NetUDP6() // a machine without IPv6 has none
	var found []listening
	for _, s := range append(four, six...) {
		if ip, ok := netip.AddrFromSlice(s.LocalAddr); ok {
			found = append(found, listening{netip.AddrPortFrom(ip, uint16(s.LocalPort)), s.Inode})
		}
	}
	return found, nil
}

// heldSockets are the inodes of the sockets that the program's family has open.
func (p *Process) heldSockets() map[uint64]bool {
	held := map[uint64]bool{}
	t := readTable(p.sandbox.proc())
	for _, pid := range p.familyIn(t) {
		proc, err := t.fs.Proc(pid)
		if err != nil {
			continue
		}
		targets, _ := proc.FileDescriptorTargets()
		for _, target := range targets {
			var inode uint64
			if n, _ := fmt.Sscanf(target, "socket:[%d]", &inode); n == 1 {
				held[inode] = true
			}
		}
	}
	return held
}

type listening struct {
	addr  netip.AddrPort
	inode uint64
}

// Overflows counts the connections that the sandbox's network has dropped because a program had
// not accepted those before them: each costs whoever connects a second. Without a
// network of its own it counts the machine's.
func (s *Sandbox) Overflows() (uint64, error) {
	worker, err := s.worker()
	if err != nil {
		return 0, fmt.Errorf("count overflows: %w", err)
	}
	n, err := worker.Netstat()
	if err != nil {
		return 0, fmt.Errorf("count overflows: %w", err)
	}
	if n.TcpExt.ListenOverflows == nil {
		return 0, errors.New("count overflows: wanted ListenOverflows in the kernel's table, found none")
	}
	return uint64(*n.TcpExt.ListenOverflows), nil
}

// RefusedDials counts the TCP connections that were to be made in the sandbox's network and were
// refused, as where nobody listens. The error wraps ErrShared if that network is the machine's,
// whose count tells nothing of one program.
func (s *Sandbox) RefusedDials() (uint64, error) {
	if !s.iso.Private() {
		return 0, fmt.Errorf("count refused connections: %w", ErrShared)
	}
	worker, err := s.worker()
	if err != nil {
		return 0, fmt.Errorf("count refused connections: %w", err)
	}
	n, err := worker.Snmp()
	if err != nil {
		return 0, fmt.Errorf("count refused connections: %w", err)
	}
	if n.AttemptFails == nil {
		return 0, errors.New("count refused connections: wanted AttemptFails in the kernel's table, found none")
	}
	return uint64(*n.AttemptFails), nil
}

// worker is where /proc tells of the worker, and so of its network.
func (s *Sandbox) worker() (procfs.Proc, error) {
	fs, err := procfs.NewFS(s.proc())
	if err != nil {
		return procfs.Proc{}, err
	}
	return fs.Proc(s.workerPid())
}
