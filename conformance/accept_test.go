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

// TestAttempts sees what a program tries where nobody listens, but of one that
// does so in its good runs, too.
func TestAttempts(t *testing.T) {
	guesses := func(always bool) *Func {
		return &Func{Name: "guesses", Main: func(ctx context.Context, e FuncEnv) int {
			if len(e.Args) == 0 || always {
				if c, err := e.Dial(ctx, "tcp", "127.0.0.1:5000"); err == nil {
					c.Close()
				}
			}
			return 0
		}}
	}
	good := &Start{Run: "good", Args: []Expr{Lit("1")}, Given: true}
	bad := &Start{Run: "bad", Given: true}
	for _, c := range []struct {
		name   string
		always bool
		steps  []Step
		want   Outcome
	}{
		{"at the bad run", false, []Step{good, &ExpectExit{Run: "good"}, bad, &ExpectExit{Run: "bad"}, &NoConnection{Attempts: true}}, Fail},
		{"not asked for", false, []Step{bad, &ExpectExit{Run: "bad"}, &NoConnection{}}, Pass},
		{"at a run before", false, []Step{bad, &ExpectExit{Run: "bad"}, good, &ExpectExit{Run: "good"}, &NoConnection{Attempts: true}}, Pass},
		{"at each run", true, []Step{good, &ExpectExit{Run: "good"}, bad, &ExpectExit{Run: "bad"}, &NoConnection{Attempts: true}}, Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Scenario{ID: "client/guesses/x", Steps: c.steps}
			synctest.Test(t, func(t *testing.T) {
				tr := Play(t.Context(), s, Program{}, guesses(c.always), PlayOptions{Seed: 1})
				v := Judge(s, tr, false)
				require.Equal(t, c.want, v.Outcome, "%+v", v.Finding)
				if c.want == Fail {
					require.Equal(t, "1 attempt to connect to a port where nobody listens", v.Finding.Got)
				}
			})
		})
	}
}

// A socketless sandbox makes no connection.
type socketless struct{ Sandbox }

func (socketless) Dial(context.Context, string, string) (net.Conn, error) { return nil, ErrNoSocket }

type socketlessTarget struct{ *Func }

func (t socketlessTarget) Open(ctx context.Context) (Sandbox, error) {
	box, err := t.Func.Open(ctx)
	return socketless{box}, err
}

// TestNoSocket takes the harness's own trouble for no answer of the program.
func TestNoSocket(t *testing.T) {
	listens := socketlessTarget{&Func{Name: "listens", Main: func(_ context.Context, e FuncEnv) int {
		l, err := e.Listen("tcp", net.JoinHostPort("127.0.0.1", e.Args[0]))
		if err == nil {
			_, _ = l.Accept()
		}
		return 0
	}}}
	s := &Scenario{ID: "server/busy/x", Steps: []Step{&Start{Run: defaultRun, Listens: true}, &Connect{Conn: defaultConn}}}
	synctest.Test(t, func(t *testing.T) {
		v := Judge(s, Play(t.Context(), s, Program{Args: []string{"{port}"}}, listens, PlayOptions{Seed: 1}), false)
		require.Equal(t, Broken, v.Outcome, "%+v", v.Finding)
	})
}

// An uncounting sandbox cannot tell at first how many connections were refused.
type uncounting struct {
	Sandbox
	times *int
}

func (b uncounting) RefusedDials() (uint64, error) {
	if *b.times++; *b.times == 1 {
		return 0, net.ErrClosed
	}
	return 7, nil
}

type uncountingTarget struct{ *Func }

func (t uncountingTarget) Open(ctx context.Context) (Sandbox, error) {
	box, err := t.Func.Open(ctx)
	return uncounting{box, new(int)}, err
}

// TestAttemptsUnknown says nothing of attempts where a count is missing.
func TestAttemptsUnknown(t *testing.T) {
	idle := uncountingTarget{&Func{Name: "idle", Main: func(context.Context, FuncEnv) int { return 0 }}}
	s := &Scenario{ID: "client/idle/x", Steps: []Step{&Start{Run: defaultRun, Given: true}, &ExpectExit{Run: defaultRun}, &NoConnection{Attempts: true}}}
	synctest.Test(t, func(t *testing.T) {
		v := Judge(s, Play(t.Context(), s, Program{}, idle, PlayOptions{Seed: 1}), false)
		require.Equal(t, Pass, v.Outcome, "%+v", v.Finding)
	})
}
