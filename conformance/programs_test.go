package conformance_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/proc"
	"netproctor/scenarios"
)

func TestMain(m *testing.M) {
	proc.Main()             // a worker inside a sandbox goes no further
	debug.SetGCPercent(400) // the matrix makes much that lives for a moment
	flag.Parse()
	// A wrong program is mostly waited for, so that more of them than processors are graded at once.
	if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.NumCPU())); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// A program is a real one under testdata/programs, to be graded as a process.
type program struct {
	protocol, dir, role string
	command             string // words; {build} is a folder with what compile made
	client              string // words: the client of a pair, whose server is command
	with                string // another folder, for what dir lacks of a pair
	needs               string // the toolchain
	compile             string // words, run in the program's folder
	breaks              string // the requirement that it breaks; empty for a right program
	lacks               string // a should requirement that a right program does not meet
	// sample limits what is played: for a right program of an unusual kind to where
	// that matters, for a wrong one to less than the requirement that it breaks.
	sample []string
	kept   bool // in sandboxes that are kept: see conformance.Kept
}

// Where servers and clients that are right in their own way may look wrong.
var (
	serverSample = []string{"server/fragments/*", "server/create-stores/message@*", "server/header-gap/after-3", "server/body-gap/after-10",
		"server/idle-connection/*", "server/slow-but-no-gap/*", "server/loops/*", "server/reset/*", "server/max-lengths/all", "server/bind-error/*"}
	fileServerSample = []string{"server/fragments/*", "server/sends-file/text@*", "server/header-gap/after-3", "server/name-gap/after-9", "server/accept-log/*",
		"server/idle-connection/*", "server/slow-but-no-gap/*", "server/loops/*", "server/reset/*", "server/filename-len/*", "server/bind-error/*",
		"server/any-size/*", "server/unreadable/*", "server/no-traceback/*", "server/stalled-reader/*", "server/no-leak/*"}
	fileClientSample = []string{"client/fragments/slow/*", "client/saves/text@*", "client/gap-*/silence/after-8", "client/info/*", "client/empty-file/*",
		"client/any-size/*", "client/excess/*", "client/open-after-data/*", "client/unable-create/*", "client/ignores-length/*", "client/closes/*", "client/truncated/*"}
	clientSample = []string{"client/fragments/slow/*", "client/prints-messages/same-sender", "client/gap/silence/text", "client/receiver-prompt/*",
		"client/connects-late/*", "client/more-msgs/*", "client/closes/*", "client/truncated/text"}
)

// chatSample is where a server with events, whose messages end with a newline,
// may look wrong.
var chatSample = []string{"server/relay/*", "server/count/*", "server/many/*", "server/upload/*", "server/upload-info/*", "server/upload-private/*",
	"server/upload-blocks/*", "server/interrupt/*", "server/restart/*", "server/reset/*", "server/upload-aborted/*", "server/newline/*"}

// The same for fileshare.
var (
	fileshareServerSample = []string{"server/discovery*/*", "server/concurrent/*", "server/remnant-*/*", "server/get-missing/*", "server/unclean-close/*",
		"server/fragments/*", "server/no-traceback/*", "server/sizes/16-mib/*", "server/close-log/*", "server/bad-command/*"}
	fileshareClientSample = []string{"client/scan*/*", "client/bye/*", "client/no-traceback/*/*", "client/sequence/*", "client/server-gone/*", "client/connect*/*"}
)

var programs = []program{
	{protocol: "mailbox", dir: "python-good", role: "server", command: "python3 server.py", needs: "python3", lacks: "server.extra-bytes"},
	{protocol: "mailbox", dir: "python-good", role: "client", command: "python3 client.py", needs: "python3"},
	{protocol: "mailbox", dir: "python-unusual", role: "server", command: "python3 server.py", needs: "python3", sample: serverSample},
	{protocol: "mailbox", dir: "python-unusual", role: "client", command: "python3 client.py", needs: "python3", sample: clientSample},
	{protocol: "mailbox", dir: "python-asyncio", role: "server", command: "python3 server.py", needs: "python3", lacks: "server.extra-bytes", sample: serverSample},
	{protocol: "mailbox", dir: "c-good", role: "server", command: "{build}/server", needs: "cc", compile: "cc -O2 -o {build}/server server.c", lacks: "server.extra-bytes", sample: serverSample},
	{protocol: "mailbox", dir: "node-good", role: "server", command: "node server.js", needs: "node", sample: serverSample},

	{protocol: "download", dir: "python-good", role: "server", command: "python3 server.py", needs: "python3", lacks: "server.extra-bytes"},
	{protocol: "download", dir: "python-good", role: "client", command: "python3 client.py", needs: "python3"},
	{protocol: "download", dir: "python-unusual", role: "server", command: "python3 server.py", needs: "python3", sample: fileServerSample},
	{protocol: "download", dir: "python-unusual", role: "client", command: "python3 client.py", needs: "python3", sample: fileClientSample},
	{protocol: "download", dir: "node-good", role: "server", command: "node server.js", needs: "node", sample: fileServerSample},

	{protocol: "mailbox", dir: "python-server-byte-order", breaks: "server.response-fields"},
	{protocol: "mailbox", dir: "python-server-decode-crash", breaks: "server.not-utf8"},
	{protocol: "mailbox", dir: "python-server-dies-on-bad-magic", breaks: "server.magic"},
	{protocol: "mailbox", dir: "python-server-keeps-open", breaks: "server.read-closes"},
	{protocol: "mailbox", dir: "python-server-length-in-characters", breaks: "server.utf8"},
	{protocol: "mailbox", dir: "python-server-lifo", breaks: "server.read-fifo"},
	{protocol: "mailbox", dir: "python-server-limit-254", breaks: "server.read-limit"},
	{protocol: "mailbox", dir: "python-server-more-at-255", breaks: "server.more-msgs"},
	{protocol: "mailbox", dir: "python-server-no-timeout", breaks: "server.header-gap"},
	{protocol: "mailbox", dir: "python-server-not-removed", breaks: "server.read-removes"},
	{protocol: "mailbox", dir: "python-server-port-range", breaks: "server.port-range"},
	{protocol: "mailbox", dir: "python-server-replies-to-error", breaks: "server.erroneous"},
	{protocol: "mailbox", dir: "python-server-single-recv", breaks: "server.fragments", sample: []string{"server/create-stores/message"}},
	{protocol: "mailbox", dir: "python-server-spins-after-close", breaks: "server.short-header"},
	{protocol: "mailbox", dir: "python-server-stores-short-body", breaks: "server.short-body"},
	{protocol: "mailbox", dir: "python-server-three-second-timer", breaks: "server.header-gap"},
	{protocol: "mailbox", dir: "python-client-connects-first", breaks: "client.connects-late"},
	{protocol: "mailbox", dir: "python-client-length-in-characters", breaks: "client.utf8"},
	{protocol: "mailbox", dir: "python-client-more-always", breaks: "client.more-msgs"},
	{protocol: "mailbox", dir: "python-client-no-reprompt", breaks: "client.receiver-prompt"},
	{protocol: "mailbox", dir: "python-client-no-timeout", breaks: "client.gap", sample: []string{"client/gap/silence/*"}},
	{protocol: "mailbox", dir: "python-client-prints-only-first", breaks: "client.prints-messages"},
	{protocol: "mailbox", dir: "python-client-single-recv", breaks: "client.fragments", sample: []string{"client/prints-messages/same-sender"}},
	{protocol: "mailbox", dir: "python-client-total-timer", breaks: "client.fragments", sample: []string{"client/fragments/slow/*"}},
	{protocol: "mailbox", dir: "python-client-waits-after-create", breaks: "client.create-done"},

	{protocol: "download", dir: "python-server-byte-order", breaks: "server.sends-file"},
	{protocol: "download", dir: "python-server-directory-crash", breaks: "server.unreadable"},
	{protocol: "download", dir: "python-server-empty-is-missing", breaks: "server.empty-file"},
	{protocol: "download", dir: "python-server-keeps-open", breaks: "server.closes"},
	{protocol: "download", dir: "python-server-leaks-files", breaks: "server.no-leak"},
	{protocol: "download", dir: "python-server-limit-1023", breaks: "server.filename-len"},
	{protocol: "download", dir: "python-server-no-time", breaks: "server.accept-log"},
	{protocol: "download", dir: "python-server-no-timeout", breaks: "server.header-gap"},
	{protocol: "download", dir: "python-server-nul-crash", breaks: "server.no-traceback"},
	{protocol: "download", dir: "python-server-one-send", breaks: "server.any-size"},
	{protocol: "download", dir: "python-server-single-recv", breaks: "server.fragments", sample: []string{"server/sends-file/text"}},
	{protocol: "download", dir: "python-server-text-mode", breaks: "server.binary"},
	{protocol: "download", dir: "python-client-accepts-truncated", breaks: "client.truncated"},
	{protocol: "download", dir: "python-client-allocates-claim", breaks: "client.claimed-size"},
	{protocol: "download", dir: "python-client-creates-early", breaks: "client.missing"},
	{protocol: "download", dir: "python-client-ignores-excess", breaks: "client.excess"},
	{protocol: "download", dir: "python-client-length-in-characters", breaks: "client.utf8"},
	{protocol: "download", dir: "python-client-no-timeout", breaks: "client.gap-data", sample: []string{"client/gap-data/silence/*"}},
	{protocol: "download", dir: "python-client-overwrites", breaks: "client.exists"},
	{protocol: "download", dir: "python-client-single-recv", breaks: "client.fragments", sample: []string{"client/saves/text"}},
	{protocol: "download", dir: "python-client-text-mode", breaks: "client.saves"},
	{protocol: "download", dir: "python-client-total-timer", breaks: "client.fragments", sample: []string{"client/fragments/slow/*"}},

	{protocol: "transfer", dir: "python-good", role: "server", command: "python3 server.py", needs: "python3", lacks: "server.traversal"},
	{protocol: "transfer", dir: "python-good", role: "client", command: "python3 client.py", needs: "python3"},
	{protocol: "transfer", dir: "c-good", role: "server", command: "{build}/server", needs: "cc", compile: "cc -O2 -o {build}/server server.c"},

	{protocol: "transfer", dir: "python-server-appends", breaks: "server.put-overwrites"},
	{protocol: "transfer", dir: "python-server-capital-log", breaks: "server.verbose-waiting"},
	{protocol: "transfer", dir: "python-server-collects", breaks: "server.streams", sample: []string{"server/streams/put"}},
	{protocol: "transfer", dir: "python-server-dies-on-disconnect", breaks: "server.disconnect"},
	{protocol: "transfer", dir: "python-server-error-with-file", breaks: "server.get-missing"},
	{protocol: "transfer", dir: "python-server-large-blocks", breaks: "server.blocks"},
	{protocol: "transfer", dir: "python-server-single-recv-size", breaks: "server.put-fragments"},
	{protocol: "transfer", dir: "python-server-size-32-bits", breaks: "server.large-size"},
	{protocol: "transfer", dir: "python-server-text-mode", breaks: "server.binary"},
	{protocol: "transfer", dir: "python-server-threads", breaks: "server.one-client"},
	{protocol: "transfer", dir: "python-server-whole-file", breaks: "server.streams", sample: []string{"server/streams/get"}},
	{protocol: "transfer", dir: "python-client-connects-first", breaks: "client.missing-local"},
	{protocol: "transfer", dir: "python-client-data-up-to-done", breaks: "client.binary"},
	{protocol: "transfer", dir: "python-client-large-blocks", breaks: "client.blocks"},
	{protocol: "transfer", dir: "python-client-leaves-empty-file", breaks: "client.server-error"},
	{protocol: "transfer", dir: "python-client-no-turns", breaks: "client.waits"},
	{protocol: "transfer", dir: "python-client-single-recv", breaks: "client.fragments"},
	{protocol: "transfer", dir: "python-client-whole-file", breaks: "client.streams", sample: []string{"client/streams/put"}},

	{protocol: "chat", dir: "python-good", role: "server", command: "python3 srv.py", needs: "python3"},
	{protocol: "chat", dir: "python-good", role: "client", command: "python3 cli.py", needs: "python3"},
	{protocol: "chat", dir: "node-good", role: "server", command: "node srv.js", needs: "node", sample: chatSample},

	{protocol: "chat", dir: "python-server-always-users", breaks: "server.plural"},
	{protocol: "chat", dir: "python-server-blocks-on-reader", breaks: "server.stalled-reader"},
	{protocol: "chat", dir: "python-server-counts-joins", breaks: "server.count"},
	{protocol: "chat", dir: "python-server-decode-dies", breaks: "server.not-utf8"},
	{protocol: "chat", dir: "python-server-echoes", breaks: "server.no-echo"},
	{protocol: "chat", dir: "python-server-interrupt-traceback", breaks: "server.interrupt"},
	{protocol: "chat", dir: "python-server-no-reuse", breaks: "server.restart"},
	{protocol: "chat", dir: "python-server-reset-dies", breaks: "server.reset"},
	{protocol: "chat", dir: "python-server-traversal", breaks: "server.traversal"},
	{protocol: "chat", dir: "python-server-upload-appends", breaks: "server.upload-overwrites"},
	{protocol: "chat", dir: "python-server-upload-decodes", breaks: "server.upload"},
	{protocol: "chat", dir: "python-server-upload-single-recv", breaks: "server.upload"},
	{protocol: "chat", dir: "python-server-upload-spins", breaks: "server.upload-aborted"},
	{protocol: "chat", dir: "python-server-upload-told-early", breaks: "server.upload-info"},
	{protocol: "chat", dir: "python-server-upload-word-dies", breaks: "server.upload-malformed"},
	{protocol: "chat", dir: "python-client-decodes-each-piece", breaks: "client.no-traceback"},
	{protocol: "chat", dir: "python-client-goes-on-when-closed", breaks: "client.server-closed"},
	{protocol: "chat", dir: "python-client-interrupt-traceback", breaks: "client.interrupt"},
	{protocol: "chat", dir: "python-client-no-prompt", breaks: "client.prompt"},
	{protocol: "chat", dir: "python-client-sends-newline", breaks: "client.sends"},
	{protocol: "chat", dir: "python-client-shows-when-typed", breaks: "client.shows"},
	{protocol: "chat", dir: "python-client-upload-missing-dies", breaks: "client.upload-missing"},
	{protocol: "chat", dir: "python-client-upload-no-size", breaks: "client.upload"},
	{protocol: "chat", dir: "python-client-upload-size-in-characters", breaks: "client.upload"},

	{protocol: "fileshare", dir: "python-good", role: "server", command: "python3 server.py", needs: "python3"},
	{protocol: "fileshare", dir: "python-good", role: "client", command: "python3 client.py", needs: "python3"},
	{protocol: "fileshare", dir: "python-unusual", role: "server", command: "python3 server.py", needs: "python3", sample: fileshareServerSample},
	{protocol: "fileshare", dir: "python-unusual", role: "client", command: "python3 client.py", needs: "python3", sample: fileshareClientSample},

	{protocol: "fileshare", dir: "python-server-one-client", breaks: "server.concurrent"},
	{protocol: "fileshare", dir: "python-server-single-recv", breaks: "server.fragments"},
	{protocol: "fileshare", dir: "python-server-text-files", breaks: "server.any-type"},
	{protocol: "fileshare", dir: "python-server-no-reuseaddr", breaks: "server.restart"},
	{protocol: "fileshare", dir: "python-server-partial-stays", breaks: "server.remnant-exit"},
	{protocol: "fileshare", dir: "python-server-loopback-discovery", breaks: "server.discovery-broadcast"},
	{protocol: "fileshare", dir: "python-server-appends", breaks: "server.put-overwrites"},
	{protocol: "fileshare", dir: "python-server-spins", breaks: "server.unclean-close"},
	{protocol: "fileshare", dir: "python-server-snapshot", breaks: "server.list"},
	{protocol: "fileshare", dir: "python-client-no-timeout", breaks: "client.scan-none", sample: []string{"client/scan-none/silence"}},
	{protocol: "fileshare", dir: "python-client-unicast-scan", breaks: "client.scan"},
	{protocol: "fileshare", dir: "python-client-crashes-unconnected", breaks: "client.no-traceback"},
	{protocol: "fileshare", dir: "python-client-spins-when-gone", breaks: "client.server-gone", sample: []string{"client/server-gone/during-get"}},
	{protocol: "fileshare", dir: "python-client-single-recv", breaks: "client.get"},
	{protocol: "fileshare", dir: "python-client-empty-stays", breaks: "client.get-missing"},
	{protocol: "fileshare", dir: "python-client-bye-keeps-open", breaks: "client.bye"},

	{protocol: "fileshare", dir: "python-good", role: "pair"},
	{protocol: "fileshare", dir: "python-unusual", role: "pair"},
	{protocol: "fileshare", dir: "python-pair-private-framing", role: "pair"},
	{protocol: "fileshare", dir: "python-pair-other-name", with: "python-pair-private-framing", role: "pair", breaks: "pair.demo"},
	{protocol: "fileshare", dir: "python-pair-text-files", role: "pair", breaks: "pair.types", sample: []string{"pair/types/text/*"}},
	{protocol: "fileshare", dir: "python-pair-one-thread", with: "python-pair-private-framing", role: "pair", breaks: "pair.two-clients", sample: []string{"pair/two-clients/in-turns"}},
	{protocol: "fileshare", dir: "python-server-loopback-discovery", with: "python-good", role: "pair", breaks: "pair.demo"},
	{protocol: "fileshare", dir: "python-server-snapshot", with: "python-good", role: "pair", breaks: "pair.demo"},
	{protocol: "fileshare", dir: "python-client-bye-keeps-open", with: "python-good", role: "pair", breaks: "pair.demo"},
	{protocol: "fileshare", dir: "python-server-text-files", with: "python-good", role: "pair", breaks: "pair.types", sample: []string{"pair/types/text/get"}},
	{protocol: "fileshare", dir: "python-client-single-recv", with: "python-good", role: "pair", breaks: "pair.types", sample: []string{"pair/types/16-mib/get"}},
	{protocol: "fileshare", dir: "python-server-one-client", with: "python-good", role: "pair", breaks: "pair.two-clients", sample: []string{"pair/two-clients/in-turns"}},
}

// fill completes the entry of a wrong program by what its folder is called.
func (p program) fill() program {
	if p.role == conformance.Pair {
		p.command, p.client, p.needs = "python3 server.py", "python3 client.py", "python3"
	}
	if p.command == "" {
		parts := strings.SplitN(p.dir, "-", 3)
		p.needs = "python3"
		p.role = parts[1]
		if protocol, err := loadOnce(p.protocol); err == nil {
			p.command = "python3 " + protocol.Programs[p.role].Files[0]
		}
	}
	return p
}

// TestPrograms grades real programs as processes, through the same path as
// netproctor grade. A right one passes everything that is required; a wrong
// one fails the requirement that it breaks. Starting so many programs takes long,
// so little is played, see program.only and gradeUntilCaught, and of the right and
// of the wrong ones the first of each protocol and role. PROGRAMS=all takes all of
// them, as CI does, PROGRAMS=whole plays the whole suites, too.
func TestPrograms(t *testing.T) {
	taken := map[string]bool{}
	for _, p := range programs {
		p = p.fill()
		kind := fmt.Sprint(p.protocol, p.role, p.breaks == "")
		if taken[kind] && os.Getenv("PROGRAMS") == "" {
			continue
		}
		taken[kind] = true
		t.Run(p.protocol+"/"+p.dir+"/"+p.role, func(t *testing.T) {
			if p.breaks == "" { // its many scenarios keep the machine busy by themselves
				requireAllRight(t, gradeSurely(t, p, p.only(t)), p.lacks)
				return
			}
			t.Parallel()
			requireCaught(t, gradeUntilCaught(t, p), p.breaks)
		})
	}
}

// TestProgramsAreAllGraded finds folders that no entry names.
func TestProgramsAreAllGraded(t *testing.T) {
	dirs, err := filepath.Glob("testdata/programs/*/*")
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		require.NoError(t, err)
		name := filepath.Base(dir)
		if !info.IsDir() || name == "hostile" {
			continue
		}
		require.True(t, slices.ContainsFunc(programs, func(p program) bool { return p.protocol+"/"+p.dir == filepath.Base(filepath.Dir(dir))+"/"+name }), "no entry for %s", dir)
	}
}

// gradeSurely grades a program again where other tests keep the machine so busy
// that something stays inconclusive.
func gradeSurely(t testing.TB, p program, only []string) *conformance.Suite {
	t.Helper()
	s := gradeProgram(t, p, only)
	for try := 0; try < 3 && s.Outcomes()[conformance.Inconclusive] > 0; try++ {
		s = gradeProgram(t, p, only)
	}
	return s
}

// gradeUntilCaught grades a wrong program by one scenario after the other of the
// requirement that it breaks, until one fails.
func gradeUntilCaught(t testing.TB, p program) *conformance.Suite {
	t.Helper()
	if p.sample != nil || os.Getenv("PROGRAMS") == "whole" {
		return gradeSurely(t, p, p.only(t))
	}
	protocol, err := p.load()
	require.NoError(t, err)
	var suite *conformance.Suite
	for _, it := range conformance.Items(protocol, p.role, p.only(t)) {
		if suite = gradeSurely(t, p, []string{it.ID}); suite.Outcomes()[conformance.Fail] > 0 {
			return suite
		}
	}
	require.NotNil(t, suite, "no scenario covers %s", p.breaks)
	return suite
}

func gradeProgram(t testing.TB, p program, only []string) *conformance.Suite {
	t.Helper()
	requireToolchain(t, p.needs)
	dir := filepath.Join("testdata/programs", p.protocol, p.dir)
	if p.with != "" {
		dir = together(t, dir, filepath.Join("testdata/programs", p.protocol, p.with))
	}
	build := t.TempDir()
	if p.compile != "" {
		words := strings.Fields(strings.ReplaceAll(p.compile, "{build}", build))
		cc := exec.Command(words[0], words[1:]...)
		cc.Dir = dir
		out, err := cc.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	isolation, err := proc.New(proc.Config{Isolation: "auto", Dir: dir})
	require.NoError(t, err)
	defer isolation.Close()
	target := commandOf(t, strings.ReplaceAll(p.command, "{build}", build), isolation)
	if p.kept {
		k := target.(*conformance.Command).Kept()
		defer k.Close()
		target = k
	}
	if p.client != "" {
		target = conformance.PairTarget{Server: target, Client: commandOf(t, p.client, isolation)}
	}
	protocol, err := p.load()
	require.NoError(t, err)
	opts := conformance.RunOptions{Seed: 1, Only: only, Jobs: 12} // little is waited for, and other tests run beside it
	report, err := conformance.Run(t.Context(), protocol, []conformance.Graded{{Role: p.role, Target: target}}, opts)
	require.NoError(t, err)
	suite := &report.Suites[0]
	t.Logf("%d of %d requirements, %v, %.1f s wall, %.1f s of scenarios, isolation: %s", suite.Score.Earned, suite.Score.Possible,
		suite.Outcomes(), report.Elapsed, suite.ScenarioTime(), report.Isolation)
	return suite
}

// commandOf is the target of a command line.
func commandOf(t testing.TB, line string, isolation *proc.Isolation) conformance.Target {
	t.Helper()
	words := strings.Fields(line)
	words[0] = executable(t, words[0])
	target, err := conformance.NewCommand(words, isolation)
	require.NoError(t, err)
	return target
}

// together is a folder with what is in one and what it lacks of another.
func together(t testing.TB, first, second string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(first)))
	entries, err := os.ReadDir(second)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(second, e.Name()))
		require.NoError(t, err)
		f, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		require.NoError(t, err)
		_, err = f.Write(b)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	return dir
}

// load gives the protocol to grade by. Large files take their time, so they are
// smaller here than they are in earnest.
func (p program) load() (*conformance.Protocol, error) {
	if p.protocol != "transfer" || os.Getenv("PROGRAMS") == "whole" {
		return loadOnce(p.protocol)
	}
	return smallTransfer()
}

var smallTransfer = sync.OnceValues(func() (*conformance.Protocol, error) {
	return conformance.Load(scenarios.Files, "transfer", conformance.LoadOptions{Set: map[string]string{"LARGE_MIB": "64"}})
})

// only is what is played of the suite; nil is all of it.
func (p program) only(t testing.TB) []string {
	switch {
	case p.breaks != "" && p.sample == nil:
		return []string{p.breaks}
	case p.breaks != "":
		return p.sample
	case os.Getenv("PROGRAMS") == "whole":
		return nil
	}
	protocol, err := p.load()
	require.NoError(t, err)
	return p.firstOfEach(protocol)
}

// firstOfEach is the first scenario of each requirement that is played with a
// program, in each delivery.
func (p program) firstOfEach(protocol *conformance.Protocol) (only []string) {
	type cover struct {
		requirement string
		delivery    conformance.Delivery
	}
	covered := map[cover]bool{}
	for _, it := range conformance.Items(protocol, p.role, p.sample) {
		before := len(covered)
		for _, id := range it.Covers {
			covered[cover{id, it.Delivery}] = true
		}
		if len(covered) > before {
			only = append(only, it.ID)
		}
	}
	return only
}

// executable finds a program. Of several Pythons it takes the system's, if there
// is one: others may be slow to start.
func executable(t testing.TB, name string) string {
	t.Helper()
	if system := "/usr/bin/" + name; name == "python3" && exec.Command(system, "-c", "").Run() == nil {
		return system
	}
	path, err := proc.Executable(name)
	require.NoError(t, err)
	return path
}

// requireToolchain skips where a language is missing, unless CI demands that
// none is.
func requireToolchain(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("NETPROCTOR_TOOLCHAINS") == "required" {
			t.Fatalf("toolchain %s is required: %v", name, err)
		}
		t.Skipf("no %s on this machine: %v", name, err)
	}
}

func requireAllRight(t *testing.T, s *conformance.Suite, lacks string) {
	t.Helper()
	for _, r := range s.Results {
		if lacks != "" && slices.Contains(r.Covers, lacks) {
			continue
		}
		switch r.Outcome {
		case conformance.Pass, conformance.Observed, conformance.Skip:
		default:
			t.Errorf("%s: %s at %s; wanted %s, got %s", r.ID(), r.Outcome, r.Step, r.Want, r.Got)
		}
	}
	require.Equal(t, s.Score.Possible, s.Score.Earned)
}

func requireCaught(t *testing.T, s *conformance.Suite, breaks string) {
	t.Helper()
	for _, q := range s.Requirements {
		if q.ID == breaks {
			for _, r := range s.Results {
				if r.Outcome == conformance.Broken {
					t.Errorf("%s: %s", r.ID(), r.Got)
				}
			}
			require.Equal(t, conformance.Fail, q.Outcome, breaks)
			return
		}
	}
	require.Fail(t, "not graded", breaks)
}
