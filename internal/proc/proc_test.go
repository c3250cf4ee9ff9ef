package proc

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

const python = "/usr/bin/python3"

// eachMode runs a test with namespaces and without.
func eachMode(t *testing.T, f func(t *testing.T, mode string)) {
	for _, mode := range []string{"namespaces", "none"} {
		t.Run(mode, func(t *testing.T) { f(t, mode) })
	}
}

// openMode opens a sandbox that holds the given files, or skips the test where the mode is impossible.
func openMode(t testing.TB, mode string, limits Limits, files map[string]string) *Sandbox {
	t.Helper()
	if _, err := os.Stat(python); err != nil {
		t.Skip("wanted " + python)
	}
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(dir+"/"+name, []byte(text), 0o755))
	}
	iso, err := New(Config{Isolation: mode, Dir: dir, Limits: limits})
	if err != nil && mode == "namespaces" {
		t.Skip(err)
	}
	require.NoError(t, err)
	sb, err := iso.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, sb.Close())
		require.NoError(t, iso.Close())
	})
	return sb
}

// printed gathers output.
type printed struct {
	mu   sync.Mutex
	text map[string]*strings.Builder
	last time.Time
}

func (o *printed) add(stream string, at time.Time, b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text == nil {
		o.text = map[string]*strings.Builder{"stdout": {}, "stderr": {}}
	}
	o.text[stream].Write(b)
	o.last = at
}

func (o *printed) get(stream string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text == nil {
		return ""
	}
	return o.text[stream].String()
}

func startPython(t testing.TB, sb *Sandbox, source string, args ...string) (*Process, *printed) {
	t.Helper()
	out := &printed{}
	p, err := sb.Start(t.Context(), Spec{Args: append([]string{python, "-c", source}, args...), Output: out.add})
	require.NoError(t, err)
	return p, out
}

// wait waits for the end of a program.
func wait(t testing.TB, p *Process, limit time.Duration) Status {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(limit):
		v, err := p.Vitals()
		require.FailNow(t, "the program still runs", "%+v %v", v, err)
	}
	return p.Status()
}

// eventually polls a condition often: what is awaited is in another process.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, time.Minute, 2*time.Millisecond, what)
}

func listener(t testing.TB, p *Process) netip.AddrPort {
	t.Helper()
	var addrs []netip.AddrPort
	eventually(t, "a listening socket", func() bool {
		var err error
		addrs, err = p.Listeners()
		require.NoError(t, err)
		return len(addrs) > 0
	})
	return addrs[0]
}

// marked counts the processes of this machine whose command line or environment holds a marker.
func marked(t testing.TB, marker string) int {
	t.Helper()
	n := 0
	for pid := range readTable("/proc").entries {
		text := readString(fmt.Sprintf("/proc/%d/cmdline", pid)) + readString(fmt.Sprintf("/proc/%d/environ", pid))
		if pid != os.Getpid() && strings.Contains(text, marker) {
			n++
		}
	}
	return n
}

const echo = `
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
if host == "name": host = socket.gethostname()
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
s.bind((host, port)); s.listen()
while True:
    c, a = s.accept()
    print("from", a[0], a[1])
    c.sendall(c.recv(100)); c.close()
`

func TestEchoAtWhateverAddressItBinds(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		for _, host := range []string{"0.0.0.0", "127.0.0.1", "::", "::1", "name", "localhost"} {
			t.Run(host, func(t *testing.T) {
				port, err := sb.FreePort(t.Context())
				require.NoError(t, err)
				p, out := startPython(t, sb, echo, host, fmt.Sprint(port))
				addr := listener(t, p)
				require.EqualValues(t, port, addr.Port())
				if addr.Addr().IsUnspecified() {
					addr = netip.AddrPortFrom(loopback, addr.Port())
				}
				c, err := sb.Dial(t.Context(), "tcp", addr.String())
				require.NoError(t, err)
				_, err = c.Write([]byte("hello"))
				require.NoError(t, err)
				b, err := io.ReadAll(c)
				require.NoError(t, err)
				require.Equal(t, "hello", string(b))
				eventually(t, "a line of output", func() bool { return strings.Contains(out.get("stdout"), "\n") })
				require.Contains(t, out.get("stdout"), c.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort().Addr().String())
				require.NotContains(t, out.get("stdout"), "\r")
				var v Vitals
				eventually(t, "the server's return to accept", func() bool {
					v, err = p.Vitals()
					return err == nil && v.Syscall == "accept4(3)"
				})
				require.Equal(t, 1, v.Processes)
				require.Positive(t, v.RSS)
				require.False(t, p.AwaitsInput())
				p.Stop()
				require.Equal(t, "killed by SIGTERM", p.Status().String())
				require.Empty(t, p.Status().Left)
			})
		}
	})
}

// Two programs in one sandbox are told apart: a pair has a server and a client.
func TestTwoProgramsInOneSandbox(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		first, _ := startPython(t, sb, echo, "127.0.0.1", freePort(t, sb))
		second, _ := startPython(t, sb, echo, "127.0.0.1", freePort(t, sb))
		require.NotEqual(t, listener(t, first), listener(t, second))
		first.Stop()
		addrs, err := first.Listeners()
		require.NoError(t, err)
		require.Empty(t, addrs)
		require.NotZero(t, listener(t, second))
		v, err := second.Vitals()
		require.NoError(t, err)
		require.Equal(t, 1, v.Processes)
	})
}

func freePort(t *testing.T, sb *Sandbox) string {
	port, err := sb.FreePort(t.Context())
	require.NoError(t, err)
	return fmt.Sprint(port)
}

// Many sandboxes are open at once while scenarios wait.
func TestManySandboxesAtOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		iso, err := New(Config{Isolation: mode})
		if err != nil {
			t.Skip(err)
		}
		defer iso.Close()
		var boxes []*Sandbox
		const many = 40
		for range many {
			sb, err := iso.Open(t.Context())
			require.NoError(t, err)
			_, err = sb.Start(t.Context(), Spec{Args: []string{"/bin/sleep", "1000"}})
			require.NoError(t, err)
			boxes = append(boxes, sb)
		}
		var memory uint64
		for _, sb := range boxes {
			_, use := readTable("/proc").use(sb.link.process.Pid)
			memory += use.RssAnon
		}
		t.Logf("a worker has %d KiB of its own", memory/many>>10)
		var closing sync.WaitGroup
		for _, sb := range boxes {
			closing.Go(func() { _ = sb.Close() })
		}
		closing.Wait()
	})
}

// The rung between: no namespaces, but Landlock.
func TestLandlockAlone(t *testing.T) {
	iso := &Isolation{cfg: Config{Limits: Limits{}.filled()}, rung: rung{landlock: true}, rooms: &rooms{}}
	if err := iso.probe(); err != nil {
		t.Skip(err)
	}
	require.Regexp(t, `^landlock \d+, rlimits, process group$`, iso.String())
	require.False(t, iso.Private())
	outside := t.TempDir() + "/outside"
	sb, err := iso.Open(t.Context())
	require.NoError(t, err)
	defer sb.Close()
	p, out := startPython(t, sb, `import sys; open(sys.argv[1], "w")`, outside)
	require.Equal(t, 1, wait(t, p, 10*time.Second).Code)
	require.Contains(t, out.get("stderr"), "Permission denied")
}

func TestIsolationNamesItself(t *testing.T) {
	for _, mode := range []string{"auto", "namespaces", "none"} {
		iso, err := New(Config{Isolation: mode})
		if err != nil {
			t.Log(err)
			continue
		}
		defer iso.Close()
		t.Logf("%s: %s, private %v", mode, iso, iso.Private())
	}
	_, err := New(Config{Isolation: "some"})
	require.ErrorContains(t, err, `got "some"`)
	_, err = New(Config{Dir: "/nowhere"})
	require.ErrorContains(t, err, "/nowhere")
}

func BenchmarkStart(b *testing.B) {
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, exec.Command("/bin/true").Run())
		}
	})
	for _, mode := range []string{"namespaces", "none"} {
		iso, err := New(Config{Isolation: mode})
		if err != nil {
			b.Skip(err)
		}
		defer iso.Close()
		b.Run(mode, func(b *testing.B) {
			for b.Loop() {
				sb, err := iso.Open(b.Context())
				require.NoError(b, err)
				p, err := sb.Start(b.Context(), Spec{Args: []string{"/bin/true"}})
				require.NoError(b, err)
				<-p.Done()
				require.NoError(b, sb.Close())
			}
		})
	}
}

func goroutines() int { return runtime.NumGoroutine() }

// A program that is bound to a processor stays there with its threads, and all that it prints to a
// pipe is handed on.
func TestPipedAndBound(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{Output: 10}, map[string]string{"main.py": `
import os, threading
def look(): print(sorted(os.sched_getaffinity(0)), os.isatty(1))
threads = [threading.Thread(target=look) for _ in range(3)]
for t in threads: t.start(); t.join()`})
		var set unix.CPUSet
		require.NoError(t, unix.SchedGetaffinity(0, &set))
		last := 0
		for n := range 1024 {
			if set.IsSet(n) {
				last = n
			}
		}
		out := &printed{}
		p, err := sb.Start(t.Context(), Spec{Args: []string{python, "main.py"}, Processors: []int{last}, Piped: true, Output: out.add})
		require.NoError(t, err)
		require.Zero(t, wait(t, p, 10*time.Second).Code, out.get("stderr"))
		require.Equal(t, strings.Repeat(fmt.Sprintf("[%d] False\n", last), 3), out.get("stdout"))

		out = &printed{}
		p, err = sb.Start(t.Context(), Spec{Args: []string{python, "-c", "import os; print(len(os.sched_getaffinity(0)))"}, Output: out.add})
		require.NoError(t, err)
		require.Zero(t, wait(t, p, 10*time.Second).Code)
		require.Equal(t, fmt.Sprintf("%d\n", set.Count()), out.get("stdout"), "the next program may run anywhere")
	})
}

// A socket of one's own reaches a server inside the sandbox, and connections that
// are not accepted are counted.
func TestBlockingSocket(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		ln, err := sb.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		at := netip.MustParseAddrPort(ln.Addr().String())
		before, err := sb.Overflows()
		require.NoError(t, err)
		fd, err := sb.BlockingSocket(t.Context(), "tcp", at)
		require.NoError(t, err)
		defer unix.Close(fd)
		require.NoError(t, unix.Connect(fd, sockaddr(at)))
		conn, err := ln.Accept()
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		n, err := unix.Read(fd, make([]byte, 1))
		require.NoError(t, err)
		require.Zero(t, n)
		after, err := sb.Overflows()
		require.NoError(t, err)
		require.GreaterOrEqual(t, after, before)
	})
}

// What is refused to a program is counted, where the network is the sandbox's own.
func TestRefusedDials(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		ln, err := sb.Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		port := fmt.Sprint(netip.MustParseAddrPort(ln.Addr().String()).Port())
		before, err := sb.RefusedDials()
		if mode == "none" {
			require.ErrorIs(t, err, ErrShared)
			return
		}
		require.NoError(t, err)
		p, out := startPython(t, sb, `
import socket, sys
for port in sys.argv[1:]:
    s = socket.socket()
    print(s.connect_ex(("127.0.0.1", int(port))) != 0)
`, port, "1", port, "2")
		require.Zero(t, wait(t, p, 10*time.Second).Code)
		require.Equal(t, "False\nTrue\nFalse\nTrue\n", out.get("stdout"))
		after, err := sb.RefusedDials()
		require.NoError(t, err)
		require.EqualValues(t, 2, after-before)
	})
}

// A datagram socket of one's own reaches a socket inside the sandbox, by name and
// by broadcast where the network is the sandbox's own.
func TestBlockingDatagramSocket(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		sb := openMode(t, mode, Limits{}, nil)
		heard, err := sb.ListenPacket(t.Context(), "udp", ":0")
		require.NoError(t, err)
		defer heard.Close()
		at := netip.MustParseAddrPort(heard.LocalAddr().String())
		_, err = sb.BlockingSocket(t.Context(), "unix", at)
		require.Error(t, err)
		fd, err := sb.BlockingSocket(t.Context(), "udp", at)
		require.NoError(t, err)
		defer unix.Close(fd)
		to := []netip.Addr{loopback}
		if sb.iso.Private() {
			to = append(to, netip.AddrFrom4([4]byte{255, 255, 255, 255}))
		}
		for _, ip := range to {
			require.NoError(t, unix.Sendto(fd, []byte("hello"), 0, sockaddr(netip.AddrPortFrom(ip, at.Port()))))
			b := make([]byte, 16)
			require.NoError(t, heard.SetReadDeadline(time.Now().Add(5*time.Second)))
			n, from, err := heard.ReadFrom(b)
			require.NoError(t, err)
			require.Equal(t, "hello", string(b[:n]))
			_, err = heard.WriteTo([]byte("yes"), from)
			require.NoError(t, err)
			n, err = unix.Read(fd, b)
			require.NoError(t, err)
			require.Equal(t, "yes", string(b[:n]))
		}
	})
}
