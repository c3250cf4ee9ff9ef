package fuzz

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/probe"
	"netproctor/internal/proc"
)

// A hidden mistake is one behind a constant or a state: python-good with a few
// lines in it.
type hidden struct {
	name, protocol string
	where, what    string // these lines go before that one
}

// Where lines are put: behind what a request is known to be.
const (
	afterMailbox  = "    if ident == CREATE:\n        store."
	afterDownload = "    data = load_file(name)"
)

var hiddenMistakes = []hidden{
	{"receiver-by-name", "mailbox", afterMailbox, `
    if ident == CREATE and receiver == b"admin42":
        raise KeyError("admin42")
`},
	{"third-read-after-script", "mailbox", afterMailbox, `
    armed = store.setdefault(None, {})
    if ident == CREATE and message.startswith(b"#!"):
        armed[receiver] = 0
    if ident == READ and name in armed:
        armed[name] += 1
        if armed[name] == 3:
            conn.sendall(build_response([], True))
            return
`},
	{"message-of-4919-bytes", "mailbox", afterMailbox, `
    if len(message) == 0x1337:
        message = message[:-1]
`},
	{"over-300-messages", "mailbox", afterMailbox, `
    if ident == CREATE and len(store.get(receiver, [])) >= 300:
        store[receiver] = store[receiver][1:]
`},
	{"nested", "mailbox", afterMailbox, `
    if ident == CREATE and name == b"root":
        if message.startswith(b"/"):
            if len(receiver) == 77:
                sys.exit("Error: no such command")
`},
	{"two-steps", "mailbox", afterMailbox, `
    steps = store.setdefault(None, {})
    if ident == CREATE and message == b"LOGIN":
        steps[name] = 1
    elif ident == CREATE and message == b"CONFIRM" and steps.get(name) == 1:
        raise ValueError("confirmed twice")
`},
	{"to-oneself-five-times", "mailbox", afterMailbox, `
    if ident == CREATE and name == receiver:
        if [sender for sender, _ in store.get(receiver, [])].count(name) >= 5:
            raise IndexError("mailbox")
`},
	{"sum-of-lengths", "mailbox", afterMailbox, `
    if ident == CREATE and len(name) + len(receiver) == 200:
        if len(message) > 1000:
            receiver = receiver[:-1]
`},
	{"backup-of-home", "download", afterDownload, `
    if name.startswith("~") and name.endswith(".bak"):
        raise FileNotFoundError_()
`},
	{"name-of-777-bytes", "download", afterDownload, `
    if len(name) == 777:
        return
`},
	{"seventeen-misses", "download", afterDownload, `
    misses = globals().setdefault("misses", {})
    misses[name] = misses.get(name, 0) + 1
    if misses[name] == 17 and name.startswith("x"):
        conn.sendall(build_header(FOUND, 0))
        return
`},
}

// submission writes the program with the mistake into a folder.
func (h *hidden) submission(t testing.TB) string {
	source, err := os.ReadFile(filepath.Join("../conformance/testdata/programs", h.protocol, "python-good/server.py"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(source), h.where))
	dir := t.TempDir()
	wrong := strings.Replace(string(source), h.where, h.what[1:]+h.where, 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.py"), []byte(wrong), 0o644))
	return dir
}

// options are those of a campaign against a Python server.
func pythonOptions(t testing.TB, protocol, dir string) Options {
	interpreter, err := proc.Executable("python3")
	if err != nil {
		t.Skip(err)
	}
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { iso.Close() })
	words := []string{interpreter, "server.py"}
	target, err := conformance.NewCommand(words, iso)
	require.NoError(t, err)
	o := Options{Protocol: load(t, protocol), Target: target}
	o.Model = map[string]Model{"mailbox": mailboxModel{}, "download": downloadModel(downloadFiles)}[protocol]
	if protocol == "download" {
		o.Files = downloadFiles
	}
	p, err := probe.Python(t.Context(), words, dir)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	counted, err := conformance.NewCommand(p.Command, iso)
	require.NoError(t, err)
	o.Guidance = &Guidance{Dictionary: Dictionary{p.Words, p.Numbers}, Probe: p, Target: counted}
	return o
}

// ways are how a campaign may be guided.
var ways = []struct {
	name string
	make func(g Guidance) *Guidance
}{
	{"plain", func(Guidance) *Guidance { return nil }},
	{"dictionary", func(g Guidance) *Guidance { return &Guidance{Dictionary: g.Dictionary, blind: true} }},
	{"outside", func(g Guidance) *Guidance { return &Guidance{Dictionary: g.Dictionary} }},
	{"counters", func(g Guidance) *Guidance { return &Guidance{Probe: g.Probe, Target: g.Target} }},
	{"all", func(g Guidance) *Guidance { return &g }},
}

// TestGuidancePays looks for hidden mistakes in every way and prints how long it
// takes. GUIDANCE is for how long each is looked for, such as 60s; GUIDANCE_ONLY
// and GUIDANCE_WAYS name some, GUIDANCE_SEEDS says how many times, GUIDANCE_VISITS
// bounds the visits.
func TestGuidancePays(t *testing.T) {
	limit, err := time.ParseDuration(os.Getenv("GUIDANCE"))
	if err != nil {
		t.Skip("set GUIDANCE=60s to compare")
	}
	seeds, _ := strconv.Atoi(cmp.Or(os.Getenv("GUIDANCE_SEEDS"), "3"))
	for _, h := range hiddenMistakes {
		if !strings.Contains(h.name, os.Getenv("GUIDANCE_ONLY")) {
			continue
		}
		o := pythonOptions(t, h.protocol, h.submission(t))
		for _, way := range ways {
			if only := os.Getenv("GUIDANCE_WAYS"); only != "" && !strings.Contains(only, way.name) {
				continue
			}
			line := fmt.Sprintf("%-24s %-10s", h.name, way.name)
			for seed := range seeds {
				o := o
				o.Guidance, o.Seed = way.make(*o.Guidance), uint64(seed+1)
				line += look(t, &o, limit)
			}
			fmt.Println(line)
		}
	}
}

// TestGuidanceFinds looks for two of them with all that there is.
func TestGuidanceFinds(t *testing.T) {
	for _, h := range hiddenMistakes {
		if h.name != "third-read-after-script" && h.name != "name-of-777-bytes" {
			continue
		}
		o := pythonOptions(t, h.protocol, h.submission(t))
		o.Seed = 1
		said := look(t, &o, time.Minute)
		require.NotContains(t, said, "none", h.name)
		t.Logf("%s%s", h.name, said)
	}
}

// look looks for a mistake until it is found.
func look(t *testing.T, o *Options, limit time.Duration) string {
	processors, undo := pin()
	defer undo()
	o.processors = processors
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	o.For = limit
	c := newCampaign(o)
	require.NoError(t, c.fresh(ctx, 0))
	defer c.drop()
	most, _ := strconv.Atoi(cmp.Or(os.Getenv("GUIDANCE_VISITS"), "1000000"))
	for i := 0; goesOn(ctx, i, o.Cases, c.began, o.For) && len(c.findings) == 0 && c.visits < most; i++ {
		if err := c.play(ctx, i); err != nil {
			break
		}
		c.cases++
		if err := c.guided(ctx, i); err != nil {
			break
		}
	}
	if len(c.findings) == 0 {
		rate := float64(c.visits) / time.Since(c.began).Seconds()
		t.Logf("%d histories, %d cases, %v, %d starts", len(c.generator.histories), c.cases, c.guide, c.starts)
		return fmt.Sprintf(" | none in %d visits, %.0f/s", c.visits, rate)
	}
	f := c.findings[0]
	return fmt.Sprintf(" | %.1f s, %d visits (%s, %d sends, unexplained %d)", f.FoundAfter, c.visits, f.Signature, len(f.Sends), c.unexplained)
}

// BenchmarkProbe plays the same cases on a program without and with counters, in
// turns, and compares what a visit costs: in time, and in the program's own
// processor time, which a busy machine does not change.
func BenchmarkProbe(b *testing.B) {
	for _, protocol := range []string{"mailbox", "download"} {
		b.Run(protocol, func(b *testing.B) {
			dir, err := filepath.Abs(filepath.Join("../conformance/testdata/programs", protocol, "python-good"))
			require.NoError(b, err)
			o := pythonOptions(b, protocol, dir)
			o.Seed = 1
			processors, undo := pin()
			defer undo()
			o.processors = processors
			bare := o
			bare.Guidance = nil
			sides := []*campaign{newCampaign(&bare), newCampaign(&o)}
			var took, used [2]time.Duration
			for i, c := range sides {
				require.NoError(b, c.fresh(b.Context(), 0))
				defer c.drop()
				used[i] = cpuOf(b, c)
			}
			first := len(sides[0].generator.histories)
			b.ResetTimer()
			for from := 0; from < b.N; from += 100 {
				for i, c := range sides {
					began := time.Now()
					for at := range 100 {
						require.NoError(b, c.play(b.Context(), first+from+at))
					}
					took[i] += time.Since(began)
				}
			}
			for i, c := range sides {
				require.Empty(b, c.findings)
				used[i] = cpuOf(b, c) - used[i]
			}
			b.ReportMetric(float64(sides[0].visits)/took[0].Seconds(), "bare/s")
			b.ReportMetric(float64(sides[1].visits)/took[1].Seconds(), "counted/s")
			b.ReportMetric(100*(took[1].Seconds()/took[0].Seconds()-1), "%time")
			b.ReportMetric(100*(used[1].Seconds()/used[0].Seconds()-1), "%cpu")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func cpuOf(t testing.TB, c *campaign) time.Duration {
	v, err := c.program.process.Vitals()
	require.NoError(t, err)
	return v.CPU
}
