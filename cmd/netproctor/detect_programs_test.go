package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/internal/mutant"
	"netproctor/internal/mutant/chat"
	"netproctor/internal/mutant/download"
	"netproctor/internal/mutant/fileshare"
	"netproctor/internal/mutant/mailbox"
	"netproctor/internal/mutant/transfer"
	"netproctor/reference"
)

// A matrix is the wrong and the unusual programs of a protocol.
type matrix struct {
	protocol string
	wrong    []mutant.Mutant
	unusual  []mutant.Variant
}

var matrices = []matrix{
	{"mailbox", slices.Concat(mailbox.Servers, mailbox.Clients), slices.Concat(mailbox.ServerVariants, mailbox.ClientVariants)},
	{"download", slices.Concat(download.Servers, download.Clients), slices.Concat(download.ServerVariants, download.ClientVariants)},
	{"transfer", slices.Concat(transfer.Servers, transfer.Clients), slices.Concat(transfer.ServerVariants, transfer.ClientVariants)},
	{"chat", slices.Concat(chat.Servers, chat.Clients), slices.Concat(chat.ServerVariants, chat.ClientVariants)},
	{"fileshare", slices.Concat(fileshare.Servers, fileshare.Clients), slices.Concat(fileshare.ServerVariants, fileshare.ClientVariants)},
}

// A subject is a program that is fuzzed as a process.
type subject struct {
	protocol, role, name string
	breaks               string // the requirement; empty for a right program
	command, dir         string
}

func (s subject) id() string { return s.protocol + "/" + s.role + "/" + s.name }

// subjects are all programs, wrong and right ones.
func subjects(t *testing.T) (list []subject) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, m := range matrices {
		add := func(role, name, breaks string) {
			list = append(list, subject{protocol: m.protocol, role: role, name: name, breaks: breaks, command: strings.Join([]string{self, programWord, m.protocol, name}, " ")})
		}
		for _, x := range m.wrong {
			add(x.Role, x.Name, x.Breaks)
		}
		for _, x := range m.unusual {
			add(x.Role, x.Name, "")
		}
		add(conformance.Server, "reference-server", "")
		add(conformance.Client, "reference-client", "")
		list = append(list, realPrograms(t, m.protocol)...)
	}
	return list
}

const realFolder = "../../conformance/testdata/programs"

// realPrograms are those of other languages, with the requirement that each wrong
// one breaks as the table beside them says.
func realPrograms(t *testing.T, protocol string) (list []subject) {
	folder, err := filepath.Abs(filepath.Join(realFolder, protocol))
	require.NoError(t, err)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	p, err := new(source).load(protocol)
	require.NoError(t, err)
	broken := brokenBy(t, filepath.Join(folder, "README"))
	for _, e := range entries {
		for _, role := range []string{conformance.Server, conformance.Client} {
			if wrong := broken[e.Name()]; wrong != "" && !strings.HasPrefix(wrong, role+".") || strings.HasPrefix(e.Name(), "python-pair") {
				continue
			}
			dir := filepath.Join(folder, e.Name())
			for _, file := range inLanguages(p.Programs[role].Files) {
				if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
					list = append(list, subject{protocol: protocol, role: role, name: e.Name(), breaks: broken[e.Name()], command: file, dir: dir})
				}
			}
		}
	}
	return list
}

// inLanguages gives the names of a program's files, and what they are in other languages.
func inLanguages(files []string) (all []string) {
	for _, file := range files {
		base := strings.TrimSuffix(file, filepath.Ext(file))
		all = append(all, file, base+".c", base+".js")
	}
	return all
}

var requirementName = regexp.MustCompile(`^(server|client)\.[a-z0-9-]+$`)

// brokenBy reads the table of faulty programs in a README.
func brokenBy(t *testing.T, name string) map[string]string {
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	broken := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if cells := strings.Split(lines.Text(), "|"); len(cells) > 5 && requirementName.MatchString(strings.TrimSpace(cells[4])) {
			broken[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[4])
		}
	}
	require.NotEmpty(t, broken)
	return broken
}

// words gives the command that starts the program; a C program is compiled first.
func (s subject) words(t *testing.T) string {
	run, is := map[string]string{".py": "python3", ".js": "node", ".c": "cc"}[filepath.Ext(s.command)]
	if s.dir == "" || !is {
		return s.command
	}
	if run == "python3" && exec.Command("/usr/bin/python3", "-c", "").Run() == nil {
		run = "/usr/bin/python3" // others may be slow to start
	}
	if _, err := exec.LookPath(run); err != nil {
		t.Skipf("no %s on this machine: %v", run, err)
	}
	if run != "cc" {
		return run + " " + s.command
	}
	made := filepath.Join(t.TempDir(), "program")
	out, err := exec.Command("cc", "-O2", "-o", made, filepath.Join(s.dir, s.command)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return made
}

// programWord as the first argument makes the test binary a program of a matrix.
const programWord = "run-program"

// runProgram is such a program: PROTOCOL NAME and its own arguments.
func runProgram(args []string) int {
	main := programNamed(args[0], args[1])
	if main == nil {
		fmt.Fprintf(os.Stderr, "wanted a program of %s, got %s\n", args[0], args[1])
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{ctx: ctx, in: os.Stdin, out: os.Stdout, err: os.Stderr}
	e := a.env(args[2:])
	if dir, err := os.Getwd(); err == nil {
		e.Dir = dir
	}
	return main(ctx, e)
}

func programNamed(protocol, name string) func(context.Context, reference.Env) int {
	ref, _ := reference.ByName(protocol)
	switch name {
	case "reference-server":
		return ref.Server
	case "reference-client":
		return ref.Client
	}
	for _, m := range matrices {
		for _, x := range m.wrong {
			if m.protocol == protocol && x.Name == name {
				return x.Main
			}
		}
		for _, x := range m.unusual {
			if m.protocol == protocol && x.Name == name {
				return x.Main
			}
		}
	}
	return nil
}
