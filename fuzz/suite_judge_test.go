package fuzz_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/internal/mutant"
	"netproctor/internal/mutant/chat"
	"netproctor/internal/mutant/download"
	"netproctor/internal/mutant/fileshare"
	"netproctor/internal/mutant/mailbox"
	"netproctor/internal/mutant/transfer"
	"netproctor/reference"
)

// suiteOf gives what a campaign by scenarios wants for a program in memory.
func suiteOf(t *testing.T, protocol string, main mainFunc, cases int) fuzz.Options {
	p, err := loaded(protocol, nil)
	require.NoError(t, err)
	target := &conformance.Func{Name: "test program", Disk: true, Main: func(ctx context.Context, e conformance.FuncEnv) int {
		return main(ctx, reference.Env{Args: e.Args, Dir: e.Dir, In: e.In, Out: e.Out, Listen: e.Listen, Dial: e.Dial, ListenPacket: e.ListenPacket})
	}}
	return fuzz.Options{Protocol: p, Target: target, Seed: 1, Cases: cases}
}

// named is the wrong program of that name.
func named(t *testing.T, table []mutant.Mutant, name string) mutant.Mutant {
	t.Helper()
	i := slices.IndexFunc(table, func(m mutant.Mutant) bool { return m.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return table[i]
}

// TestSuiteJudges finds programs that answer wrongly or not at all, says which
// requirement that breaks, and finds it again until it is mended.
func TestSuiteJudges(t *testing.T) {
	for _, w := range []struct {
		protocol, name string
		table          []mutant.Mutant
		kind           fuzz.Kind
	}{
		{"mailbox", "server-refuses-port-64000", mailbox.Servers, fuzz.Answer},
		{"mailbox", "client-refuses-port-1024", mailbox.Clients, fuzz.Answer},
		{"chat", "server-echoes", chat.Servers, fuzz.Answer},
		{"chat", "client-unable-silent", chat.Clients, fuzz.Answer},
		{"chat", "client-unable-goes-on", chat.Clients, fuzz.Hang},
		{"transfer", "server-del-empties", transfer.Servers, fuzz.Answer},
	} {
		t.Run(w.protocol+"/"+w.name, func(t *testing.T) {
			t.Parallel()
			m := named(t, w.table, w.name)
			o := suiteOf(t, w.protocol, m.Main, 200)
			var told []*fuzz.Finding
			o.Found = func(x *fuzz.Finding) error { told = append(told, x); return nil }
			c := runSuite(t, m.Role, o)
			require.Len(t, told, len(c.Findings)+len(c.Advice), "each was told of when it was verified")
			at := slices.IndexFunc(c.Findings, func(f *fuzz.Finding) bool { return f.Kind == w.kind && slices.Contains(f.Requirements, m.Breaks) })
			require.GreaterOrEqual(t, at, 0, "%s: %s", m.Why, signatures(c.Findings))
			f := c.Findings[at]
			require.Equal(t, 3, f.Verified)
			require.NotNil(t, f.Played)
			require.Equal(t, slices.Compact(signatures(c.Findings)), signatures(c.Findings), "each is there once")
			dir := t.TempDir()
			require.NoError(t, fuzz.Write(dir, c.Findings))
			requirePlayable(t, w.protocol, dir+"/"+f.Scenario)
			requireReplayed(t, dir, m, o, c.Findings)
		})
	}
}

// signatures gives those of findings, in order.
func signatures(list []*fuzz.Finding) (all []string) {
	for _, f := range list {
		all = append(all, f.Signature)
	}
	slices.Sort(all)
	return all
}

// runSuite runs a campaign in virtual time.
func runSuite(t *testing.T, role string, o fuzz.Options) (c *fuzz.Campaign) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		c, err = fuzz.RunSuite(t.Context(), role, o)
		require.NoError(t, err)
	})
	return c
}

// requireReplayed demands that findings are seen again, and not of a right
// program.
func requireReplayed(t *testing.T, dir string, m mutant.Mutant, o fuzz.Options, found []*fuzz.Finding) {
	findings, err := fuzz.Read(dir)
	require.NoError(t, err)
	require.Len(t, findings, len(found))
	ref, _ := reference.ByName(o.Protocol.Name)
	right := map[string]mainFunc{"server": ref.Server, "client": ref.Client}[m.Role]
	mended := suiteOf(t, o.Protocol.Name, right, 0)
	synctest.Test(t, func(t *testing.T) {
		list, err := fuzz.ReplaySuite(t.Context(), m.Role, o, findings)
		require.NoError(t, err)
		require.Len(t, list, len(findings))
		for _, r := range list {
			require.False(t, r.Fixed(), r.Signature)
		}
		list, err = fuzz.ReplaySuite(t.Context(), m.Role, mended, findings)
		require.NoError(t, err)
		for _, r := range list {
			require.True(t, r.Fixed(), "%s: %s", r.Signature, r.Evidence)
		}
	})
}

// TestSuiteOfUnusualPrograms finds nothing in right programs that go about it in
// their own way; of what is not required there may be advice. A sample of them is
// tried, and with SUITES=1 all, with all scenarios.
func TestSuiteOfUnusualPrograms(t *testing.T) {
	whole := os.Getenv("SUITES") != ""
	for protocol, variants := range map[string][]mutant.Variant{
		"mailbox":   slices.Concat(mailbox.ServerVariants, mailbox.ClientVariants),
		"download":  slices.Concat(download.ServerVariants, download.ClientVariants),
		"transfer":  slices.Concat(transfer.ServerVariants, transfer.ClientVariants),
		"chat":      slices.Concat(chat.ServerVariants, chat.ClientVariants),
		"fileshare": slices.Concat(fileshare.ServerVariants, fileshare.ClientVariants),
	} {
		for i, v := range variants {
			if !whole && i%16 != 0 && v.Lacks == "" {
				continue
			}
			t.Run(protocol+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				cases := 60
				if whole {
					cases = 400
				}
				c := runSuite(t, v.Role, suiteOf(t, protocol, v.Main, cases))
				for _, f := range c.Findings {
					t.Errorf("%s: %s", f.Signature, f.Evidence)
				}
				for _, f := range c.Advice {
					require.Equal(t, []string{v.Lacks}, f.Requirements, f.Evidence)
				}
			})
		}
	}
}

// TestSuiteIsStopped ends at once, with what was found.
func TestSuiteIsStopped(t *testing.T) {
	o := suiteOf(t, "chat", named(t, chat.Clients, "client-unable-silent").Main, 0)
	o.For = 1 << 62
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		o.Found = func(*fuzz.Finding) error { cancel(enough); return nil }
		c, err := fuzz.RunSuite(ctx, conformance.Client, o)
		require.NoError(t, err)
		require.Len(t, c.Findings, 1)
		require.Equal(t, "enough", c.Stopped)
	})
}

// TestSuiteEndsWhenFindingsCannotBeKept says why.
func TestSuiteEndsWhenFindingsCannotBeKept(t *testing.T) {
	o := suiteOf(t, "chat", named(t, chat.Clients, "client-unable-silent").Main, 60)
	full := errors.New("disk full")
	o.Found = func(*fuzz.Finding) error { return full }
	synctest.Test(t, func(t *testing.T) {
		_, err := fuzz.RunSuite(t.Context(), conformance.Client, o)
		require.ErrorIs(t, err, full)
	})
}
