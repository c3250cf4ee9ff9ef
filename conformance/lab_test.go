package conformance_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/mutant"
	"netproctor/internal/mutant/chat"
	"netproctor/internal/mutant/download"
	"netproctor/internal/mutant/fileshare"
	"netproctor/internal/mutant/mailbox"
	"netproctor/internal/mutant/transfer"
	"netproctor/reference"
	"netproctor/scenarios"
)

// A lab is what the suites of one protocol are tried with, in virtual time.
type lab struct {
	protocol string
	mutants  []mutant.Mutant
	variants []mutant.Variant
	nulls    []mutant.Variant
	// heavy are requirements whose scenarios move many MiB: the references are
	// tried with them, variants that move bytes in their own way, and wrong
	// programs that break just these.
	heavy []string
	// disk gives the programs a working directory.
	disk bool
	// processes are requirements that are judged by the vitals of a process: in
	// memory their scenarios are skipped.
	processes []string
}

var labs = []lab{{
	protocol: "mailbox",
	mutants:  slices.Concat(mailbox.Servers, mailbox.Clients),
	variants: slices.Concat(mailbox.ServerVariants, mailbox.ClientVariants),
	// an empty response, and a request to read
	nulls: slices.Concat(mutant.NullServers([]byte("\xae\x73\x03\x00\x00")), mutant.NullClients([]byte("\xae\x73\x01\x05\x00\x00\x00alice"))),
	heavy: []string{"server.big-response", "server.stalled-reader", "client.big-response"},
}, {
	protocol: "download",
	mutants:  slices.Concat(download.Servers, download.Clients),
	variants: slices.Concat(download.ServerVariants, download.ClientVariants),
	// a file of five bytes, and a request for one
	nulls:     slices.Concat(mutant.NullServers([]byte("\x49\x7e\x02\x01\x00\x00\x00\x05hello")), mutant.NullClients([]byte("\x49\x7e\x01\x00\x0fasked-for-1.dat"))),
	heavy:     []string{"server.any-size", "server.stalled-reader", "client.any-size"},
	disk:      true,
	processes: []string{"client.claimed-size"},
}, {
	protocol: "transfer",
	mutants:  slices.Concat(transfer.Servers, transfer.Clients),
	variants: slices.Concat(transfer.ServerVariants, transfer.ClientVariants),
	// all words of a server, and a command
	nulls:     slices.Concat(mutant.NullServers([]byte("READYOKDONE")), mutant.NullClients([]byte("GET f"))),
	heavy:     []string{"server.block-edges"},
	disk:      true,
	processes: []string{"server.streams", "server.blocks", "client.streams", "client.blocks"},
}, {
	protocol: "chat",
	mutants:  slices.Concat(chat.Servers, chat.Clients),
	variants: slices.Concat(chat.ServerVariants, chat.ClientVariants),
	// a greeting, and a message
	nulls: slices.Concat(mutant.NullServers([]byte("> Connected to the chat server (1 user online)")), mutant.NullClients([]byte("I will upload a file"))),
	heavy: []string{"server.many", "server.stalled-reader"},
	disk:  true,
}, {
	protocol: "fileshare",
	mutants:  slices.Concat(fileshare.Servers, fileshare.Clients, fileshare.Pairs),
	variants: slices.Concat(fileshare.ServerVariants, fileshare.ClientVariants, fileshare.PairVariants),
	nulls:    slices.Concat(fileshareNullServers, fileshareNullClients, fileshare.PairsOf(fileshareNullServers, fileshareNullClients)),
	heavy:    []string{"server.sizes", "client.sequence", "pair.types"},
	disk:     true,
}}

// What does nothing in fileshare: an empty list, and a request for one.
var (
	fileshareNullServers = mutant.WithArgs(mutant.NullServers(make([]byte, 8)), "30001")
	fileshareNullClients = mutant.WithArgs(mutant.NullClients([]byte("\x03")), "127.0.0.1", "30001")
)

// load loads the lab's protocol, once for all tests: nothing changes it.
func (l lab) load(t testing.TB) *conformance.Protocol {
	t.Helper()
	p, err := loadOnce(l.protocol)
	require.NoError(t, err)
	return p
}

var loaded sync.Map

func loadOnce(name string) (*conformance.Protocol, error) {
	once, _ := loaded.LoadOrStore(name, sync.OnceValues(func() (*conformance.Protocol, error) {
		return conformance.Load(scenarios.Files, name, conformance.LoadOptions{})
	}))
	return once.(func() (*conformance.Protocol, error))()
}

// light leaves out the scenarios that are not worth their time: see heavy.
func (l lab) light(p *conformance.Protocol, breaks string) *conformance.Protocol {
	less := *p
	less.Scenarios = slices.DeleteFunc(slices.Clone(p.Scenarios), func(s *conformance.Scenario) bool {
		return slices.ContainsFunc(s.Covers, func(id string) bool { return id != breaks && slices.Contains(l.heavy, id) })
	})
	return &less
}

// focused leaves what is to catch a wrong program: the scenarios of the
// requirement that it breaks. With KILL=whole all are played that are not heavy.
// Messages come in pieces only if it is those that the program gets wrong.
func (l lab) focused(p *conformance.Protocol, role, breaks string) *conformance.Protocol {
	less := l.light(p, breaks)
	if p.Programs[role].Fragments != breaks {
		unbroken(less, role)
	}
	if os.Getenv("KILL") != "whole" {
		less.Scenarios = slices.DeleteFunc(less.Scenarios, func(s *conformance.Scenario) bool {
			return !slices.Contains(s.Covers, breaks) && !(s.Pieces && p.Programs[role].Fragments == breaks)
		})
	}
	return less
}

// unbroken has a protocol's messages delivered whole.
func unbroken(p *conformance.Protocol, role string) {
	program := p.Programs[role]
	program.Fragments = ""
	p.Programs = map[string]conformance.Program{role: program}
}

// memoryFolder is a folder whose files are in memory, where there is one with
// room: working directories are made by the ten thousand.
var memoryFolder = sync.OnceValue(func() string {
	const folder, room = "/dev/shm", 4 << 30
	var fs syscall.Statfs_t
	if syscall.Statfs(folder, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < room {
		return ""
	}
	return folder
})

// target is a program in memory; with a client, it is the server of a pair.
func (l lab) target(name string, main, client mainFunc) conformance.Target {
	one := func(main mainFunc) conformance.Target {
		return &conformance.Func{Name: name, Disk: l.disk, Folder: memoryFolder(), Main: func(ctx context.Context, e conformance.FuncEnv) int {
			return main(ctx, reference.Env{Args: e.Args, Dir: e.Dir, In: e.In, Out: e.Out, Listen: e.Listen, Dial: e.Dial, ListenPacket: e.ListenPacket})
		}}
	}
	if client == nil {
		return one(main)
	}
	return conformance.PairTarget{Server: one(main), Client: one(client)}
}

// targets are a right server and a right client by role, and both of them as a
// pair where the protocol has scenarios for one.
func (l lab) targets(p *conformance.Protocol, server, client mainFunc) map[string]conformance.Target {
	list := map[string]conformance.Target{
		conformance.Server: l.target("reference", server, nil),
		conformance.Client: l.target("reference", client, nil),
	}
	if slices.ContainsFunc(p.Scenarios, func(s *conformance.Scenario) bool { return s.Role() == conformance.Pair }) {
		list[conformance.Pair] = l.target("reference", server, client)
	}
	return list
}

// grade plays a suite with a program in memory, in virtual time.
func (l lab) grade(t *testing.T, p *conformance.Protocol, role string, target conformance.Target) conformance.Suite {
	t.Helper()
	var s conformance.Suite
	synctest.Test(t, func(t *testing.T) {
		r, err := conformance.Run(t.Context(), p, []conformance.Graded{{Role: role, Target: target}}, conformance.RunOptions{Seed: 1})
		require.NoError(t, err)
		s = r.Suites[0]
	})
	return s
}
