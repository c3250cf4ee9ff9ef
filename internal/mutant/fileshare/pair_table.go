package fileshare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"netproctor/internal/mutant"
)

// Pairs are wrong submissions, a server and a client each, with the requirement
// on a pair that they break.
var Pairs = pairMutants()

// A pairFault is a pair of which one half is a wrong program of the other
// tables, and the other half is right.
type pairFault struct {
	half   string // its name there
	breaks string
}

var wrongPairs = []pairFault{
	{"server-uploads-not-listed", "demo"},
	{"server-list-of-the-start", "demo"},
	{"server-puts-as-new", "demo"},
	{"server-puts-elsewhere", "demo"},
	{"server-puts-nothing", "demo"},
	{"server-hears-no-broadcast", "demo"},
	{"server-no-discovery", "demo"},
	{"server-answers-to-sdp", "demo"},
	{"server-one-command", "demo"},
	{"server-three-commands", "demo"},
	{"server-closes-after-put", "demo"},
	{"server-gets-the-first", "demo"},
	{"client-scans-another-port", "demo"},
	{"client-scans-with-newline", "demo"},
	{"client-shows-no-address", "demo"},
	{"client-shows-no-name", "demo"},
	{"client-connects-to-30001", "demo"},
	{"client-connects-late", "demo"},
	{"client-three-commands", "demo"},
	{"client-llist-of-the-start", "demo"},
	{"client-llist-counts", "demo"},
	{"client-rlist-kept", "demo"},
	{"client-rlist-first-only", "demo"},
	{"client-closes-after-put", "demo"},
	{"client-get-elsewhere", "demo"},
	{"client-puts-paths", "demo"},
	{"client-bye-says-so-only", "demo"},

	{"server-text-mode", "types"},
	{"server-strings-of-c", "types"},
	{"server-utf8-replaced", "types"},
	{"server-strips-space", "types"},
	{"server-adds-newline", "types"},
	{"server-size-of-16-bits", "types"},
	{"server-one-mib-at-most", "types"},
	{"server-empty-files-unsent", "types"},
	{"server-empty-files-unstored", "types"},
	{"server-one-recv-for-data", "types"},
	{"server-whole-blocks-only", "types"},
	{"client-text-mode", "types"},
	{"client-strings-of-c", "types"},
	{"client-utf8-replaced", "types"},
	{"client-strips-space", "types"},
	{"client-size-of-16-bits", "types"},
	{"client-one-mib-at-most", "types"},
	{"client-one-recv-for-data", "types"},
	{"client-one-write", "types"},
	{"client-put-empty-refused", "types"},
	{"client-get-empty-unstored", "types"},
	{"client-put-first-block", "types"},
	{"client-get-first-block", "types"},

	{"server-one-client-at-a-time", "two-clients"},
	{"server-answers-lock", "two-clients"},
	{"server-uploads-listed-privately", "two-clients"},
	{"server-list-of-the-connection", "two-clients"},
	{"server-stops-at-bye", "two-clients"},
	{"server-closes-all", "two-clients"},
}

// wrongForTwo serve one client at a time well, and mix two of them up: what they
// do takes a while, so that the other one comes in between.
var wrongForTwo = []serverFault{
	{"uploads-share-a-variable", "two-clients", "keeps the name of an upload in a variable for all", func(s *server) {
		s.put = func(s *server, k *client, n string) (bool, error) {
			s.share("name", n)
			return putFile(s, k, n)
		}
		s.store = func(s *server, _ string, data []byte) error { return storeWhole(s, s.shared("name"), data) }
	}},
	{"files-share-a-variable", "two-clients", "keeps the name of any file in a variable for all", func(s *server) {
		s.put = func(s *server, k *client, n string) (bool, error) {
			s.share("name", n)
			return putFile(s, k, n)
		}
		s.load = func(s *server, n string) ([]byte, error) {
			s.share("name", n)
			return loadFile(s, s.shared("name"))
		}
	}},
}

// share sets a variable of all clients, and takes a while.
func (s *server) share(key, value string) {
	s.alone(func() { s.memo[key] = value })
	s.sleep(200 * time.Millisecond)
}

func (s *server) shared(key string) (value string) {
	s.alone(func() { value = s.memo[key] })
	return value
}

func pairMutants() []mutant.Mutant {
	var list []mutant.Mutant
	for _, f := range wrongForTwo {
		list = append(list, mutant.Mutant{Name: "pair-server-" + f.name, Role: "pair", Breaks: "pair." + f.breaks, Why: f.why,
			Main: serverMain(f.replace), Client: rightClient})
	}
	for _, f := range wrongPairs {
		half := wrong(f.half)
		m := mutant.Mutant{Name: "pair-" + f.half, Role: "pair", Breaks: "pair." + f.breaks, Why: half.Why, Main: rightServer, Client: rightClient}
		if half.Role == "server" {
			m.Main = half.Main
		} else {
			m.Client = half.Main
		}
		list = append(list, m)
	}
	return list
}

// wrong finds a wrong program by its name.
func wrong(name string) mutant.Mutant {
	for _, m := range slices.Concat(Servers, Clients) {
		if m.Name == name {
			return m
		}
	}
	panic(fmt.Sprintf("fileshare: no wrong program is called %q", name))
}

// A right server and a right client: none of their parts is replaced.
var (
	rightServer = serverMain(func(*server) {})
	rightClient = clientMain(func(*console) {})
)

// PairVariants are right pairs: each unusual server with a usual client, each
// unusual client with a usual server, and a team with a framing of its own.
var PairVariants = pairVariants()

func pairVariants() []mutant.Variant {
	list := []mutant.Variant{{Name: "pair-private-framing", Role: "pair", Bulk: true, Why: "inverts every bit on the wire",
		Main: serverMain(inverted), Client: clientMain(invertedToo)}}
	for _, v := range slices.Concat(ServerVariants, ClientVariants) {
		p := mutant.Variant{Name: "pair-" + v.Name, Role: "pair", Why: v.Why, Main: rightServer, Client: rightClient}
		if v.Role == "server" {
			p.Main = v.Main
		} else {
			p.Client = v.Main
		}
		list = append(list, p)
	}
	return list
}

// PairsOf are pairs of programs that do nothing: each server with a right
// client, a right server with each client, and each server with a client.
func PairsOf(servers, clients []mutant.Variant) []mutant.Variant {
	var list []mutant.Variant
	pair := func(name string, s, c mutant.Variant) {
		list = append(list, mutant.Variant{Name: "null-pair-" + name, Role: "pair", Why: s.Why + c.Why, Main: s.Main, Client: c.Main})
	}
	for _, s := range servers {
		pair(strings.TrimPrefix(s.Name, "null-"), s, mutant.Variant{Main: rightClient})
	}
	for i, c := range clients {
		pair(strings.TrimPrefix(c.Name, "null-"), mutant.Variant{Main: rightServer}, c)
		s := servers[i%len(servers)]
		pair(strings.TrimPrefix(s.Name+"-with-"+c.Name, "null-"), s, c)
	}
	return list
}
