package fuzz

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TurnsSideBySide plays b.N histories in slices, each followed by the same system
// calls without anything else: no model, no generator, no judgement, and no looks
// whether the server rests. A slice is played once before, so that both find the
// same files.
func TurnsSideBySide(b *testing.B, o MachineOptions) {
	const slice = 100
	ctx := b.Context()
	processors, undo := pin(0)
	defer undo()
	defer exactly()()
	c := newTurns(&o)
	c.start.processors = processors
	require.NoError(b, c.fresh(ctx))
	defer c.drop()
	var judged, bare, judgedCPU, bareCPU time.Duration
	told := 0
	b.ResetTimer()
	played := 0
	for ; played < b.N; played += slice {
		if played%freshHistories == 0 && played > 0 {
			require.NoError(b, c.fresh(ctx))
		}
		c.slice(b, played, slice)
		c.player.w.tape = &tape{ops: make([]op, 0, 1<<14)}
		before, began, used := c.player.told, time.Now(), threadCPU(b)
		c.slice(b, played, slice)
		judged, judgedCPU = judged+time.Since(began), judgedCPU+threadCPU(b)-used
		told += c.player.told - before
		ops := c.player.w.tape.ops
		c.player.w.tape = nil
		began, used = time.Now(), threadCPU(b)
		lost := c.player.bare(b, ops)
		bare, bareCPU = bare+time.Since(began)-lost, bareCPU+threadCPU(b)-used
	}
	n := float64(played)
	b.ReportMetric(n/judged.Seconds(), "judged/s")
	b.ReportMetric(n/bare.Seconds(), "bare/s")
	b.ReportMetric(100*bare.Seconds()/judged.Seconds(), "%")
	b.ReportMetric(float64(told)/judged.Seconds(), "exchanges/s")
	b.ReportMetric(float64(judgedCPU.Microseconds())/n, "judged-cpu-µs")
	b.ReportMetric(float64(bareCPU.Microseconds())/n, "bare-cpu-µs")
	b.ReportMetric(0, "ns/op")
}

// slice plays histories, none of which may show a fault.
func (c *turns) slice(b *testing.B, from, count int) {
	for i := from; i < from+count; i++ {
		history, _ := c.cases.at(i)
		if f := c.player.play(history); f != nil {
			b.Fatalf("case %d: %s\n%s", i, f.signature, f.evidence)
		}
	}
}

// bare does what a tape says, and gives for how long it has waited in vain.
func (c *player) bare(b *testing.B, ops []op) (lost time.Duration) {
	w := &c.w
	for i := range ops {
		o := &ops[i]
		s := c.speaker(o.client)
		switch o.kind {
		case opConnect:
			call := call{ctx: c.ctx, limit: answerLimit, until: time.Now().Add(answerLimit)}
			fd, source, err := w.take(c.ctx)
			require.NoError(b, err)
			s.fd, s.source = fd, source
			require.NoError(b, w.direct.connect(&call, fd))
		case opWrite:
			s.unacked = false
			for rest := o.bytes; len(rest) > 0; {
				n, err := unix.Write(s.fd, rest)
				if err != nil && err != unix.EINTR && err != unix.EAGAIN {
					break
				}
				rest = rest[max(n, 0):]
			}
		case opRead:
			s.acknowledge()
			for left := o.count; left > 0; {
				began := time.Now()
				n, err := unix.Read(s.fd, w.buf[:min(left, len(w.buf))])
				if err == unix.EAGAIN { // it has said less this time
					lost += time.Since(began)
				}
				if err != nil && err != unix.EINTR || n == 0 {
					break
				}
				left -= max(n, 0)
			}
			s.unacked = true
		case opPeek:
			_, _, _ = unix.Recvfrom(s.fd, w.buf, unix.MSG_DONTWAIT)
		case opShutdown:
			_ = unix.Shutdown(s.fd, unix.SHUT_WR)
		case opEnd:
			for {
				n, err := unix.Read(s.fd, w.buf)
				if n == 0 || err != nil && err != unix.EINTR {
					break
				}
			}
		case opReuse:
			if disconnect(s.fd) != nil {
				_ = unix.Close(s.fd)
			} else {
				w.idle = append(w.idle, idleSocket{s.fd, s.source})
			}
			s.fd = -1
		case opClose:
			_ = unix.Close(s.fd)
			s.fd = -1
		case opSend:
			w.send(s, o.bytes, o.to)
		}
	}
	return lost
}
