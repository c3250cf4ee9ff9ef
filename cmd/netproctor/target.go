package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/shell"

	"netproctor/conformance"
	"netproctor/internal/proc"
)

// graded finds the programs to grade: those that were given, those that have
// the assignment's names in the submission, or the reference.
// done frees what they were run in.
func (v *gradeVerb) graded(p *conformance.Protocol) (list []conformance.Graded, done func(), err error) {
	if err := v.checkPair(p); err != nil {
		return nil, nil, err
	}
	if v.Address != "" {
		list, err = v.running()
		return list, func() {}, err
	}
	if err := v.checkDir(); err != nil {
		return nil, nil, err
	}
	commands, err := v.commands(p)
	if err != nil {
		return nil, nil, err
	}
	isolation, err := proc.New(proc.Config{Isolation: v.Isolation, Dir: v.Dir})
	if err != nil {
		return nil, nil, v.isolationError(err)
	}
	for _, c := range commands {
		target, err := conformance.NewCommand(c.words, isolation)
		if err != nil {
			return nil, nil, usage("--%s: %w", c.role, err)
		}
		list = append(list, conformance.Graded{Role: c.role, Target: target.Named(c.name)})
	}
	if v.Pair {
		list = asPair(list)
	}
	return list, func() { isolation.Close() }, nil
}

// checkPair looks whether --pair can be graded at all.
func (v *gradeVerb) checkPair(p *conformance.Protocol) error {
	switch _, scenarios := counts(p, conformance.Pair); {
	case !v.Pair:
	case scenarios == 0:
		return usage("--pair: %s has no scenarios for a pair", p.Name)
	case v.Address != "":
		return usage("--pair grades a server and a client that it starts: leave out --address")
	}
	return nil
}

// bothOf demands both programs of a pair. given says which there are for
// somebody who has to add the other.
func bothOf(list []command, given string) error {
	if len(list) == 1 {
		other := map[string]string{conformance.Server: conformance.Client, conformance.Client: conformance.Server}[list[0].role]
		return usage("--pair wants a server and a client, got %s: give the command of the %s with --%s", given, other, other)
	}
	return nil
}

// asPair makes one target of a server and a client.
func asPair(list []conformance.Graded) []conformance.Graded {
	var pair conformance.PairTarget
	for _, g := range list {
		switch g.Role {
		case conformance.Server:
			pair.Server = g.Target
		case conformance.Client:
			pair.Client = g.Target
		}
	}
	return []conformance.Graded{{Role: conformance.Pair, Target: pair}}
}

// flags are those that name one of the programs, for the command that plays a
// scenario again.
func (v *gradeVerb) flags(role string) []string {
	words := []string{}
	if role == conformance.Pair {
		words = append(words, "--pair")
	}
	server, client := v.Server, v.Client
	switch role {
	case conformance.Server:
		client = ""
	case conformance.Client:
		server = ""
	}
	for _, f := range []struct{ name, value, normal string }{
		{"--address", v.Address, ""}, {"--dir", v.Dir, ""}, {"--server", server, ""}, {"--client", client, ""},
		{"--scenarios", v.Scenarios, ""}, {"--isolation", v.Isolation, "auto"},
	} {
		if f.value != f.normal {
			words = append(words, f.name, f.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Set)) {
		words = append(words, "--set", name+"="+v.Set[name])
	}
	return words
}

// isolationError tells a flag that is misspelt from a machine that cannot.
func (v *gradeVerb) isolationError(err error) error {
	if known := []string{"auto", "namespaces", "none"}; !slices.Contains(known, v.Isolation) {
		return usage("--isolation wants one of %s, got %q%s", strings.Join(known, ", "), v.Isolation, conformance.DidYouMean(v.Isolation, known))
	}
	return harness("--isolation %s: %w", v.Isolation, err)
}

// running is the target of --address.
func (v *gradeVerb) running() ([]conformance.Graded, error) {
	if v.Server != "" || v.Client != "" || v.Dir != "" {
		return nil, usage("--address grades a server that runs already: leave out --server, --client and --dir")
	}
	host, port, err := net.SplitHostPort(v.Address)
	if err != nil || host == "" || port == "" {
		return nil, usage("--address wants HOST:PORT, got %q", v.Address)
	}
	return []conformance.Graded{{Role: conformance.Server, Target: conformance.RunningServer{HostPort: v.Address}}}, nil
}

func (v *gradeVerb) checkDir() error {
	if v.Dir == "" {
		return nil
	}
	if _, err := os.ReadDir(v.Dir); err != nil {
		return usage("--dir: %w", err)
	}
	return nil
}

// A command is a program to grade: its role, what the grader calls it, and its
// words.
type command struct {
	role, name string
	words      []string
}

func (v *gradeVerb) commands(p *conformance.Protocol) ([]command, error) {
	given := map[string]string{conformance.Server: v.Server, conformance.Client: v.Client}
	var list []command
	for _, role := range conformance.Roles {
		if given[role] == "" {
			continue
		}
		words, err := v.split(given[role])
		if err != nil {
			return nil, usage("--%s %q: %w", role, given[role], err)
		}
		list = append(list, command{role, given[role], words})
	}
	switch {
	case len(list) > 0 && v.Pair:
		return list, bothOf(list, "--"+list[0].role+" alone")
	case len(list) > 0:
		return list, nil
	case v.Dir != "":
		return v.found(p)
	}
	return referenceCommands(p.Name)
}

// split makes words of a command line as a shell does, and looks its program
// up.
func (v *gradeVerb) split(line string) ([]string, error) {
	words, err := shell.Fields(line, nil)
	if err != nil {
		return nil, fmt.Errorf("split into words: %w", err)
	}
	if len(words) == 0 {
		return nil, errors.New("wanted a command, got none")
	}
	if v.Dir == "" {
		words = absolute(words)
	}
	if strings.Contains(words[0], "/") && !filepath.IsAbs(words[0]) {
		if _, err := os.Stat(filepath.Join(v.Dir, words[0])); err != nil {
			return nil, err
		}
		return words, nil
	}
	words[0], err = proc.Executable(words[0])
	return words, err
}

// absolute makes paths of files that exist absolute: without a submission to
// copy, programs run in an empty folder of their own.
func absolute(words []string) []string {
	for i, w := range words {
		if info, err := os.Stat(w); err == nil && info.Mode().IsRegular() && (i > 0 || strings.Contains(w, "/")) {
			words[i], _ = filepath.Abs(w)
		}
	}
	return words
}

// found looks for the assignment's file names in the submission.
func (v *gradeVerb) found(p *conformance.Protocol) ([]command, error) {
	var list []command
	var names []string
	for _, role := range conformance.Roles {
		for _, file := range p.Programs[role].Files {
			names = append(names, file)
			info, err := os.Stat(filepath.Join(v.Dir, file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil || !info.Mode().IsRegular() {
				return nil, usage("--dir %s: %s wants to be a file that can be read", v.Dir, file)
			}
			words, err := interpreted(file)
			if err != nil {
				return nil, harness("%s: %w", file, err)
			}
			list = append(list, command{role, strings.Join(words, " "), words})
			break
		}
	}
	if len(list) == 0 {
		return nil, usage("--dir %s: wanted %s, found none of them; give the command with --server or --client", v.Dir, strings.Join(names, " or "))
	}
	if v.Pair {
		return list, bothOf(list, "only "+list[0].name+" in --dir "+v.Dir)
	}
	return list, nil
}

// interpreters run source files, by ending.
var interpreters = map[string]string{".py": "python3", ".js": "node"}

// interpreted gives the words that run a file of a submission.
func interpreted(file string) ([]string, error) {
	name, known := interpreters[filepath.Ext(file)]
	if !known {
		return []string{"./" + file}, nil
	}
	path, err := proc.Executable(name)
	return []string{path, file}, err
}

// referenceCommands run our own reference as programs of their own.
func referenceCommands(protocol string) ([]command, error) {
	if _, err := findReference(protocol); err != nil {
		return nil, usage("nothing to grade: give --server, --client, --dir or --address (%w)", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, harness("find our own program: %w", err)
	}
	return []command{
		{conformance.Server, "netproctor serve " + protocol, []string{self, "serve", protocol}},
		{conformance.Client, "netproctor call " + protocol, []string{self, "call", protocol}},
	}, nil
}
