package fuzz

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/reference/download"
	"netproctor/reference/mailbox"
)

// A bareClient is the least that a case with a client can be: it is started,
// connects, asks, is answered well, and ends.
type bareClient struct {
	values map[string]string
	typed  string // when it is started, and the input ends; without it the input stays open
	port   int    // it connects to; 0 if it is told
	folder string // it needs
	saves  string // a file, which must not be there before
	answer func(c net.Conn) error
}

// bareClients are those of each protocol.
var bareClients = map[string]bareClient{
	"mailbox": {
		values: map[string]string{"user": "nobody", "operation": "read"},
		answer: func(c net.Conn) error {
			return answers(c, 13, (&mailbox.MessageResponse{Items: []mailbox.Message{{Sender: "ann", Text: "a text"}}}).Append(nil))
		},
	},
	"download": {
		values: map[string]string{"filename": "a"}, saves: "a",
		answer: func(c net.Conn) error {
			return answers(c, 6, (&download.FileResponse{Status: download.Found, Data: []byte("the file a\n")}).Append(nil))
		},
	},
	"transfer": {
		values: map[string]string{"command": "GET", "file": "a"},
		answer: func(c net.Conn) error {
			size := binary.BigEndian.AppendUint64(nil, 11)
			return errors.Join(answers(c, 0, []byte("READY")), answers(c, 5, []byte("OK")), answers(c, 5, size), answers(c, 2, []byte("the file a\nDONE")))
		},
	},
	"chat": {
		answer: func(c net.Conn) error {
			return answers(c, 0, []byte("> Connected to the chat server (1 user online)"))
		},
	},
	"fileshare": {
		typed: "connect 127.0.0.1 30001\nrlist\nbye\n", port: 30001, folder: "client",
		answer: func(c net.Conn) error {
			return answers(c, 1, append(binary.BigEndian.AppendUint64(nil, 5), "a.txt"...))
		},
	},
}

// answers reads so many bytes, and answers.
func answers(c net.Conn, n int, b []byte) error {
	if _, err := io.ReadFull(c, make([]byte, n)); err != nil {
		return fmt.Errorf("read a request of %d bytes: %w", n, err)
	}
	_, err := c.Write(b)
	return err
}

// BenchmarkNetFuzzClients plays cases of clients, and side by side, on the same
// program, as many at once, the least that a case can be. There are as many programs
// at once of either kind; of those that are judged most are in some pause of their
// scenario, those that are bare all want the processors.
func BenchmarkNetFuzzClients(b *testing.B) {
	for protocol, bare := range bareClients {
		file := map[string]string{"chat": "cli.py"}[protocol]
		if file == "" {
			file = "client.py"
		}
		for program, words := range map[string][]string{
			"reference":   {"/proc/self/exe", "call-reference", protocol},
			"python-good": {"python3", file},
		} {
			b.Run(protocol+"/"+program, func(b *testing.B) {
				o := Options{Protocol: load(b, protocol), Target: command(b, protocol, program, words), Seed: 1}
				clientsSideBySide(b, &o, bare)
			})
		}
	}
}

// clientsSideBySide plays b.N cases in slices, each followed by as many bare ones.
func clientsSideBySide(b *testing.B, o *Options, bare bareClient) {
	c, done := newSuite(b.Context(), conformance.Client, o)
	defer done()
	fill(b, c)
	counted := &counting{Target: c.quick}
	c.quick = counted
	var cases []suiteCase // those that sleep are played beside these
	for i := len(c.trials); len(cases) < b.N+slice; i++ {
		if k := c.at(i); k.Takes < sleepsFor {
			cases = append(cases, k)
		}
	}
	var rooms []*bareRoom
	for range atOnce[brisk] {
		r, err := bare.open(b.Context(), counted.Target, o.Protocol.Programs[c.role])
		require.NoError(b, err)
		defer func() { require.NoError(b, r.box.Close()) }()
		defer r.listener.Close()
		defer r.files.Close()
		rooms = append(rooms, r)
	}
	var judged, plain, judgedCPU, plainCPU time.Duration
	var played int
	b.ResetTimer()
	for ; played < b.N; played += slice {
		began, used := time.Now(), familyCPU(b)
		inTurn(slice, func(_, i int) { c.play(b.Context(), cases[played+i]) })
		judged, judgedCPU = judged+time.Since(began), judgedCPU+familyCPU(b)-used
		began, used = time.Now(), familyCPU(b)
		inTurn(slice, func(worker, _ int) {
			if err := rooms[worker].run(b.Context(), bare); err != nil {
				b.Error(err)
			}
		})
		plain, plainCPU = plain+time.Since(began), plainCPU+familyCPU(b)-used
	}
	for _, f := range c.findings {
		b.Errorf("%s: %s", f.Signature, f.Evidence)
	}
	starts, base := float64(counted.starts.Load())/judged.Seconds(), float64(played)/plain.Seconds()
	b.ReportMetric(float64(played)/judged.Seconds(), "cases/s")
	b.ReportMetric(starts, "judged/s")
	b.ReportMetric(base, "bare/s")
	b.ReportMetric(100*starts/base, "%")
	b.ReportMetric(float64(judgedCPU.Microseconds())/1000/float64(counted.starts.Load()), "judged-cpu-ms")
	b.ReportMetric(float64(plainCPU.Microseconds())/1000/float64(played), "bare-cpu-ms")
	b.ReportMetric(0, "ns/op")
}

// fill has a suite as it is after the first seconds: all sandboxes are there, and
// all that may be are played at once.
func fill(b *testing.B, c *suite) {
	var boxes []conformance.Sandbox
	for range atOnce[brisk] {
		box, err := c.quick.Open(b.Context())
		require.NoError(b, err)
		boxes = append(boxes, box)
	}
	for _, box := range boxes {
		require.NoError(b, box.Close())
	}
	c.crowd.plays = crowdGrows * atOnce[brisk]
}

// familyCPU is the processor time that this process has used, and all that it has
// started: what a busy machine does not change much.
func familyCPU(b *testing.B) (sum time.Duration) {
	all, err := procfs.AllProcs()
	require.NoError(b, err)
	stats := map[int]procfs.ProcStat{}
	for _, p := range all {
		if st, err := p.Stat(); err == nil {
			stats[p.PID] = st
		}
	}
	for pid, st := range stats {
		for at := pid; at > 1; at = stats[at].PPID {
			if at == os.Getpid() {
				ticks := st.UTime + st.STime
				if pid != at {
					ticks += uint(max(0, st.CUTime+st.CSTime))
				}
				sum += time.Duration(ticks) * 10 * time.Millisecond
				break
			}
		}
	}
	return sum
}

// slice is how many are played before the other kind has its turn: so many that it
// matters little that fewer and fewer are played at once at its end.
const slice = 240

// inTurn does something n times, as many at once as a campaign does.
func inTurn(n int, do func(worker, i int)) {
	var workers sync.WaitGroup
	var next atomic.Int64
	for worker := range atOnce[brisk] {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(worker, int(i))
			}
		})
	}
	workers.Wait()
}

// A bareRoom is where bare cases are played one after the other.
type bareRoom struct {
	box       conformance.Sandbox
	files     *os.Root
	listener  net.Listener
	arguments conformance.Arguments
}

func (c bareClient) open(ctx context.Context, t conformance.Target, role conformance.Program) (*bareRoom, error) {
	box, err := t.Open(ctx)
	if err != nil {
		return nil, err
	}
	r := &bareRoom{box: box, arguments: conformance.Arguments{Template: role.Args, Values: map[string]string{"host": "127.0.0.1"}}}
	maps.Copy(r.arguments.Values, c.values)
	port := c.port
	if port == 0 {
		if port, err = box.Port(ctx); err != nil {
			return nil, err
		}
	}
	r.arguments.Values["port"] = strconv.Itoa(port)
	if r.files, err = box.Files(); err != nil {
		return nil, err
	}
	if c.folder != "" {
		if err := r.files.Mkdir("work/"+c.folder, 0o755); err != nil {
			return nil, err
		}
	}
	r.listener, err = box.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	return r, err
}

// run is one bare case.
func (r *bareRoom) run(ctx context.Context, c bareClient) error {
	p, err := r.box.Start(ctx, r.arguments, func(string, []byte) {})
	if err != nil {
		return err
	}
	if c.typed != "" {
		if _, err := p.Stdin().Write([]byte(c.typed)); err != nil {
			return err
		}
		if err := p.Stdin().Close(); err != nil {
			return err
		}
	}
	conn, err := r.listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := c.answer(conn); err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return err
	}
	select {
	case <-p.Done():
		if c.saves != "" {
			return r.files.Remove("work/" + c.saves)
		}
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the client does not end")
	}
}

// counting counts the starts of a target's programs.
type counting struct {
	conformance.Target
	starts atomic.Int64
}

func (c *counting) Open(ctx context.Context) (conformance.Sandbox, error) {
	box, err := c.Target.Open(ctx)
	return &countingBox{box, c}, err
}

type countingBox struct {
	conformance.Sandbox
	of *counting
}

func (b *countingBox) Start(ctx context.Context, a conformance.Arguments, output conformance.Output) (conformance.Process, error) {
	b.of.starts.Add(1)
	return b.Sandbox.Start(ctx, a, output)
}
