package conformance

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A lateTarget has listeners that are late to take what came, as on a busy machine.
type lateTarget struct {
	*Func
	late time.Duration
}

func (t lateTarget) Open(ctx context.Context) (Sandbox, error) {
	box, err := t.Func.Open(ctx)
	return lateBox{box, t.late}, err
}

type lateBox struct {
	Sandbox
	late time.Duration
}

func (b lateBox) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := b.Sandbox.Listen(ctx, network, address)
	return &lateListener{Listener: l, late: b.late}, err
}

type lateListener struct {
	net.Listener
	late   time.Duration
	queued atomic.Bool
}

func (l *lateListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.queued.Store(err == nil)
	time.Sleep(l.late)
	l.queued.Store(false)
	return c, err
}

func (l *lateListener) Queued() bool { return l.queued.Load() }

// TestConnectsAndEnds accepts the connection of a client that has ended before the
// harness could take it, and misses none that nobody allowed.
func TestConnectsAndEnds(t *testing.T) {
	hasty := lateTarget{&Func{Name: "hasty", Main: func(ctx context.Context, e FuncEnv) int {
		c, err := e.Dial(ctx, "tcp", net.JoinHostPort(e.Args[0], e.Args[1]))
		if err != nil {
			return 1
		}
		c.Close()
		return 0
	}}, time.Second}
	begin := []Step{&Listen{}, &Start{Run: defaultRun}}
	for _, c := range []struct {
		name  string
		steps []Step
		want  Outcome
	}{
		{"accept", []Step{&Accept{Conn: defaultConn}}, Pass},
		{"no connection", []Step{&ExpectExit{Run: defaultRun}, &NoConnection{}}, Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Scenario{ID: "client/hasty/" + c.name, Steps: append(begin[:len(begin):len(begin)], c.steps...)}
			synctest.Test(t, func(t *testing.T) {
				tr := Play(t.Context(), s, Program{Args: []string{"{host}", "{port}"}}, hasty, PlayOptions{Seed: 1})
				v := Judge(s, tr, false)
				require.Equal(t, c.want, v.Outcome, "%+v", v.Finding)
			})
		})
	}
}
