package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"netproctor/conformance"
	"netproctor/reports"
)

// gradeVerb grades programs.
type gradeVerb struct {
	Protocol    string   `arg:"" help:"Which protocol."`
	Server      string   `help:"Command that starts the server under test. The port is put behind it, or in place of {port}." placeholder:"CMD"`
	Client      string   `help:"Command that starts the client under test." placeholder:"CMD"`
	Pair        bool     `help:"Grade the submission's client and server against each other, with netproctor as a relay between them. Only that is graded."`
	Dir         string   `help:"The submission: copied afresh for every run, and the program's working directory." placeholder:"DIR"`
	Address     string   `help:"Grade a server that runs already." placeholder:"HOST:PORT"`
	Only        []string `help:"Only the scenarios or requirements that match a glob." placeholder:"GLOB" sep:"none"`
	Report      []string `help:"Also write a report: json=FILE, junit=FILE or text=FILE." placeholder:"FORMAT=FILE" sep:"none"`
	Transcripts string   `help:"Save what happened in every scenario as a file in this folder." placeholder:"DIR"`
	Jobs        int      `help:"Scenarios at once (0: chosen for the machine)." default:"0"`
	Seed        uint64   `help:"Seed of names and messages (0: a random one, which is printed)." default:"0"`
	Isolation   string   `help:"How programs are kept apart: auto, namespaces or none." default:"auto"`
	Patience    float64  `help:"Multiplies all waits, for slow machines." default:"1"`
	source      `embed:""`
}

// Run implements the verb: everything that can be wrong with the command line
// is found before anything is started, and reports are written before the
// status is given.
func (v *gradeVerb) Run(a *app) error {
	outputs, err := v.outputs()
	if err != nil {
		return err
	}
	p, err := v.load(v.Protocol)
	if err != nil {
		return err
	}
	graded, done, err := v.graded(p)
	if err != nil {
		return err
	}
	defer done()
	if v.Jobs < 0 || v.Patience <= 0 {
		return usage("--jobs wants 0 or more, --patience more than 0, got %d and %g", v.Jobs, v.Patience)
	}
	if v.Seed == 0 {
		v.Seed = uint64(rand.Uint32())
	}
	report, err := v.play(a, p, graded)
	if err != nil {
		return err
	}
	if err := reports.Text(a.out, report); err != nil {
		return harness("print the report: %w", err)
	}
	if err := errors.Join(writeReports(outputs, report), v.saveTranscripts(report)); err != nil {
		return harness("%w", err)
	}
	return exit(report.Status())
}

// play runs the suites while it shows how far they are.
func (v *gradeVerb) play(a *app, p *conformance.Protocol, graded []conformance.Graded) (*conformance.Report, error) {
	shown := newProgress(a.err)
	report, err := conformance.Run(a.ctx, p, graded, conformance.RunOptions{
		Seed: v.Seed, Jobs: v.Jobs, Only: v.Only, Patience: v.Patience, Progress: shown.show,
	})
	shown.end()
	if err != nil {
		return nil, usage("--only: %w", err)
	}
	for i := range report.Suites {
		report.Suites[i].Flags = v.flags(report.Suites[i].Role)
	}
	return report, nil
}

// An output is a report to be written: a format and where to.
type output struct {
	format reports.Format
	file   string
}

// outputs reads the --report flags, and makes sure that the files can be
// written before an hour's work is lost.
func (v *gradeVerb) outputs() ([]output, error) {
	var list []output
	for _, arg := range v.Report {
		name, file, both := strings.Cut(arg, "=")
		format, known := reports.ByName(name)
		if !both || !known || file == "" {
			return nil, usage("--report wants FORMAT=FILE with FORMAT one of %s, got %q%s", formatNames(), arg, conformance.DidYouMean(name, formatList()))
		}
		if err := writable(filepath.Dir(file)); err != nil {
			return nil, usage("--report %s: %w", arg, err)
		}
		list = append(list, output{format, file})
	}
	if v.Transcripts != "" {
		if err := os.MkdirAll(v.Transcripts, 0o755); err != nil {
			return nil, usage("--transcripts: %w", err)
		}
	}
	return list, nil
}

func formatList() []string {
	var names []string
	for _, f := range reports.Formats {
		names = append(names, f.Name)
	}
	return names
}

func formatNames() string { return strings.Join(formatList(), ", ") }

// writable tries whether a file can be made in a folder.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".netproctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// writeReports writes each report beside its place and then moves it there, so
// that a reader never sees half of one.
func writeReports(outputs []output, r *conformance.Report) error {
	var errs []error
	for _, o := range outputs {
		errs = append(errs, replaceFile(o.file, func(w io.Writer) error { return o.format.Write(w, r) }))
	}
	return errors.Join(errs...)
}

func replaceFile(name string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".netproctor-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
