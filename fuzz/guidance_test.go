package fuzz

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/probe"
	"netproctor/internal/proc"
)

// A hidden mistake is one behind a constant or a state: a right server with a few
// lines in it.
type hidden struct {
	name, protocol string
	where          place
	what           string // these lines go before that one
}

// A place is behind what a request is known to be, in the source of a server.
type place struct {
	language *language
	line     string
}

// A language says how a server is made of its source.
type language struct {
	name, tool, file string
	source           string // of a protocol's right server
	build            []string
	words            []string
}

var (
	inPython = &language{"python", "python3", "server.py", "../conformance/testdata/programs/%s/python-good", nil, []string{"python3", "server.py"}}
	inGo     = &language{"go", "go", "server.go", "testdata/go-%s", []string{"go", "build", "-o", "server", "server.go"}, []string{"./server"}}
	inC      = &language{"c", "cc", "server.c", "../conformance/testdata/programs/%s/c-good", []string{"cc", "-O2", "-o", "server", "server.c"}, []string{"./server"}}

	afterMailbox  = place{inPython, "    if ident == CREATE:\n        store."}
	afterDownload = place{inPython, "    data = load_file(name)"}
	afterGo       = place{inGo, "\tif kind == create {\n"}
	afterC        = place{inC, "    if (h[2] == CREATE)\n        create("}
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

var compiledMistakes = []hidden{
	{"receiver-by-name", "mailbox", afterGo, `
	if kind == create && receiver == "admin42" {
		panic("admin42")
	}
`},
	{"third-read-after-script", "mailbox", afterGo, `
	if kind == create && len(text) > 1 && string(text[:2]) == "#!" {
		reads[receiver] = 1
	}
	if kind == read && reads[name] > 0 {
		if reads[name]++; reads[name] == 4 {
			return []byte{magic >> 8, magic & 0xFF, response, 0, 1}, nil
		}
	}
`},
	{"message-of-4919-bytes", "mailbox", afterGo, `
	if len(text) == 0x1337 {
		text = text[1:]
	}
`},
	{"over-300-messages", "mailbox", afterGo, `
	if kind == create && len(s.boxes[receiver]) >= 300 {
		s.boxes[receiver] = s.boxes[receiver][1:]
	}
`},
	{"nested", "mailbox", afterGo, `
	if kind == create && name == "root" {
		if text[0] == '/' {
			if len(receiver) == 77 {
				os.Exit(1)
			}
		}
	}
`},
	{"two-steps", "mailbox", afterGo, `
	if kind == create && string(text) == "LOGIN" {
		reads[name] = -1
	} else if kind == create && string(text) == "CONFIRM" && reads[name] == -1 {
		panic("confirmed twice")
	}
`},
	{"receiver-by-name", "mailbox", afterC, `
    if (h[2] == CREATE && h[4] == 7 && memcmp(body + h[3], "admin42", 7) == 0)
        abort();
`},
	{"third-read-after-script", "mailbox", afterC, `
    static unsigned char armed[256], armed_len, reads;
    if (h[2] == CREATE && message_len > 1 && memcmp(body + h[3] + h[4], "#!", 2) == 0) {
        memcpy(armed, body + h[3], armed_len = h[4]);
        reads = 0;
    }
    if (h[2] == READ && h[3] == armed_len && memcmp(body, armed, armed_len) == 0 && ++reads == 3) {
        send(fd, "\xAE\x73\x03\x00\x01", 5, 0);
        return;
    }
`},
	{"message-of-4919-bytes", "mailbox", afterC, `
    if (message_len == 0x1337)
        message_len--;
`},
	{"over-300-messages", "mailbox", afterC, `
    if (h[2] == CREATE) {
        struct box *full = find_box(body + h[3], h[4]);
        int waiting = 0;
        for (struct message *m = full != NULL ? full->first : NULL; m != NULL; m = m->next)
            waiting++;
        if (waiting >= 300)
            full->first = full->first->next;
    }
`},
	{"nested", "mailbox", afterC, `
    if (h[2] == CREATE && h[3] == 4 && memcmp(body, "root", 4) == 0)
        if (body[h[3] + h[4]] == '/')
            if (h[4] == 77)
                exit(1);
`},
	{"two-steps", "mailbox", afterC, `
    static unsigned char who[256], who_len;
    const unsigned char *text = body + h[3] + h[4];
    if (h[2] == CREATE && message_len == 5 && memcmp(text, "LOGIN", 5) == 0) {
        memcpy(who, body, who_len = h[3]);
    } else if (h[2] == CREATE && message_len == 7 && memcmp(text, "CONFIRM", 7) == 0) {
        if (h[3] == who_len && memcmp(who, body, who_len) == 0)
            abort();
    }
`},
}

// goCounts is what some of the mistakes in Go count in.
const goCounts = "\nvar reads = map[string]int{}\n"

// String names a mistake.
func (h *hidden) String() string { return h.where.language.name + "/" + h.name }

// submission makes the program with the mistake in a folder.
func (h *hidden) submission(t testing.TB) string {
	l := h.where.language
	source, err := os.ReadFile(filepath.Join(fmt.Sprintf(l.source, h.protocol), l.file))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(source), h.where.line))
	wrong := strings.Replace(string(source), h.where.line, h.what[1:]+h.where.line, 1)
	if strings.Contains(h.what, "reads[") && l == inGo {
		wrong += goCounts
	}
	return l.made(t, []byte(wrong))
}

// right makes the program without a mistake.
func (l *language) right(t testing.TB, protocol string) string {
	source, err := os.ReadFile(filepath.Join(fmt.Sprintf(l.source, protocol), l.file))
	require.NoError(t, err)
	return l.made(t, source)
}

// made makes a program of its source, in a folder.
func (l *language) made(t testing.TB, source []byte) string {
	if _, err := exec.LookPath(l.tool); err != nil {
		if os.Getenv("NETPROCTOR_TOOLCHAINS") == "required" {
			t.Fatalf("toolchain %s is required: %v", l.tool, err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, l.file), source, 0o644))
	if len(l.build) > 0 {
		c := exec.Command(l.build[0], l.build[1:]...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return dir
}

// guided gives the options of a campaign against such a server in a folder.
func (l *language) guided(t testing.TB, protocol, dir string) Options {
	iso, err := proc.New(proc.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { iso.Close() })
	words := slices.Clone(l.words)
	words[0], err = proc.Executable(words[0])
	require.NoError(t, err)
	target, err := conformance.NewCommand(words, iso)
	require.NoError(t, err)
	o := modelled(Options{Protocol: load(t, protocol), Target: target})
	p, err := probe.New(t.Context(), words, dir)
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
	most, _ := strconv.Atoi(cmp.Or(os.Getenv("GUIDANCE_VISITS"), "1000000"))
	for _, h := range slices.Concat(hiddenMistakes, compiledMistakes) {
		if !strings.Contains(h.String(), os.Getenv("GUIDANCE_ONLY")) {
			continue
		}
		o := h.where.language.guided(t, h.protocol, h.submission(t))
		for _, way := range ways {
			if only := os.Getenv("GUIDANCE_WAYS"); only != "" && !strings.Contains(only, way.name) {
				continue
			}
			line := fmt.Sprintf("%-30s %-10s", &h, way.name)
			for seed := range seeds {
				o := o
				o.Guidance, o.Seed = way.make(*o.Guidance), uint64(seed+1)
				line += look(t, &o, limit, most)
			}
			fmt.Println(line)
		}
	}
}

// TestGuidanceFinds looks for some of them with all that there is, and without: one
// in C, and more with PROGRAMS=all.
func TestGuidanceFinds(t *testing.T) {
	const most, limit = 10_000, 5 * time.Minute // visits, of which a busy machine plays few a second
	for _, h := range slices.Concat(hiddenMistakes, compiledMistakes) {
		isPython := h.where.language == inPython
		switch all := os.Getenv("PROGRAMS") != ""; {
		case h.name == "third-read-after-script" && (all || h.where.language == inC):
		case h.name == "name-of-777-bytes" && all:
		case h.name == "receiver-by-name" && all && !isPython:
		default:
			continue
		}
		t.Run(h.String(), func(t *testing.T) {
			o := h.where.language.guided(t, h.protocol, h.submission(t))
			o.Seed = 1
			if isPython {
				require.NotContains(t, look(t, &o, limit, 1_000_000), "none")
				return
			}
			require.NotContains(t, look(t, &o, limit, most), "none")
			o.Guidance = nil
			require.Contains(t, look(t, &o, limit, most), "none", "that is what guidance is for")
		})
	}
}

// TestGuidedRightPrograms has no findings in right programs that have counters.
func TestGuidedRightPrograms(t *testing.T) {
	for _, l := range []*language{inPython, inGo, inC} {
		t.Run(l.name, func(t *testing.T) {
			o := l.guided(t, "mailbox", l.right(t, "mailbox"))
			o.Seed, o.Cases = 3, 2000
			c, err := Run(t.Context(), o)
			require.NoError(t, err)
			require.Empty(t, c.Stopped)
			require.Empty(t, c.Findings)
			require.Greater(t, c.Guided, 100)
			require.False(t, c.Blind)
			require.NotEmpty(t, c.Missed, "nobody gave it a wrong port")
		})
	}
}

// look looks for a mistake until it is found.
func look(t *testing.T, o *Options, limit time.Duration, most int) string {
	processors, undo := pin(0)
	defer undo()
	o.processors = processors
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	o.For = limit
	c := newCampaign(o)
	require.NoError(t, c.fresh(ctx, 0))
	defer c.drop()
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
		t.Logf("%d histories, %d cases, %v, %d starts, missed %v", len(c.generator.histories), c.cases, c.guide, c.starts, c.guide.all().missed())
		return fmt.Sprintf(" | none in %d visits, %.0f/s", c.visits, rate)
	}
	f := c.findings[0]
	return fmt.Sprintf(" | %.1f s, %d visits (%s, %d sends, unexplained %d)", f.FoundAfter, c.visits, f.Signature, len(f.Sends), c.unexplained)
}

// BenchmarkProbe plays the same cases on a program without and with counters, in
// turns, and compares what a visit costs: in time, and in the program's own
// processor time, which a busy machine does not change.
func BenchmarkProbe(b *testing.B) {
	for _, x := range []struct {
		protocol string
		language *language
	}{{"mailbox", inPython}, {"download", inPython}, {"mailbox", inGo}, {"mailbox", inC}} {
		b.Run(x.protocol+"/"+x.language.name, func(b *testing.B) {
			o := x.language.guided(b, x.protocol, x.language.right(b, x.protocol))
			o.Seed = 1
			processors, undo := pin(0)
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
