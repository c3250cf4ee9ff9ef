package fuzz

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"netproctor/conformance"
	"netproctor/internal/proc"
	"netproctor/reference/download"
	"netproctor/reference/mailbox"
	"netproctor/scenarios"
)

// BenchmarkNetFuzz plays cases, and side by side, on the same program, the least
// that a connection can be: a good request, read to the end.
func BenchmarkNetFuzz(b *testing.B) {
	good := map[string][]byte{
		"mailbox":  (&mailbox.MessageRequest{ID: mailbox.Read, Name: "nobody"}).Append(nil),
		"download": (&download.FileRequest{Filename: "a"}).Append(nil),
	}
	for _, v := range []struct {
		protocol, program string
		words             []string
	}{
		{"mailbox", "reference", []string{"/proc/self/exe", "serve-reference", "mailbox"}},
		{"mailbox", "python-good", []string{"python3", "server.py"}},
		{"mailbox", "python-unusual", []string{"python3", "server.py"}},
		{"download", "reference", []string{"/proc/self/exe", "serve-reference", "download"}},
		{"download", "python-good", []string{"python3", "server.py"}},
		{"download", "node-good", []string{"node", "server.js"}},
	} {
		b.Run(v.protocol+"/"+v.program, func(b *testing.B) {
			o := modelled(Options{Protocol: load(b, v.protocol), Target: command(b, v.protocol, v.program, v.words), Seed: 1})
			sideBySide(b, &o, good[v.protocol])
		})
	}
}

func load(b testing.TB, protocol string) *conformance.Protocol {
	p, err := conformance.Load(scenarios.Files, protocol, conformance.LoadOptions{})
	require.NoError(b, err)
	return p
}

// command is a real program: one of those that the harness is tried on, or the
// reference as a process of its own.
func command(b testing.TB, protocol, program string, words []string) *conformance.Command {
	dir := ""
	if program == "reference" {
		self, err := os.Executable()
		require.NoError(b, err)
		words[0] = self
	} else {
		var err error
		dir, err = filepath.Abs(filepath.Join("../conformance/testdata/programs", protocol, program))
		require.NoError(b, err)
		if words[0], err = proc.Executable(words[0]); err != nil {
			b.Skip(err)
		}
	}
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(b, err)
	b.Cleanup(func() { iso.Close() })
	target, err := conformance.NewCommand(words, iso)
	require.NoError(b, err)
	return target.Named(program)
}

// sideBySide plays b.N cases in slices, each followed by as many bare visits.
func sideBySide(b *testing.B, o *Options, good Visit) {
	ctx := b.Context()
	processors, undo := pin(0)
	defer undo()
	o.processors = processors
	c := newCampaign(o)
	require.NoError(b, c.fresh(ctx, 0))
	defer c.drop()
	for i := range c.generator.pool {
		c.generator.pool[i].look() // as it is after the first seconds
	}
	var judged, bare, judgedCPU, bareCPU time.Duration
	var visits, cycles int
	b.ResetTimer()
	for i := len(c.generator.histories); c.cases < b.N; {
		began, used, before := time.Now(), threadCPU(b), c.visits
		for range 100 {
			require.NoError(b, c.play(ctx, i))
			c.cases++
			i++
		}
		judged, judgedCPU = judged+time.Since(began), judgedCPU+threadCPU(b)-used
		visits += c.visits - before
		began, used = time.Now(), threadCPU(b)
		for range 100 {
			bareVisit(b, c.program.wire.(*direct), good)
			cycles++
		}
		bare, bareCPU = bare+time.Since(began), bareCPU+threadCPU(b)-used
	}
	for _, f := range c.findings {
		b.Errorf("%s: %s", f.Signature, f.Evidence)
	}
	rate, base := float64(visits)/judged.Seconds(), float64(cycles)/bare.Seconds()
	b.ReportMetric(rate, "judged/s")
	b.ReportMetric(base, "bare/s")
	b.ReportMetric(100*rate/base, "%")
	b.ReportMetric(float64(judgedCPU.Microseconds())/float64(visits), "judged-cpu-µs")
	b.ReportMetric(float64(bareCPU.Microseconds())/float64(cycles), "bare-cpu-µs")
	b.ReportMetric(0, "ns/op")
}

// threadCPU is the processor time that this thread has used: what a busy machine
// does not change much.
func threadCPU(b *testing.B) time.Duration {
	var t unix.Timespec
	require.NoError(b, unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t))
	return time.Duration(t.Nano())
}

// bareVisit is what each visit needs, and nothing else.
func bareVisit(b *testing.B, w *direct, v Visit) {
	w.next = (w.next + 1) % sources
	fd, err := w.socket(b.Context(), w.next)
	if err != nil {
		b.Fatal(err)
	}
	for {
		_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&w.to)), w.size)
		if errno == 0 {
			break
		}
		if errno != unix.EINTR {
			b.Fatal(errno)
		}
	}
	if _, err := unix.Write(fd, v); err != nil {
		b.Fatal(err)
	}
	_ = unix.Shutdown(fd, unix.SHUT_WR)
	for {
		n, err := unix.Read(fd, w.buf)
		if n == 0 && err == nil {
			break
		}
		if err != nil && err != unix.EINTR && err != unix.EAGAIN {
			b.Fatal(fmt.Errorf("read: %w", err))
		}
	}
	if err := disconnect(fd); err != nil {
		b.Fatal(err)
	}
}
