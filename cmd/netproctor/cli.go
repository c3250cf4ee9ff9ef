package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"netproctor/conformance"
	"netproctor/scenarios"
)

// Exit statuses: see README.
const (
	statusOK      = 0
	statusFailed  = 1
	statusUsage   = 2
	statusHarness = 3
)

// A cli is the grammar of the command line: a field for each verb.
type cli struct {
	Grade gradeVerb `cmd:"" help:"Grade a server, a client, or a whole submission."`
	List  listVerb  `cmd:"" help:"List protocols, or the requirements and scenarios of one."`
	Show  showVerb  `cmd:"" help:"Show a requirement or a scenario: its source, why, and steps with bytes."`
	Fuzz  fuzzVerb  `cmd:"" help:"Fuzz a server or a client: judge what it does with what is almost legal."`
	Judge judgeVerb `cmd:"" help:"Judge transcripts again that grade --transcripts has saved."`
	Serve serveVerb `cmd:"" help:"Run the reference server with the assignment's own arguments."`
	Call  callVerb  `cmd:"" help:"Run the reference client with the assignment's own arguments."`
}

// An app is what verbs work with.
type app struct {
	ctx      context.Context
	in       io.Reader
	out, err io.Writer
}

// A statusError ends the program with a status. Its text is one line.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// usage is an error of the user's.
func usage(format string, args ...any) error {
	return &statusError{statusUsage, fmt.Errorf(format, args...)}
}

// harness is an error of ours or of the machine.
func harness(format string, args ...any) error {
	return &statusError{statusHarness, fmt.Errorf(format, args...)}
}

// errStatus ends with a status and says nothing: all has been said.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("status %d", int(e)) }

// run is the whole program: it gives the exit status.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	return status(runVerb(args, &app{ctx: ctx, in: in, out: out, err: errOut}), errOut)
}

// helped is how kong's --help ends a parse.
type helped struct{ status int }

func runVerb(args []string, a *app) (err error) {
	parser, err := kong.New(&cli{}, kong.Name("netproctor"),
		kong.Description("Tries programs that speak the small protocols of networking courses, and says which requirements they meet."),
		kong.Writers(a.out, a.err), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { panic(helped{code}) }))
	if err != nil {
		return harness("command line: %w", err)
	}
	defer func() {
		if r := recover(); r != nil {
			h, is := r.(helped)
			if !is {
				panic(r)
			}
			err = errStatus(h.status)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		return usage("%w; see netproctor --help", err)
	}
	return k.Run(a)
}

// status prints an error in one line and gives its exit status.
func status(err error, errOut io.Writer) int {
	var silent errStatus
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &silent):
		return int(silent)
	}
	fmt.Fprintln(errOut, "netproctor:", strings.ReplaceAll(err.Error(), "\n", "; "))
	var known *statusError
	if errors.As(err, &known) {
		return known.status
	}
	return statusHarness
}

// A source says where scenario files come from.
type source struct {
	Scenarios string            `help:"Folder with scenario files of your own, PROTOCOL/*.star, in place of the built-in ones." placeholder:"DIR" type:"path"`
	Set       map[string]string `help:"Give a param of the protocol a value." placeholder:"NAME=VALUE" mapsep:"none"`
}

// files opens the scenario files.
func (s *source) files() (fs.FS, error) {
	if s.Scenarios == "" {
		return scenarios.Files, nil
	}
	if _, err := os.ReadDir(s.Scenarios); err != nil {
		return nil, usage("--scenarios: %w", err)
	}
	return os.DirFS(s.Scenarios), nil
}

// load reads one protocol.
func (s *source) load(name string) (*conformance.Protocol, error) {
	files, err := s.files()
	if err != nil {
		return nil, err
	}
	p, err := conformance.Load(files, name, conformance.LoadOptions{Set: s.Set})
	if err != nil {
		return nil, usage("%w", err)
	}
	return p, nil
}
