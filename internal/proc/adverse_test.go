package proc

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// small are limits that programs reach quickly.
var small = Limits{Memory: 200 << 20, Files: 64, FileSize: 1 << 20, Processes: 16, CPU: time.Second, Output: 64 << 10}

// Programs that misbehave end in a clear status, in bounded time, and leave nothing.
func TestAdversePrograms(t *testing.T) {
	cases := []struct {
		name, source string
		check        func(t *testing.T, p *Process, out *printed, st Status)
	}{
		{"exits at once", `import sys; print("bye"); sys.exit(3)`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Equal(t, "exit status 3", st.String())
			require.Equal(t, "bye\n", out.get("stdout"))
			require.Positive(t, st.CPU)
			require.Positive(t, st.PeakRSS)
		}},
		{"dies of a signal", `import os; os.kill(os.getpid(), 11)`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Equal(t, "killed by SIGSEGV", st.String())
		}},
		{"prints a traceback", `raise ValueError("é")`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Equal(t, 1, st.Code)
			require.Contains(t, out.get("stderr"), "ValueError: é")
		}},
		{"spins", `while True: pass`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Contains(t, []syscall.Signal{syscall.SIGXCPU, syscall.SIGKILL}, st.Signal)
			require.InDelta(t, 1, st.CPU.Seconds(), 0.5)
		}},
		{"opens 1000 descriptors", `
import os
for _ in range(1000): os.open("/dev/null", 0)`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Equal(t, 1, st.Code)
			require.Contains(t, out.get("stderr"), "Too many open files")
		}},
		{"allocates without end", `
all = []
while True: all.append(bytearray(10_000_000))`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Equal(t, 1, st.Code)
			require.Contains(t, out.get("stderr"), "MemoryError")
			require.Less(t, st.PeakRSS, uint64(250<<20))
		}},
		{"fills the disk", `
with open("big", "wb") as f:
    while True: f.write(bytes(100_000))`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.NotEqual(t, "exit status 0", st.String())
			info, err := os.Stat(filepath.Join(p.sandbox.Dir(), "big"))
			require.NoError(t, err)
			require.LessOrEqual(t, info.Size(), int64(1<<20))
		}},
		{"leaves a daemon", `
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print("daemon")
        time.sleep(1000)
    os._exit(0)
os.wait()`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Equal(t, "exit status 0", st.String())
			require.Len(t, st.Left, 1)
			require.Contains(t, st.Left[0], python)
		}},
		{"is a fork bomb", `
import os, time
while True:
    try: os.fork()
    except OSError: time.sleep(0.01)`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Contains(t, st.String(), "killed by SIGKILL: it started more than 16 processes")
		}},
		{"shouts and ends", `
import sys
for _ in range(20000): print("x" * 99)`, func(t *testing.T, p *Process, out *printed, st Status) {
			require.Equal(t, "exit status 0", st.String())
			text := out.get("stdout")
			require.Contains(t, text, fmt.Sprintf("\n[%d bytes on stdout were not kept: the limit is 65536]\n", 2_000_000-64<<10-tailSize))
			require.True(t, strings.HasSuffix(text, strings.Repeat("x", 99)+"\n"), "the end is kept")
			require.Less(t, len(text), 64<<10+tailSize+100)
		}},
	}
	eachMode(t, func(t *testing.T, mode string) {
		for i, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				marker := fmt.Sprintf("adverse-%s-%d-%d", mode, os.Getpid(), i)
				limits := small
				if c.name != "spins" {
					limits.CPU = 20 * time.Second // a busy machine needs more of it
				}
				sb := openMode(t, mode, limits, nil)
				p, out := startPython(t, sb, c.source, marker)
				st := wait(t, p, time.Minute)
				c.check(t, p, out, st)
				require.NoError(t, sb.Close())
				require.Zero(t, marked(t, marker), "processes left")
				require.NoDirExists(t, sb.Dir())
			})
		}
	})
}

// A daemon may be the server that was asked for: it is heard after its parent has ended.
func TestDaemonIsHeard(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, small, nil)
		p, out := startPython(t, sb, `
import os, socket, time
if os.fork() > 0: os._exit(0)
os.setsid()
if os.fork() > 0: os._exit(0)
s = socket.create_server(("127.0.0.1", 0))
print("daemon")
s.accept()
print("still there")
time.sleep(1000)`)
		require.Len(t, wait(t, p, 10*time.Second).Left, 1)
		time.Sleep(drainLimit) // longer than output is awaited without a daemon
		c, err := sb.Dial(t.Context(), "tcp", listener(t, p).String())
		require.NoError(t, err)
		defer c.Close()
		eventually(t, "the daemon's word", func() bool { return out.get("stdout") == "daemon\nstill there\n" })
		require.NoError(t, sb.Close())
	})
}

func TestStopsWhatIgnoresSIGTERM(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, small, nil)
		marker := fmt.Sprintf("stubborn-%s-%d", mode, os.Getpid())
		p, out := startPython(t, sb, `
import signal, os, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
print("ready")
time.sleep(1000)`, marker)
		eventually(t, "both to be ready", func() bool { return strings.Count(out.get("stdout"), "ready") == 2 })
		eventually(t, "both to sleep", func() bool {
			v, err := p.Vitals()
			return err == nil && v.Processes == 2 && strings.Contains(v.Syscall, "nanosleep")
		})
		p.Stop()
		require.Equal(t, "killed by SIGKILL", p.Status().String())
		require.Zero(t, marked(t, marker))
		_, err := p.Vitals()
		require.ErrorIs(t, err, os.ErrProcessDone)
		require.ErrorIs(t, p.Signal(syscall.SIGTERM), os.ErrProcessDone)
	})
}

func TestFloodCostsLittle(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{Output: 64 << 10}, nil)
		p, out := startPython(t, sb, `
import sys
while True:
    sys.stdout.write("y" * 4000)
    sys.stderr.write("z" * 4000)`)
		eventually(t, "the cap", func() bool { return len(out.get("stdout")) == 64<<10 })
		eventually(t, "reading to become cheap", func() bool {
			before := ownCPU(t)
			time.Sleep(200 * time.Millisecond) // what is measured is the use of time
			return ownCPU(t)-before < 60*time.Millisecond
		})
		p.Stop()
		require.Contains(t, out.get("stdout"), "were not kept")
		require.Contains(t, out.get("stderr"), "were not kept")
	})
}

func ownCPU(t *testing.T) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestWritesOutsideAreRefused(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	iso, err := New(Config{})
	require.NoError(t, err)
	defer iso.Close()
	if iso.found.Landlock == 0 {
		t.Skip("wanted landlock")
	}
	sb := openMode(t, "namespaces", Limits{}, map[string]string{"given": "text"})
	p, out := startPython(t, sb, `
import sys, os, tempfile, multiprocessing
open("inside", "w").write("1"); os.mkdir("d"); os.rename("inside", "d/moved")
open("given", "a").write("!")
tempfile.TemporaryFile().write(b"1")
multiprocessing.Lock()
print(open("/dev/null", "w").write("x"), os.listdir("/proc/self/fd") != [], sys.stdout.isatty())
open(sys.argv[1], "w")`, outside)
	st := wait(t, p, 10*time.Second)
	require.Equal(t, 1, st.Code)
	require.Contains(t, out.get("stdout"), "1 True True")
	require.Contains(t, out.get("stderr"), "Permission denied: '"+outside)
	require.NoFileExists(t, outside)
	require.FileExists(t, filepath.Join(sb.Dir(), "d", "moved"))
}

func TestAwaitsInput(t *testing.T) {
	sources := map[string]string{
		"input":  `print(input("name? "))`,
		"select": `import select, sys; select.select([sys.stdin], [], []); print(sys.stdin.readline().strip())`,
		"poll":   `import select, sys; p = select.poll(); p.register(0, select.POLLIN); p.poll(); print(sys.stdin.readline().strip())`,
		"epoll":  `import select, sys; p = select.epoll(); p.register(0, select.EPOLLIN); p.poll(); print(sys.stdin.readline().strip())`,
		"thread": `import threading; t = threading.Thread(target=lambda: print(input())); t.start(); t.join()`,
	}
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		for name, source := range sources {
			t.Run(name, func(t *testing.T) {
				p, out := startPython(t, sb, source)
				eventually(t, "a wait for input", p.AwaitsInput)
				_, err := p.Stdin().Write([]byte("alice\n"))
				require.NoError(t, err)
				require.Equal(t, "exit status 0", wait(t, p, 10*time.Second).String(), out.get("stderr"))
				require.Contains(t, out.get("stdout"), "alice\n")
				require.False(t, p.AwaitsInput())
			})
		}
		t.Run("not asleep", func(t *testing.T) {
			p, out := startPython(t, sb, `print("up"); import time; time.sleep(1000)`)
			eventually(t, "the start", func() bool { return out.get("stdout") == "up\n" })
			require.False(t, p.AwaitsInput())
		})
	})
}

func TestSandboxesLeakNothing(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		iso, err := New(Config{Isolation: mode})
		if err != nil {
			t.Skip(err)
		}
		defer iso.Close()
		once := func() {
			sb, err := iso.Open(t.Context())
			require.NoError(t, err)
			_, err = sb.Start(t.Context(), Spec{Args: []string{"/bin/sleep", "1000"}})
			require.NoError(t, err)
			_, err = sb.FreePort(t.Context())
			require.NoError(t, err)
			require.NoError(t, sb.Close())
		}
		once()
		before := usage(t)
		for range 100 {
			once()
		}
		now := usage(t)
		for range 100 { // goroutines end a moment after they have been heard of
			if now[0] <= before[0] && now[1] <= before[1] {
				return
			}
			time.Sleep(10 * time.Millisecond)
			now = usage(t)
		}
		require.Equal(t, before, now, "descriptors, goroutines")
	})
}

func TestCloseWhileStarting(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		for i := range 10 {
			sb := openMode(t, mode, Limits{}, nil)
			marker := fmt.Sprintf("hasty-%s-%d-%d", mode, os.Getpid(), i)
			started := make(chan struct{})
			go func() {
				defer close(started)
				p, err := sb.Start(context.Background(), Spec{Args: []string{"/bin/sh", "-c", "sleep 1000; : " + marker}})
				if err == nil {
					<-p.Done()
				}
			}()
			time.Sleep(time.Duration(i) * 400 * time.Microsecond) // a different moment each time
			require.NoError(t, sb.Close())
			<-started
			require.Zero(t, marked(t, marker))
			_, err := sb.Start(t.Context(), Spec{Args: []string{"/bin/true"}})
			require.ErrorIs(t, err, ErrClosed)
		}
	})
}

func TestCancelledContextKills(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		iso, err := New(Config{Isolation: mode})
		if err != nil {
			t.Skip(err)
		}
		defer iso.Close()
		ctx, cancel := context.WithCancel(t.Context())
		sb, err := iso.Open(ctx)
		require.NoError(t, err)
		p, err := sb.Start(ctx, Spec{Args: []string{"/bin/sleep", "1000"}})
		require.NoError(t, err)
		cancel()
		st := wait(t, p, 5*time.Second)
		require.Equal(t, syscall.SIGKILL, st.Signal)
		require.NoError(t, sb.Close())
		_, err = iso.Open(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestNarrow finds that a program which sends to a connection that is not read is
// held up after little.
func TestNarrow(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		l, err := sb.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		near, err := sb.Dial(t.Context(), Narrow, l.Addr().String())
		require.NoError(t, err)
		defer near.Close()
		far, err := l.Accept()
		require.NoError(t, err)
		defer far.Close()
		sent, piece := 0, make([]byte, 4000)
		for err == nil {
			var n int
			far.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
			n, err = far.Write(piece)
			sent += n
		}
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Less(t, sent, 256<<10)
	})
}

func TestDialRefused(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		port, err := sb.FreePort(t.Context())
		require.NoError(t, err)
		_, err = sb.Dial(t.Context(), "tcp", fmt.Sprintf("localhost:%d", port))
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		_, err = sb.Dial(t.Context(), "tcp", "example.org:80")
		require.ErrorContains(t, err, `got "example.org"`)
	})
}

func TestClientUnderTest(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		ln, err := sb.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		packets, err := sb.ListenPacket(t.Context(), "udp", ":0")
		require.NoError(t, err)
		defer packets.Close()
		p, out := startPython(t, sb, `
import socket, sys
s = socket.create_connection(("localhost", int(sys.argv[1])))
socket.socket(type=socket.SOCK_DGRAM).sendto(b"hi", ("127.0.0.1", int(sys.argv[2])))
print(s.recv(10).decode())`, port(ln.Addr().String()), port(packets.LocalAddr().String()))
		c, err := ln.Accept()
		require.NoError(t, err)
		addrs, err := p.Listeners()
		require.NoError(t, err)
		require.Empty(t, addrs, "the harness's own listener is not the program's")
		b := make([]byte, 10)
		n, _, err := packets.ReadFrom(b)
		require.NoError(t, err)
		require.Equal(t, "hi", string(b[:n]))
		_, err = c.Write([]byte("hello"))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.Equal(t, 0, wait(t, p, 10*time.Second).Code)
		require.Equal(t, "hello\n", out.get("stdout"))
	})
}

func port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }

func TestStartErrors(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, map[string]string{"plain": "#!/nowhere/sh\n", "run": "#!/bin/sh\necho $0 $1 $NAME\n"})
		for name, args := range map[string][]string{
			"wanted a command": nil, "no-such-program": {"no-such-program"}, "./missing": {"./missing"}, "./plain": {"./plain"},
		} {
			_, err := sb.Start(t.Context(), Spec{Args: args})
			require.ErrorContains(t, err, name)
		}
		out := &printed{}
		p, err := sb.Start(t.Context(), Spec{Args: []string{"./run", "there"}, Env: []string{"NAME=alice"}, Output: out.add})
		require.NoError(t, err)
		require.Equal(t, 0, wait(t, p, 5*time.Second).Code)
		require.Equal(t, "./run there alice\n", out.get("stdout"))
	})
}

// usage counts this process's descriptors and goroutines.
func usage(t *testing.T) [2]int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return [2]int{len(entries), goroutines()}
}
