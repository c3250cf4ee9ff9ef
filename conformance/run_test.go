package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
)

// many is a suite of scenarios that begin alike and end apart.
func many(t *testing.T, n int) *conformance.Protocol {
	t.Helper()
	var suite strings.Builder
	suite.WriteString("load(\"protocol.star\", \"Ping\")\n")
	for i := range n {
		fmt.Fprintf(&suite, `
scenario(id = "server/ping/%d", covers = ["server.ping"], why = "w",
    steps = [start(), connect(), send(Ping(name = "x")), half_close(), expect(Ping(name = "pong")), expect_close(), pause("%ds")])
`, i, i+1)
	}
	p, err := load(tiny, suite.String(), conformance.LoadOptions{})
	require.NoError(t, err)
	return p
}

func runMany(t *testing.T, ctx context.Context, p *conformance.Protocol, server func(net.Conn), o conformance.RunOptions) *conformance.Report {
	t.Helper()
	r, err := conformance.Run(ctx, p, []conformance.Graded{{Role: "server", Target: serve(server)}}, o)
	require.NoError(t, err)
	return r
}

// TestSharedCause plays a step that fails for everybody a few times only.
func TestSharedCause(t *testing.T) {
	p := many(t, 100)
	synctest.Test(t, func(t *testing.T) {
		s := runMany(t, t.Context(), p, func(net.Conn) { time.Sleep(time.Hour) }, conformance.RunOptions{Jobs: 10}).Suites[0]
		played := 0
		for _, r := range s.Results {
			require.Equal(t, conformance.Fail, r.Outcome)
			require.Contains(t, r.Got, "nothing within 3.00 s")
			played += r.Attempts
			if r.Attempts == 0 {
				require.Contains(t, r.Reason, "not played: it begins like server/ping/")
			}
		}
		require.Less(t, played, 25)
	})
}

// TestOneFailureIsNoCause plays everything else although one scenario fails for
// certain: only what begins with all of its steps would fail too.
func TestOneFailureIsNoCause(t *testing.T) {
	p := many(t, 20)
	synctest.Test(t, func(t *testing.T) {
		s := runMany(t, t.Context(), p, answer("\x01\x02\x04pong"), conformance.RunOptions{}).Suites[0]
		for _, r := range s.Results {
			require.Equal(t, conformance.Pass, r.Outcome)
			require.Equal(t, 1, r.Attempts)
		}
	})
}

// TestStopped reports what was played and what was not when a run is stopped.
func TestStopped(t *testing.T) {
	p := many(t, 20)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(30*time.Second, func() { stop(errors.New("enough")) })
		r := runMany(t, ctx, p, answer("\x01\x02\x04pong"), conformance.RunOptions{Jobs: 1})
		require.Equal(t, "enough", r.Stopped)
		require.Equal(t, 3, r.Status())
		n := r.Suites[0].Outcomes()
		require.Equal(t, 20, n[conformance.Pass]+n[conformance.Skip])
		require.NotZero(t, n[conformance.Pass])
		require.NotZero(t, n[conformance.Skip])
		for _, res := range r.Suites[0].Results {
			require.Equal(t, res.Outcome == conformance.Skip, res.Reason == "not run: stopped before it")
		}
	})
}
