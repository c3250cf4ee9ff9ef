package conformance

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slowExpr is a message that takes long to make.
type slowExpr struct{ takes time.Duration }

func (e slowExpr) bytes(*binding) ([]byte, error) { time.Sleep(e.takes); return []byte("late"), nil }
func (e slowExpr) star() string                   { return "slow()" }

// TestSlowMessageIsTheHarnesssLateness holds that a failure is not believed if
// the program had to wait while the harness made the message.
func TestSlowMessageIsTheHarnesssLateness(t *testing.T) {
	impatient := &Func{Name: "impatient", Main: func(ctx context.Context, e FuncEnv) int {
		l, err := e.Listen("tcp", ":"+e.Args[0])
		if err != nil {
			return 1
		}
		c, err := l.Accept()
		if err != nil {
			return 0
		}
		c.Read(make([]byte, 1))
		c.Close()
		<-ctx.Done()
		return 0
	}}
	for takes, disturbed := range map[time.Duration]bool{50 * time.Millisecond: false, 1200 * time.Millisecond: true} {
		s := &Scenario{ID: "server/slow/one", Steps: []Step{
			&Start{Run: defaultRun, Listens: true},
			&Connect{Conn: defaultConn},
			&Send{Conn: defaultConn, What: slowExpr{takes}},
			&Expect{Conn: defaultConn, What: Lit("answer")},
		}}
		synctest.Test(t, func(t *testing.T) {
			tr := Play(t.Context(), s, Program{Args: []string{"{port}"}}, impatient, PlayOptions{Seed: 1})
			v := Judge(s, tr, false)
			require.Equal(t, Fail, v.Outcome)
			require.Equal(t, disturbed, tr.disturbs(v.Finding), "the message took %s", takes)
			require.GreaterOrEqual(t, tr.Lateness, takes)
		})
	}
}

// TestSampleIsMadeOnce holds that a message which repeats a large sample costs
// one: the program waits for it.
func TestSampleIsMadeOnce(t *testing.T) {
	b := newBinding(&Transcript{Scenario: "s", Seed: 1}, newView())
	one, err := Sample{"x", 65535, sampleWord}.bytes(b)
	require.NoError(t, err)
	two, err := Sample{"x", 65535, sampleWord}.bytes(b)
	require.NoError(t, err)
	require.Same(t, &one[0], &two[0])
}
