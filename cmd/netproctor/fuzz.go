package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/fuzz/protocols"
)

// fuzzVerb fuzzes a server or a client.
type fuzzVerb struct {
	Protocol   string        `arg:"" help:"Which protocol."`
	Server     string        `help:"Command that starts the server under test." placeholder:"CMD"`
	Client     string        `help:"Command that starts the client under test." placeholder:"CMD"`
	Dir        string        `help:"The submission: copied afresh for every start, and the program's working directory." placeholder:"DIR"`
	For        time.Duration `help:"How long." default:"60s"`
	Cases      int           `help:"Play exactly so many cases, however long it takes." placeholder:"N"`
	Seed       uint64        `help:"Seed of the cases (0: a random one, which is printed)." default:"0"`
	Model      bool          `help:"Play a state machine on it: histories of clients that depend on each other."`
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
	if v.Cases < 0 || v.For <= 0 {
		return usage("--cases wants 0 or more, --for more than 0, got %d and %s", v.Cases, v.For)
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
	if v.Model {
		return v.machine(a, p, graded[i])
	}
	o := fuzz.Options{Protocol: p, Target: graded[i].Target}
	if v.Replay != "" {
		return v.replay(a, o)
	}
	return v.campaign(a, role, o)
}

// campaign runs it and tells what came of it.
func (v *fuzzVerb) campaign(a *app, role string, o fuzz.Options) error {
	o.Seed, o.Cases, o.For, o.Cold = v.Seed, v.Cases, v.For, v.Cold
	o.Progress = func(n fuzz.Progress) { tellFuzz(a.err, n) }
	var found []*fuzz.Finding
	if v.Out != "" {
		o.Found = func(x *fuzz.Finding) error {
			found = append(found, x)
			return fuzz.Write(v.Out, found)
		}
	}
	fuzzed := func() (*fuzz.Campaign, error) { return fuzz.RunSuite(a.ctx, role, o) }
	if role == conformance.Server {
		if o.Model, o.Files, o.Gap = protocols.Model(v.Protocol); o.Model != nil {
			fuzzed = func() (*fuzz.Campaign, error) { return fuzz.Run(a.ctx, o) }
		}
	}
	fmt.Fprintf(a.out, "fuzzing %s, seed %d, isolation: %s\n", o.Target, o.Seed, o.Target.Isolation())
	if o.Model != nil {
		done, err := v.guide(a, &o)
		if err != nil {
			return err
		}
		defer done()
	}
	c, err := fuzzed()
	return v.over(a, c, err, tellFindings)
}

// over writes and tells what came of a campaign.
func (v *fuzzVerb) over(a *app, c *fuzz.Campaign, err error, tell func(io.Writer, *fuzz.Campaign)) error {
	switch {
	case errors.Is(err, fuzz.ErrNeverWorked):
		return harness("%w", err)
	case err != nil:
		return harness("fuzz: %w", err)
	}
	if v.Out != "" {
		if err := fuzz.Write(v.Out, c.Findings); err != nil {
			return harness("--out: %w", err)
		}
	}
	tell(a.out, c)
	if len(c.Findings) > 0 {
		return errStatus(statusFailed)
	}
	return nil
}

func tellFuzz(w io.Writer, n fuzz.Progress) {
	fmt.Fprintf(w, "%4.0f s: %d cases, %.0f visits/s, %d gaps, %d starts, %d findings\n", n.Elapsed.Seconds(), n.Cases, n.Rate(), n.Gaps, n.Starts, n.Findings)
}

func tellFindings(w io.Writer, c *fuzz.Campaign) {
	for _, f := range c.Findings {
		fmt.Fprintf(w, "\n%s: %s\n  breaks    %s\n  verified  %d of 3\n", f.ID, f.Signature, orNone(strings.Join(f.Requirements, ", ")), f.Verified)
		for i, s := range f.Sends[:min(8, len(f.Sends))] {
			fmt.Fprintf(w, "  visit %-3d %s\n", i+1, shorten(s, 120))
		}
		if more := len(f.Sends) - 8; more > 0 {
			fmt.Fprintf(w, "  and %d more\n", more)
		}
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(f.Evidence, "\n", "\n  "))
	}
	fmt.Fprintf(w, "\n%d findings in %d cases, %d visits, %.1f s\n", len(c.Findings), c.Cases, c.Visits, c.Elapsed.Seconds())
	fmt.Fprintf(w, "%.0f visits/s, %d starts of the program\n", c.Rate(), c.Starts)
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
	tellMissed(w, c.Missed)
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
