package fuzz

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/proc"
	"netproctor/reference"
)

// serveEach is a server that does the same with each connection, until it says
// that it ends.
func serveEach(handle func(ctx context.Context, e reference.Env, c net.Conn) (goesOn bool)) mainFunc {
	return func(ctx context.Context, e reference.Env) int {
		l, err := e.Listen("tcp", ":"+e.Args[0])
		if err != nil {
			return 1
		}
		defer l.Close()
		defer context.AfterFunc(ctx, func() { l.Close() })()
		for {
			c, err := l.Accept()
			if err != nil {
				return 0
			}
			goesOn := handle(ctx, e, c)
			c.Close()
			if !goesOn {
				return 3
			}
		}
	}
}

// TestWorstServers lets the campaign meet servers that cost as much as they can:
// it ends, has few findings, and these are right.
func TestWorstServers(t *testing.T) {
	servers := map[string]struct {
		main mainFunc
		kind Kind
		most time.Duration // virtual time for a hundred cases
	}{
		"hangs at every case": {serveEach(func(ctx context.Context, _ reference.Env, c net.Conn) bool {
			defer context.AfterFunc(ctx, func() { c.Close() })()
			<-ctx.Done()
			return true
		}), Hang, 5 * time.Minute},
		"dies at every case": {serveEach(func(_ context.Context, _ reference.Env, c net.Conn) bool {
			_, _ = io.Copy(io.Discard, c)
			return false
		}), Crash, time.Minute},
		"answers a byte a second": {serveEach(func(ctx context.Context, _ reference.Env, c net.Conn) bool {
			defer context.AfterFunc(ctx, func() { c.Close() })()
			for ctx.Err() == nil {
				if _, err := c.Write([]byte{0}); err != nil {
					return true
				}
				time.Sleep(time.Second)
			}
			return true
		}), Hang, 5 * time.Minute},
	}
	for name, s := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := modelled(Options{Protocol: load(t, "mailbox"), Target: inMemory(s.main), Seed: 1, Cases: 100})
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				c, err := Run(t.Context(), o)
				require.NoError(t, err)
				require.Less(t, time.Since(began), s.most)
				require.True(t, c.Blind)
				require.NotEmpty(t, c.Findings)
				require.LessOrEqual(t, len(c.Findings), 40)
				for _, f := range c.Findings {
					require.Equal(t, s.kind, f.Kind, f.Evidence)
				}
			})
		})
	}
}

// TestFoundAtOnce writes each finding when it is verified, as a campaign does that
// may be killed.
func TestFoundAtOnce(t *testing.T) {
	o := modelled(Options{Protocol: load(t, "mailbox"), Seed: 1, Cases: 60, Target: inMemory(serveEach(func(_ context.Context, _ reference.Env, c net.Conn) bool {
		_, _ = io.Copy(c, c) // an echo
		return true
	}))})
	dir := t.TempDir()
	var so []*Finding
	o.Found = func(x *Finding) error {
		so = append(so, x)
		require.NoError(t, Write(dir, so))
		written, err := Read(dir)
		require.NoError(t, err)
		require.Len(t, written, len(so))
		return nil
	}
	synctest.Test(t, func(t *testing.T) {
		c, err := Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, so, c.Findings)
		require.NotEmpty(t, so)
	})
	require.NoFileExists(t, filepath.Join(dir, "findings.json.new"))
}

// script is a target that runs a program in Python.
func script(t *testing.T, text string) conformance.Target {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.py"), []byte(text), 0o600))
	python, err := proc.Executable("python3")
	if err != nil {
		t.Skip(err)
	}
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { iso.Close() })
	target, err := conformance.NewCommand([]string{python, "server.py"}, iso)
	require.NoError(t, err)
	return target
}

// TestFlood fuzzes a program that prints without end: it costs no memory, and
// what it answers is judged.
func TestFlood(t *testing.T) {
	o := Options{Protocol: load(t, "mailbox"), Seed: 1, Cases: 20, Target: script(t, `
import socket, sys, threading
def flood():
    while True: print("x" * 1000)
threading.Thread(target=flood, daemon=True).start()
s = socket.create_server(("", int(sys.argv[1])))
while True:
    c, _ = s.accept()
    while c.recv(65536): pass
    c.close()
`)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Positive(t, c.Visits)
	runtime.GC() // what is kept counts; other tests make garbage, too
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(64<<20))
	require.Less(t, c.Elapsed, time.Minute)
}

// TestLateReport fuzzes a program that goes on after an exception in a thread,
// whose report comes when the connection has long been closed.
func TestLateReport(t *testing.T) {
	o := Options{Protocol: load(t, "mailbox"), Seed: 1, Cases: 400, Target: script(t, `
import socket, sys, threading, time
def fail():
    time.sleep(0.003)
    raise ValueError("late")
s = socket.create_server(("", int(sys.argv[1])))
while True:
    c, _ = s.accept()
    data = b""
    while part := c.recv(65536): data += part
    c.close()
    if data[3:4] == b"\xff": threading.Thread(target=fail).start()
`)}
	c, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, c.Findings, 1)
	f := c.Findings[0]
	require.Equal(t, Exception, f.Kind)
	require.Len(t, f.Sends, 1, "only one visit is the cause")
	require.Equal(t, "ff", f.Sends[0][6:8])
	require.Equal(t, verifications, f.Verified)
}

// TestLeak fuzzes a program that forgets some of its connections.
func TestLeak(t *testing.T) {
	o := Options{Protocol: load(t, "mailbox"), Seed: 1, Cases: 400, Target: script(t, `
import socket, sys
s = socket.create_server(("", int(sys.argv[1])))
kept = []
while True:
    c, _ = s.accept()
    data = b""
    while part := c.recv(65536): data += part
    c.shutdown(socket.SHUT_WR)
    if data[:2] == b"\xae\x73": c.close()
    else: kept.append(c)
`)}
	var c *Campaign
	for try := 0; try < 4 && (c == nil || len(c.Findings) == 0); try++ { // a busy machine may leave too little time to show it again
		var err error
		c, err = Run(t.Context(), o)
		require.NoError(t, err)
		o.Seed++
	}
	require.Len(t, c.Findings, 1, "%v, %+v", c.Doubts, c.Progress)
	f := c.Findings[0]
	require.Equal(t, Leak, f.Kind)
	require.LessOrEqual(t, len(f.Sends), 3*leakSlack)
	require.Equal(t, verifications, f.Verified)
}
