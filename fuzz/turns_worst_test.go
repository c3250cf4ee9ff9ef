package fuzz_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/internal/proc"
)

// transferScript gives the options of turns on a program in Python.
func transferScript(t *testing.T, text string) fuzz.MachineOptions {
	t.Helper()
	python, err := proc.Executable("python3")
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.py"), []byte(text), 0o600))
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { iso.Close() })
	target, err := conformance.NewCommand([]string{python, "server.py"}, iso)
	require.NoError(t, err)
	o := machineOn(t, "transfer", nil, nil)
	o.Target, o.Seed, o.Cases = target, 1, 12
	return o
}

// serveEach is a server in Python that does the same with each connection, which is
// called conn.
const serveEach = `
import os, socket, sys, time
s = socket.create_server(("", int(next(a for a in sys.argv[1:] if a.isdigit()))))
while True:
    conn, _ = s.accept()
`

// TestTurnsOfWorstServers has a campaign of turns meet servers that cost as much as
// they can: it comes to its end, has few findings, and these are right.
func TestTurnsOfWorstServers(t *testing.T) {
	for name, s := range map[string]struct {
		each string
		kind fuzz.Kind
	}{
		"hangs at every case": {"    time.sleep(3600)\n", fuzz.Silence},
		"dies at every case":  {"    os._exit(3)\n", fuzz.Crash},
		"says a byte a second": {`    for c in b"READY":
        time.sleep(1)
        conn.send(bytes([c]))
`, fuzz.Silence},
	} {
		if s.kind == fuzz.Silence && !all {
			continue // that takes half a minute
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := transferScript(t, serveEach+s.each)
			c, err := fuzz.RunTurns(t.Context(), o)
			require.NoError(t, err)
			require.Empty(t, c.Stopped)
			require.Equal(t, o.Cases, c.Cases)
			require.True(t, c.Blind)
			require.Len(t, c.Findings, 1, "%q", c.Doubts)
			require.Equal(t, s.kind, c.Findings[0].Kind, c.Findings[0].Evidence)
			t.Logf("%d cases in %s, %d starts, %s", c.Cases, c.Elapsed, c.Starts, c.Findings[0].Signature)
		})
	}
}

// TestTurnsOfFlood plays turns on a right server that prints without end: that costs
// no memory, and what it answers is judged.
func TestTurnsOfFlood(t *testing.T) {
	right, err := os.ReadFile("../conformance/testdata/programs/transfer/python-good/server.py")
	require.NoError(t, err)
	o := transferScript(t, `import threading
def flood():
    while True: print("x" * 1000)
threading.Thread(target=flood, daemon=True).start()
`+string(right))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := fuzz.RunTurns(t.Context(), o)
	require.NoError(t, err)
	runtime.GC() // what is kept counts; other tests make garbage, too
	runtime.ReadMemStats(&after)
	require.Equal(t, o.Cases, c.Cases)
	require.Positive(t, c.Visits)
	require.Empty(t, c.Findings)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(64<<20))
	t.Logf("%d cases in %s", c.Cases, c.Elapsed)
}
