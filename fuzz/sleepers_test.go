package fuzz

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	mutants "netproctor/internal/mutant"
	"netproctor/internal/mutant/mailbox"
	"netproctor/reference"
	reference_mailbox "netproctor/reference/mailbox"
)

type mainFunc = func(context.Context, reference.Env) int

func inMemory(main mainFunc) *conformance.Func {
	return &conformance.Func{Name: "test server", Main: func(ctx context.Context, e conformance.FuncEnv) int {
		return main(ctx, reference.Env{Args: e.Args, In: e.In, Out: e.Out, Listen: e.Listen, Dial: e.Dial})
	}}
}

// stopOften plays stops, each on a fresh program, and gives the first fault.
func stopOften(t *testing.T, main mainFunc, count int) (f *fault, requirements []string) {
	with := modelled(Options{Protocol: load(t, "mailbox"), Target: inMemory(main), Seed: 1, Gap: time.Second})
	o := &with
	synctest.Test(t, func(t *testing.T) {
		s := newSleepers(o, newGenerator(o))
		for n := 0; n < count && f == nil; n++ {
			x := s.draw(0, n)
			f = o.probeStop(t.Context(), x)
			requirements = o.gapRequirements(x)
		}
	})
	return f, requirements
}

func TestGapsAreBorneByRightServers(t *testing.T) {
	right := map[string]mainFunc{"reference": func(ctx context.Context, e reference.Env) int {
		return reference_mailbox.ServerMain(ctx, e.Args, e.Out, e.Listen)
	}}
	for _, v := range mailbox.ServerVariants {
		right[v.Name] = v.Main
	}
	for name, main := range right {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := stopOften(t, main, 60)
			require.Nil(t, f)
		})
	}
}

func TestGapsAreFound(t *testing.T) {
	wrong := map[string]struct {
		kind   Kind
		breaks []string
	}{
		"server-no-timer":            {Hang, []string{"server.header-gap", "server.body-gap", "server.idle-connection"}},
		"server-timer-of-3-seconds":  {Hang, []string{"server.header-gap", "server.body-gap", "server.idle-connection"}},
		"server-timer-of-the-header": {Hang, []string{"server.body-gap"}},
		"server-header-in-one-recv":  {Silence, []string{"server.fragments"}},
		"server-body-in-one-recv":    {Silence, []string{"server.fragments"}},
		"server-gap-uncaught":        {Exception, []string{"server.header-gap", "server.body-gap", "server.idle-connection"}},
	}
	for _, m := range mailbox.Servers {
		want, chosen := wrong[m.Name]
		if !chosen {
			continue
		}
		delete(wrong, m.Name)
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			f, requirements := stopOften(t, m.Main, 60)
			require.NotNil(t, f, m.Why)
			require.Equal(t, want.kind, f.kind, f.evidence)
			require.Len(t, requirements, 1)
			require.True(t, slices.Contains(want.breaks, requirements[0]), requirements)
		})
	}
	require.Empty(t, wrong, "these are not in the table")
}

// TestSleepersFindings lets a campaign of a few cases wait for its sleepers, and
// plays what they find again.
func TestSleepersFindings(t *testing.T) {
	i := slices.IndexFunc(mailbox.Servers, func(m mutants.Mutant) bool { return m.Name == "server-no-timer" })
	o := modelled(Options{Protocol: load(t, "mailbox"), Target: inMemory(mailbox.Servers[i].Main), Seed: 1, Gap: time.Second, Cases: 3})
	synctest.Test(t, func(t *testing.T) {
		c, err := Run(t.Context(), o)
		require.NoError(t, err)
		require.GreaterOrEqual(t, c.Gaps, mostSleepers)
		require.NotEmpty(t, c.Findings)
		dir := t.TempDir()
		require.NoError(t, Write(dir, c.Findings))
		findings, err := Read(dir)
		require.NoError(t, err)
		again, err := Replay(t.Context(), o, findings)
		require.NoError(t, err)
		for _, r := range again {
			require.NotNil(t, r.Gap)
			require.Equal(t, verifications, r.Seen)
		}
	})
}
