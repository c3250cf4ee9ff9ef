package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"netproctor/conformance"
	"netproctor/fuzz"
)

// fuzzVerb fuzzes a server or a client.
type fuzzVerb struct {
	Protocol   string        `arg:"" help:"Which protocol."`
	Server     string        `help:"Command that starts the server under test." placeholder:"CMD"`
	Client     string        `help:"Command that starts the client under test." placeholder:"CMD"`
	Dir        string        `help:"The submission: copied afresh for every start, and the program's working directory." placeholder:"DIR"`
	For        time.Duration `help:"How long." default:"60s"`
	Cases      int           `help:"Play exactly so many cases, however long it takes." placeholder:"N"`
	Workers    int           `help:"How many programs of it are fuzzed side by side, each on a processor of its own if there are enough." default:"1"`
	Seed       uint64        `help:"Seed of the cases (0: a random one, which is printed)." default:"0"`
	Model      bool          `help:"Play only a state machine on it: histories of clients that depend on each other."`
	First      bool          `help:"Stop at the first finding."`
	Out        string        `help:"Folder for findings.json, and for each finding a scenario, a Python program and a seed." placeholder:"DIR"`
	Replay     string        `help:"Play the findings in this folder again, and say which are fixed." placeholder:"DIR"`
	Cold       bool          `help:"Start Python programs by their command each time, and not from an interpreter that has everything loaded."`
	Isolation  string        `help:"How programs are kept apart: auto, namespaces or none." default:"auto"`
	NoGuidance bool          `help:"Play only the cases that follow from the seed: none that are made from the program's source and from what was new."`
	source     `embed:""`
}

// Run implements the verb.
func (v *fuzzVerb) Run(a *app) error {
	p, err := v.load(v.Protocol)
	if err != nil {
		return err
	}
	if v.Cases < 0 || v.For <= 0 || v.Workers <= 0 {
		return usage("--cases wants 0 or more, --for and --workers more than 0, got %d, %s and %d", v.Cases, v.For, v.Workers)
	}
	role := conformance.Server
	if v.Client != "" {
		role = conformance.Client
	}
	if v.Server != "" && v.Client != "" {
		return usage("wanted --server or --client, got both")
	}
	g := gradeVerb{Server: v.Server, Client: v.Client, Dir: v.Dir, Isolation: v.Isolation, source: v.source}
	graded, done, err := g.graded(p)
	if err != nil {
		return err
	}
	defer done()
	i := slices.IndexFunc(graded, func(g conformance.Graded) bool { return g.Role == role })
	if i < 0 {
		return usage("--dir %s: no %s in it; give its command with --%s", v.Dir, role, role)
	}
	if v.Seed == 0 {
		v.Seed = uint64(rand.Uint32())
	}
	if v.Replay != "" {
		return v.replay(a, p, graded[i])
	}
	return v.campaign(a, p, graded[i])
}

// campaign runs what there is for a program, and tells what came of it.
func (v *fuzzVerb) campaign(a *app, p *conformance.Protocol, g conformance.Graded) error {
	ctx, stop := context.WithCancelCause(a.ctx)
	defer stop(nil)
	parts, done, err := v.parts(a, p, g)
	if err != nil {
		return err
	}
	defer done()
	found := func(all []*fuzz.Finding) error {
		if v.First && slices.ContainsFunc(all, func(x *fuzz.Finding) bool { return x.Level != conformance.Should }) {
			stop(errFirst)
		}
		if v.Out == "" {
			return nil
		}
		return fuzz.Write(v.Out, all)
	}
	c, err := fuzz.Beside(ctx, found, func(n fuzz.Progress) { tellFuzz(a.err, n) }, parts...)
	return v.over(a, c, err)
}

var errFirst = errors.New("something was found")

// over writes and tells what came of a campaign.
func (v *fuzzVerb) over(a *app, c *fuzz.Campaign, err error) error {
	switch {
	case errors.Is(err, fuzz.ErrNeverWorked):
		return harness("%w", err)
	case err != nil:
		return harness("fuzz: %w", err)
	}
	if v.Out != "" {
		if err := fuzz.Write(v.Out, slices.Concat(c.Findings, c.Advice)); err != nil {
			return harness("--out: %w", err)
		}
	}
	tellFindings(a.out, c)
	if len(c.Findings) > 0 {
		return errStatus(statusFailed)
	}
	return nil
}

func tellFuzz(w io.Writer, n fuzz.Progress) {
	fmt.Fprintf(w, "%4.0f s: %d cases", n.Elapsed.Seconds(), n.Cases)
	if n.Legal+n.Wrong > 0 {
		fmt.Fprintf(w, " (%.0f%% legal, %.0f%% wrong)", n.Share(n.Legal), n.Share(n.Wrong))
	}
	for _, part := range []struct {
		count int
		what  string
	}{{n.Guided, "guided"}, {n.Corpus, "in the corpus"}, {n.Gaps, "gaps"}, {n.Beside, "beside"}, {int(n.Overflows), "overflows"}} {
		if part.count > 0 {
			fmt.Fprintf(w, ", %d %s", part.count, part.what)
		}
	}
	fmt.Fprintf(w, ", %.0f visits/s, %s, %s\n", n.Rate(), count(n.Starts, "start"), count(n.Findings, "finding"))
}

// tellFinding shows what was found, and by what.
func tellFinding(w io.Writer, f *fuzz.Finding) {
	breaks := "breaks   "
	if f.Level == conformance.Should {
		breaks = "should be"
	}
	fmt.Fprintf(w, "\n%s: %s\n  %s %s\n  found     after %.1f s\n  verified  %d of 3\n", f.ID, f.Signature, breaks, orNone(strings.Join(f.Requirements, ", ")), f.FoundAfter, f.Verified)
	if f.Played != nil {
		fmt.Fprintf(w, "  scenario  %s\n", f.Played)
	}
	for _, action := range f.Actions {
		fmt.Fprintf(w, "  %s\n", action)
	}
	if len(f.Actions) == 0 {
		tellSends(w, f.Sends)
	}
	fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(f.Evidence, "\n", "\n  "))
}

// sendsTold is how many messages of a finding are told, the same ones in a row
// being one.
const sendsTold = 8

func tellSends(w io.Writer, sends []string) {
	told := 0
	for i := 0; i < len(sends); told++ {
		if told == sendsTold {
			fmt.Fprintf(w, "  and %d more\n", len(sends)-i)
			return
		}
		same := i + 1
		for same < len(sends) && sends[same] == sends[i] {
			same++
		}
		fmt.Fprintf(w, "  message %-3d %s\n", i+1, shorten(readable(sends[i]), 120))
		if same > i+1 {
			fmt.Fprintf(w, "  and the same again, %s in all\n", count(same-i, "time"))
		}
		i = same
	}
}

// readable gives a text as what it says, and leaves what is none in hexadecimal.
func readable(sent string) string {
	b, err := hex.DecodeString(sent)
	if err != nil || !utf8.Valid(b) || strings.ContainsFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }) {
		return sent
	}
	return strconv.Quote(string(b))
}

func tellFindings(w io.Writer, c *fuzz.Campaign) {
	for _, f := range slices.Concat(c.Findings, c.Advice) {
		tellFinding(w, f)
	}
	fmt.Fprintf(w, "\n%d findings in %d cases, %d visits, %.1f s\n", len(c.Findings), c.Cases, c.Visits, c.Elapsed.Seconds())
	fmt.Fprintf(w, "%.0f visits/s, %d starts of the program\n", c.Rate(), c.Starts)
	if c.Beside > 0 {
		fmt.Fprintf(w, "beside them %d cases of another campaign\n", c.Beside)
	}
	if len(c.Advice) > 0 {
		fmt.Fprintf(w, "and %s that the source asks for and does not require\n", count(len(c.Advice), "thing"))
	}
	if c.Legal+c.Wrong+c.Gaps > 0 {
		fmt.Fprintf(w, "of the cases %.0f%% were legal, %.0f%% wrong; beside them %d gaps\n", c.Share(c.Legal), c.Share(c.Wrong), c.Gaps)
	}
	for _, note := range []struct {
		count uint64
		text  string
	}{
		{c.Overflows, "connections were dropped because the program did not accept those before them"},
		{uint64(c.Tolerated), "visits showed again what had been found"},
		{uint64(c.Unexplained), "faults were not seen again on a fresh program, and are no findings"},
	} {
		if note.count > 0 {
			fmt.Fprintf(w, "%d %s\n", note.count, note.text)
		}
	}
	for _, d := range c.Doubts {
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(d, "\n", "\n    "))
	}
	if c.Blind {
		fmt.Fprintln(w, "this run was blind: the program gave no right answer, so that what was not found means nothing")
	}
	tellMissed(w, c.Missed())
	if c.Stopped != "" {
		fmt.Fprintf(w, "stopped: %s\n", c.Stopped)
	}
}

func orNone(s string) string {
	if s == "" {
		return "no requirement by name"
	}
	return s
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
