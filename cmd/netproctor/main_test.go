package main

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"netproctor/internal/proc"
)

func TestMain(m *testing.M) {
	proc.Main() // a worker inside a sandbox goes no further
	switch {
	case len(os.Args) > 3 && os.Args[1] == programWord:
		os.Exit(runProgram(os.Args[2:]))
	case len(os.Args) > 2 && os.Args[1] == verbWord:
		os.Exit(run(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){
		"netproctor": func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the command line as a user does: one file a topic.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": wantStatus},
		Condition:           condition,
		Setup:               environment,
	})
}

// wantStatus runs a program that must end with an exit status:
// status 2 netproctor grade.
func wantStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, wanted %d", got, want)
	}
}

// environment tells scripts where right servers are, and lets the go command find
// what it has compiled before.
func environment(e *testscript.Env) error {
	for name, path := range map[string]string{
		"C_MAILBOX":      "../../conformance/testdata/programs/mailbox/c-good",
		"PYTHON_MAILBOX": "../../conformance/testdata/programs/mailbox/python-good",
		"GO_MAILBOX":     "../../fuzz/testdata/go-mailbox",
	} {
		path, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		e.Setenv(name, path)
	}
	if dir, err := os.UserCacheDir(); err == nil {
		e.Setenv("GOCACHE", cmp.Or(os.Getenv("GOCACHE"), filepath.Join(dir, "go-build")))
	}
	return nil
}

// condition is [python3] and the like: there is that toolchain; or [all]: all
// programs are to be taken, and not a few.
func condition(name string) (bool, error) {
	if name == "all" {
		return os.Getenv("PROGRAMS") != "", nil
	}
	_, err := exec.LookPath(name)
	return err == nil, nil
}
