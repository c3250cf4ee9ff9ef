package proc

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A sandbox sees nothing of the one that had its room before.
func TestRoomIsNewForTheNextSandbox(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/given", []byte("as handed in"), 0o600))
	iso, err := New(Config{Isolation: "namespaces", Dir: dir})
	if err != nil {
		t.Skip(err)
	}
	first, err := iso.Open(t.Context())
	require.NoError(t, err)
	marker := fmt.Sprintf("tenant-%d", os.Getpid())
	p, out := startPython(t, first, `
import os, socket, sys, time
for path in ["given", "left", "../left", os.environ["TMPDIR"] + "/left", "/dev/shm/left"]:
    open(path, "w").write("mine")
if os.fork() == 0:
    os.setsid()
    os.fork()
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); s.bind(("127.0.0.1", 12345)); s.listen()
print("ready")
time.sleep(1000)`, marker)
	eventually(t, "three processes", func() bool { return len(out.get("stdout")) == 3*len("ready\n") })
	held, err := first.Dial(t.Context(), "tcp", "127.0.0.1:12345")
	require.NoError(t, err)
	defer held.Close() // even a socket that stays open is in another network

	require.NoError(t, first.Close())
	require.Zero(t, marked(t, marker))
	require.Equal(t, "killed by SIGKILL: its sandbox was closed", wait(t, p, 10*time.Second).String())

	second, err := iso.Open(t.Context())
	require.NoError(t, err)
	require.Same(t, first.room, second.room)
	p, out = startPython(t, second, `
import os, socket
print(open("given").read(), os.listdir(".."), os.listdir(os.environ["TMPDIR"]), os.listdir("/dev/shm"))
socket.create_server(("0.0.0.0", 12345))
print(sorted(int(n) for n in os.listdir("/proc") if n.isdigit()) == [1, os.getpid()])`)
	require.Zero(t, wait(t, p, 10*time.Second).Code, out.get("stderr"))
	require.Regexp(t, `^as handed in \['(work|tmp)', '(work|tmp)'\] \[\] \[\]\nTrue\n$`, out.get("stdout"))
	require.NoError(t, second.Close())

	require.NoError(t, iso.Close())
	require.NoDirExists(t, second.dir)
	waitAtMost(second.link.gone, time.Second)
}

// A room whose programs cannot be ended, or whose sandbox was cancelled, is not used again.
func TestRoomOfAKilledSandboxIsGone(t *testing.T) {
	iso, err := New(Config{Isolation: "namespaces"})
	if err != nil {
		t.Skip(err)
	}
	defer iso.Close()
	sb, err := iso.Open(t.Context())
	require.NoError(t, err)
	sb.kill()
	require.NoError(t, sb.Close())
	require.NoDirExists(t, sb.dir)
	require.Nil(t, iso.rooms.take())
}

// After the isolation is closed, an open sandbox still works, and leaves nothing.
func TestIsolationClosedBeforeItsSandbox(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		require.NoError(t, sb.iso.Close())
		p, _ := startPython(t, sb, `pass`)
		require.Zero(t, wait(t, p, 10*time.Second).Code)
		require.NoError(t, sb.Close())
		require.NoDirExists(t, sb.dir)
	})
}
