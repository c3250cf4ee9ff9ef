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
// same files. Where the server says less than it did, because nobody has waited for
// it to rest, the wait is a stall, and does not count.
//
// Player and server share a processor, so both rates are what they take of it
// together: "cpu-%" is the rate of the one by that of the other as it is, other
// programs aside.
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
	var judged, bare effort
	told, stalls := 0, 0
	b.ResetTimer()
	played := 0
	for ; played < b.N; played += slice {
		if played%freshHistories == 0 && played > 0 {
			require.NoError(b, c.fresh(ctx))
		}
		c.slice(b, played, slice)
		c.player.w.tape = &tape{ops: make([]op, 0, 1<<14)}
		before := c.player.told
		judged.of(b, c, func() (lost time.Duration) { c.slice(b, played, slice); return 0 })
		told += c.player.told - before
		ops := c.player.w.tape.ops
		c.player.w.tape = nil
		bare.of(b, c, func() (lost time.Duration) {
			lost, n := c.player.bare(b, ops)
			stalls += n
			return lost
		})
	}
	n := float64(played)
	b.ReportMetric(n/judged.wall.Seconds(), "judged/s")
	b.ReportMetric(n/bare.wall.Seconds(), "bare/s")
	b.ReportMetric(100*bare.wall.Seconds()/judged.wall.Seconds(), "%")
	b.ReportMetric(100*(bare.player+bare.server).Seconds()/(judged.player+judged.server).Seconds(), "cpu-%")
	b.ReportMetric(float64(told)/judged.wall.Seconds(), "exchanges/s")
	b.ReportMetric(float64(stalls)/n, "stalls")
	for name, e := range map[string]effort{"judged": judged, "bare": bare} {
		b.ReportMetric(float64(e.player.Microseconds())/n, name+"-cpu-µs")
		b.ReportMetric(float64(e.server.Microseconds())/n, name+"-server-µs")
	}
	b.ReportMetric(0, "ns/op")
}

// An effort is how long something has taken, and how much of a processor.
type effort struct{ wall, player, server time.Duration }

// of adds what a function takes but for what it has waited in vain.
func (e *effort) of(b *testing.B, c *turns, do func() (lost time.Duration)) {
	before, err := c.player.p.process.Vitals()
	require.NoError(b, err)
	began, used := time.Now(), threadCPU(b)
	lost := do()
	e.wall, e.player = e.wall+time.Since(began)-lost, e.player+threadCPU(b)-used
	after, err := c.player.p.process.Vitals()
	require.NoError(b, err)
	e.server += after.CPU - before.CPU
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

// bare does what a tape says, and gives for how long and how often it has waited in
// vain.
func (c *player) bare(b *testing.B, ops []op) (lost time.Duration, stalls int) {
	w := &c.w
	// stalled tells whether a call that began then has come to nothing.
	stalled := func(err error, began time.Time) bool {
		if err == unix.EAGAIN {
			lost += time.Since(began)
			stalls++
		}
		return err != nil && err != unix.EINTR
	}
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
				began := time.Now()
				n, err := unix.Write(s.fd, rest)
				if stalled(err, began) {
					break
				}
				rest = rest[max(n, 0):]
			}
		case opRead:
			s.acknowledge()
			for left := o.count; left > 0; {
				began := time.Now()
				n, err := unix.Read(s.fd, w.buf[:min(left, len(w.buf))])
				if stalled(err, began) || n == 0 {
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
				began := time.Now()
				n, err := unix.Read(s.fd, w.buf)
				if stalled(err, began) || n == 0 {
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
		case opOpen:
			require.NoError(b, w.openDatagram(c.ctx, s, s.fd))
		case opRenew:
			w.renew(s)
		}
	}
	return lost, stalls
}
