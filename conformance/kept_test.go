package conformance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/proc"
)

// keptSample are programs that show whether a sandbox that is kept changes anything.
var keptSample = []string{"chat/python-good", "mailbox/python-client-more-always"}

// TestKeptPrograms grades Python clients of TestPrograms again, in sandboxes
// that are kept, where they are forked: what is right stays right, what is wrong
// wrong. With PROGRAMS=whole it grades all of them, and the servers, too.
func TestKeptPrograms(t *testing.T) {
	whole := os.Getenv("PROGRAMS") == "whole"
	for _, p := range programs {
		p = p.fill()
		if !strings.HasPrefix(p.command, "python3 ") || p.role == conformance.Pair ||
			!whole && (p.role != conformance.Client || !slices.Contains(keptSample, p.protocol+"/"+p.dir)) {
			continue
		}
		p.kept = true
		t.Run(p.protocol+"/"+p.dir+"/"+p.role, func(t *testing.T) {
			t.Parallel()
			if protocol, err := p.load(); err != nil || protocol.Programs[p.role].Port != 0 && p.role == conformance.Server {
				t.Skip("the kernel remembers connections to its port")
			}
			suite := gradeSurely(t, p, p.only(t))
			if p.breaks == "" {
				requireAllRight(t, suite, p.lacks)
				return
			}
			requireCaught(t, suite, p.breaks)
		})
	}
}

// leaves is a program that changes all that it can reach.
const leaves = `
import os, sys, time
print(sorted(os.listdir(".")), sorted(os.listdir(os.environ["TMPDIR"])), sorted(os.listdir("/dev/shm")), open("text").read(), os.stat("text").st_mode & 0o777,
      os.stat("folder").st_mode & 0o777, len([n for n in os.listdir("/proc") if n.isdigit()]), sys.argv[1:], os.getcwd(), input())
open("text", "w").write("other")
os.chmod("main.py", 0o400)
os.chmod("folder", 0o555)
os.remove("folder/inner")
os.symlink("/etc", "link")
os.makedirs("new/deep")
os.chmod("new", 0)
open(os.environ["TMPDIR"] + "/left", "w").close()
open("/dev/shm/left", "w").close()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
os.wait()
`

// TestKeptIsClean starts a program that leaves things behind in the same sandbox
// again and again: each finds what the first one did.
func TestKeptIsClean(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.py"), []byte(leaves), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "text"), []byte("as it was"), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "folder", "inner"), nil, 0o644))
	python := executable(t, "python3")
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	defer iso.Close()
	if !iso.Private() {
		t.Skip("no sandbox can be kept here")
	}
	target, err := conformance.NewCommand([]string{python, "main.py"}, iso)
	require.NoError(t, err)
	kept := target.Kept()
	defer kept.Close()
	ports := map[int]bool{}
	var used conformance.Sandbox
	var first string
	var statuses []string
	for range 5 {
		box, err := kept.Open(t.Context())
		require.NoError(t, err)
		if used != nil {
			require.Same(t, used, box)
		}
		used = box
		port, err := box.Port(t.Context())
		require.NoError(t, err)
		require.False(t, ports[port], "a port is not given twice")
		ports[port] = true
		var out gathered
		p, err := box.Start(t.Context(), conformance.Arguments{Raw: []string{"one", "", "dr–3"}, Given: true}, out.print)
		require.NoError(t, err)
		require.Eventually(t, p.AwaitsInput, 10*time.Second, time.Millisecond)
		_, err = p.Stdin().Write([]byte("typed\n"))
		require.NoError(t, err)
		statuses = append(statuses, end(t, p).Text)
		if first == "" {
			first = out.String()
		}
		require.Equal(t, first, out.String())
		require.NoError(t, box.Close())
	}
	require.Contains(t, first, "['folder', 'main.py', 'text'] [] [] as it was 420 493 3 ['one', '', 'dr–3'] ")
	require.Contains(t, first, " typed\n")
	for _, s := range statuses {
		require.Equal(t, "exit status 0; it left running: "+python+" main.py one  dr–3", s)
	}
}
