package proc

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/prometheus/procfs"
)

// Listeners gives the addresses on which the program, or anything it started, listens for TCP
// connections. It reads the kernel's tables and never connects: a server may count
// its connections, or accept only one.
func (p *Process) Listeners() ([]netip.AddrPort, error) {
	sockets, err := p.sandbox.diagListening(context.Background())
	if err != nil { // a kernel without sock_diag
		sockets, err = p.tableListening()
	}
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

// heldSockets are the inodes of the sockets that the program's family has open.
func (p *Process) heldSockets() map[uint64]bool {
	held := map[uint64]bool{}
	t := readTable(p.sandbox.proc())
	for _, pid := range t.family(p.sandbox.workerPid(), p.number(), p.token) {
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
