package conformance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/proc"
)

// lateServer closes a connection, does something else, and prints that it was
// served. Of a wrong request it says nothing.
const lateServer = `
import os, signal, socket, sys, time
def busy():
    end = time.process_time() + 0.05
    while time.process_time() < end: pass
def starved():
    child = os.fork()
    if child == 0:
        os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(1)
        os.kill(os.getppid(), signal.SIGCONT)
        os._exit(0)
    os.waitpid(child, 0)
s = socket.create_server(("", int(sys.argv[1])))
while True:
    c, _ = s.accept()
    good = c.recv(1) == b"x"
    if good: c.sendall(b"y")
    c.close()
    %s()
    if good: print("served one", flush=True)
`

// TestLateOutput makes sure that what a program prints late of a good exchange is
// not taken for its message about a wrong one.
func TestLateOutput(t *testing.T) {
	p, err := load(tiny, `scenario(id = "server/ping/one", covers = ["server.ping"], why = "w",
		needs = [start(), connect("good"), send("x", conn = "good"), expect("y", conn = "good"), expect_close(conn = "good")],
		steps = [connect("bad"), send("z", conn = "bad"), expect_output(new_than = "needs", since = "bad", within = "500ms")])`, conformance.LoadOptions{})
	require.NoError(t, err)
	for _, does := range []string{"busy", "starved"} {
		t.Run(does, func(t *testing.T) {
			v := judged(t, p, fmt.Sprintf(lateServer, does), conformance.PlayOptions{})
			require.Equal(t, conformance.Fail, v.Outcome, "%s", v.Finding.Got)
			require.Contains(t, v.Finding.Want, "a message that a good run does not print")
		})
	}
}

// judged plays a protocol's only scenario on a server in Python, and judges it.
func judged(t *testing.T, p *conformance.Protocol, server string, o conformance.PlayOptions) conformance.Verdict {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.py"), []byte(server), 0o600))
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	defer iso.Close()
	target, err := conformance.NewCommand([]string{executable(t, "python3"), "server.py"}, iso)
	require.NoError(t, err)
	tr := conformance.Play(t.Context(), p.Scenarios[0], p.Programs[conformance.Server], target, o)
	require.Empty(t, tr.Broken)
	return conformance.Judge(p.Scenarios[0], tr, false)
}
