package conformance_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/proc"
)

// looks is a program that tells what it sees of how it was started.
const looks = `
import __main__, os, random, signal, sys, threading
import beside
print(sys.argv, __name__, __main__.__file__, os.path.samefile(sys.path[0], "."), os.path.samefile(".", os.path.dirname(__file__) or "."))
print(sorted(n for n in globals() if not n.startswith("__")))
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGPIPE))
print(sys.stdout.line_buffering, sys.stdout.write_through, sys.stdout.isatty(), sys.flags.dont_write_bytecode, os.getsid(0) == os.getpid())
print(sorted(os.listdir("/proc/self/fd"))[:3], len(os.listdir("/proc/self/fd")), os.environ["LC_ALL"], threading.active_count())
def fails():
    raise ValueError("as told")
if sys.argv[1] == "exit": sys.exit(7)
if sys.argv[1] == "late": threading.Thread(target=lambda: print("a thread ends last")).start()
if sys.argv[1] == "raise": fails()
class Last:
    def __del__(self): print("its values end, too")
if sys.argv[1] == "value": last = Last()
if sys.argv[1] == "cycle": last = Last(); last.last = last; del last
if sys.argv[1] == "values": kept = [open("left.txt", "w"), Last()]; kept[0].write("written out"); print(os.stat("left.txt").st_size)
if sys.argv[1] == "atexit": import atexit; atexit.register(print, "at its exit")
if sys.argv[1] == "text": sys.exit("a message")
if sys.argv[1] == "large": sys.exit(256 + 3)
if sys.argv[1] == "true": sys.exit(True)
if sys.argv[1] == "closed": os.close(1); print("nobody reads it")
if sys.argv[1] == "no stdout": sys.stdout.close()
if sys.argv[1] == "hook": sys.excepthook = lambda *a: print("hooked", a[0]); fails()
if sys.argv[1] == "atexit fails": import atexit; atexit.register(fails)
if sys.argv[1] == "interrupt": raise KeyboardInterrupt
if sys.argv[1] == "daemon": threading.Thread(target=signal.pause, daemon=True).start()
if sys.argv[1] == "child" and os.fork() > 0: os.wait()
if sys.argv[1] == "signal": os.kill(os.getpid(), signal.SIGTERM); signal.pause()
`

var address = regexp.MustCompile(`0x[0-9a-f]+`)

// gathered is what a program prints.
type gathered struct {
	mu       sync.Mutex
	out, err strings.Builder
}

func (g *gathered) print(stream string, b []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if stream == "stderr" {
		g.err.Write(b)
		return
	}
	g.out.Write(b)
}

// String is the output, and the errors behind it.
func (g *gathered) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.out.String() + g.err.String()
}

type warming interface {
	conformance.Sandbox
	conformance.Direct
	Warm(ctx context.Context, processors []int) (*conformance.Warm, error)
}

func end(t *testing.T, p conformance.Process) conformance.ProcessStatus {
	select {
	case <-p.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the program does not end")
	}
	return p.Status()
}

// A program that is forked sees and shows what one sees that is started by its
// command.
func TestWarmIsLikeCold(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.py"), []byte(looks), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "beside.py"), nil, 0o600))
	box := pythonBox(t, dir)
	warm, err := box.Warm(t.Context(), nil)
	require.NoError(t, err)
	defer warm.Close()
	for _, how := range []string{"return", "exit", "late", "raise", "signal", "value", "cycle", "values", "atexit", "text", "large", "true", "closed", "no stdout", "hook", "atexit fails", "interrupt", "daemon", "child"} {
		t.Run(how, func(t *testing.T) {
			a := conformance.Arguments{Raw: []string{how, "2"}, Given: true}
			var want, got gathered
			cold, err := box.StartDirect(t.Context(), a, nil, want.print)
			require.NoError(t, err)
			wanted := end(t, cold)
			forked, err := warm.Start(t.Context(), a, got.print)
			require.NoError(t, err)
			require.Equal(t, wanted, end(t, forked))
			require.True(t, warm.Clean())
			require.Contains(t, want.String(), "['main.py', '"+how+"', '2'] __main__ /")
			report := func(s string) string { // without addresses, and the lines that lead to the script
				s = address.ReplaceAllString(s, "0x…")
				from, to := strings.Index(s, "  File"), strings.Index(s, `  File "/`)
				if from < 0 || to < 0 {
					return s
				}
				return s[:from] + s[to:]
			}
			require.Equal(t, report(want.String()), report(got.String()))
		})
	}
}

// What a program leaves behind makes the room unclean, and one that hangs can be
// ended.
func TestWarmIsCleaned(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.py"), []byte(`
import os, sys, time
if sys.argv[1] == "leaves" and os.fork() == 0: os.setsid()
print("here")
time.sleep(1000)
`), 0o600))
	box := pythonBox(t, dir)
	warm, err := box.Warm(t.Context(), nil)
	require.NoError(t, err)
	defer warm.Close()
	for how, clean := range map[string]bool{"hangs": true, "hangs again": true} {
		var out gathered
		p, err := warm.Start(t.Context(), conformance.Arguments{Raw: []string{how}, Given: true}, out.print)
		require.NoError(t, err)
		require.Eventually(t, func() bool { return out.String() == "here\n" }, 10*time.Second, time.Millisecond)
		require.Eventually(t, func() bool {
			v, err := p.Vitals()
			return err == nil && strings.Contains(v.Syscall, "nanosleep")
		}, 10*time.Second, time.Millisecond)
		require.Equal(t, clean, warm.Clean())
		require.Equal(t, "killed by SIGKILL", end(t, p).Text)
	}
	var out gathered
	_, err = warm.Start(t.Context(), conformance.Arguments{Raw: []string{"leaves"}, Given: true}, out.print)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Count(out.String(), "here") == 2 }, 10*time.Second, time.Millisecond) // and the ends of both lines, in any order
	require.False(t, warm.Clean())
}

// BenchmarkStart starts a server until it listens, and kills it.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	require.NoError(b, os.WriteFile(filepath.Join(dir, "main.py"), []byte(`
import datetime, socket, struct, sys, threading
socket.create_server(("", int(sys.argv[1]))).accept()
`), 0o600))
	box := pythonBox(b, dir)
	warm, err := box.Warm(b.Context(), nil)
	require.NoError(b, err)
	defer warm.Close()
	ignore := func(string, []byte) {}
	kinds := []struct {
		name  string
		start func(a conformance.Arguments) (conformance.Process, error)
		took  time.Duration
	}{
		{name: "ms-cold", start: func(a conformance.Arguments) (conformance.Process, error) {
			return box.StartDirect(b.Context(), a, nil, ignore)
		}},
		{name: "ms-warm", start: func(a conformance.Arguments) (conformance.Process, error) {
			return warm.Start(b.Context(), a, ignore)
		}},
	}
	for b.Loop() {
		for i := range kinds {
			began := time.Now()
			port, err := box.Port(b.Context())
			require.NoError(b, err)
			p, err := kinds[i].start(conformance.Arguments{Raw: []string{strconv.Itoa(port)}, Given: true})
			require.NoError(b, err)
			for {
				if at, err := p.Listeners(); err == nil && len(at) > 0 {
					break
				}
				time.Sleep(time.Millisecond)
			}
			require.NoError(b, p.Signal(syscall.SIGKILL))
			<-p.Done()
			kinds[i].took += time.Since(began)
		}
	}
	for _, k := range kinds {
		b.ReportMetric(float64(k.took.Microseconds())/1000/float64(b.N), k.name)
	}
	b.ReportMetric(0, "ns/op")
}

func pythonBox(t testing.TB, dir string) warming {
	python, err := proc.Executable("python3")
	if err != nil {
		t.Skip(err)
	}
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { iso.Close() })
	target, err := conformance.NewCommand([]string{python, "main.py"}, iso)
	require.NoError(t, err)
	box, err := target.Open(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { box.Close() })
	return box.(warming)
}
