package fuzz

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/probe"
)

// countedTarget is a program whose counters are mapped in each sandbox.
type countedTarget struct {
	conformance.Target
	probe *probe.Probe
	t     *testing.T
}

func (c countedTarget) Open(ctx context.Context) (conformance.Sandbox, error) {
	box, err := c.Target.Open(ctx)
	if err != nil {
		return nil, err
	}
	root, err := box.Files()
	require.NoError(c.t, err)
	defer root.Close()
	counters, err := c.probe.Open(root)
	require.NoError(c.t, err)
	return box, counters.Close()
}

// TestCountedProgramsAreRight grades right servers with counters in them. They
// must be as right as without, in a sample that PROGRAMS=all makes larger and
// PROGRAMS=whole the whole suite.
func TestCountedProgramsAreRight(t *testing.T) {
	for _, x := range []struct {
		protocol string
		language *language
	}{{"mailbox", inPython}, {"download", inPython}, {"mailbox", inGo}, {"mailbox", inC}} {
		if x.protocol != "mailbox" && os.Getenv("PROGRAMS") == "" {
			continue
		}
		t.Run(x.protocol+"/"+x.language.name, func(t *testing.T) {
			t.Parallel()
			o := x.language.guided(t, x.protocol, x.language.right(t, x.protocol))
			only := []string{"server/fragments/*", "server/bind-error/*", "server/header-gap/after-3"}
			switch os.Getenv("PROGRAMS") {
			case "all":
				only = append(only, "server/loops/*", "server/reset/*", "server.port-range", "server.no-traceback")
			case "whole":
				only = nil
			}
			target := countedTarget{o.Guidance.Target, o.Guidance.Probe, t}
			report, err := conformance.Run(t.Context(), o.Protocol, []conformance.Graded{{Role: conformance.Server, Target: target}}, conformance.RunOptions{Seed: 1, Only: only})
			require.NoError(t, err)
			suite := &report.Suites[0]
			require.NotZero(t, suite.Score.Possible)
			require.Equal(t, suite.Score.Possible, suite.Score.Earned)
			for _, r := range suite.Requirements {
				if r.ID != "server.extra-bytes" { // it does not meet that one without counters either
					require.NotEqual(t, conformance.Fail, r.Outcome, r.ID)
				}
			}
			t.Logf("%d of %d requirements, %v", suite.Score.Earned, suite.Score.Possible, suite.Outcomes())
		})
	}
}
