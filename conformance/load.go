package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// LoadOptions say how a folder of scenario files is read.
type LoadOptions struct {
	// Set gives values to params, by name.
	Set map[string]string
	// Partial accepts requirements without a scenario, for a suite that is
	// being written.
	Partial bool
}

// ErrNoProtocol is wrapped by Load for a name that has no folder.
var ErrNoProtocol = errors.New("no such protocol")

// Protocols lists the protocols that have a folder in fsys, sorted.
func Protocols(fsys fs.FS) ([]string, error) {
	files, err := fs.Glob(fsys, "*/"+protocolFile)
	if err != nil {
		return nil, fmt.Errorf("look for protocols: %w", err)
	}
	for i, f := range files {
		files[i] = path.Dir(f)
	}
	return files, nil
}

// protocolFile declares a protocol: its records, params and requirements.
const protocolFile = "protocol.star"

// Load evaluates the scenario files of one protocol: protocol.star, and every
// other .star file in its folder and in found/. Evaluation does no input or
// output besides reading these files, reads no clock and draws no random
// numbers. An error begins with file:line:col wherever it has a place.
func Load(fsys fs.FS, name string, o LoadOptions) (*Protocol, error) {
	files, err := sourceFiles(fsys, name)
	if err != nil {
		return nil, err
	}
	l := &loader{fsys: fsys, dir: name, set: o.Set, partial: o.Partial, modules: map[string]*module{}, proto: newProtocol(name)}
	l.env = l.predeclared()
	for _, file := range files {
		if _, err := l.load(file); err != nil {
			return nil, placed(err)
		}
	}
	return l.proto, l.check()
}

func newProtocol(name string) *Protocol {
	return &Protocol{Name: name, Programs: map[string]Program{}, Records: recordTable{}}
}

// sourceFiles lists a protocol's files, protocol.star first.
func sourceFiles(fsys fs.FS, name string) ([]string, error) {
	if _, err := fs.Stat(fsys, path.Join(name, protocolFile)); err != nil {
		known, _ := Protocols(fsys)
		return nil, fmt.Errorf("%w: %q%s; there are %s", ErrNoProtocol, name, DidYouMean(name, known), strings.Join(known, ", "))
	}
	files := []string{protocolFile}
	for _, pattern := range []string{"*.star", "found/*.star"} {
		found, err := fs.Glob(fsys, path.Join(name, pattern))
		if err != nil {
			return nil, fmt.Errorf("list the files of %s: %w", name, err)
		}
		for _, f := range found {
			if f = strings.TrimPrefix(f, name+"/"); f != protocolFile {
				files = append(files, f)
			}
		}
	}
	slices.Sort(files[1:])
	return slices.Compact(files), nil
}

// A loader is the state of one Load.
type loader struct {
	fsys    fs.FS
	dir     string
	set     map[string]string
	partial bool
	env     starlark.StringDict
	modules map[string]*module
	proto   *Protocol
	thread  *starlark.Thread // of the file that is being evaluated
}

// A module is one evaluated file; globals is nil while it is being evaluated.
type module struct {
	globals starlark.StringDict
	err     error
	ready   bool
}

// load evaluates a file, once.
func (l *loader) load(file string) (starlark.StringDict, error) {
	if m, known := l.modules[file]; known {
		if !m.ready {
			return nil, fmt.Errorf("load(%q): the files load each other in a circle", file)
		}
		return m.globals, m.err
	}
	m := &module{}
	l.modules[file] = m
	m.globals, m.err = l.eval(file)
	m.ready = true
	return m.globals, m.err
}

func (l *loader) eval(file string) (starlark.StringDict, error) {
	src, err := fs.ReadFile(l.fsys, path.Join(l.dir, file))
	if err != nil {
		return nil, fmt.Errorf("load(%q): %w", file, err)
	}
	outer := l.thread
	defer func() { l.thread = outer }()
	l.thread = &starlark.Thread{Name: file, Load: func(_ *starlark.Thread, module string) (starlark.StringDict, error) {
		return l.load(path.Join(path.Dir(file), module))
	}}
	l.thread.SetMaxExecutionSteps(maxSteps)
	options := &syntax.FileOptions{TopLevelControl: true, Set: true}
	return starlark.ExecFileOptions(options, l.thread, path.Join(l.dir, file), src, l.env)
}

// maxSteps bounds the evaluation of one file, so that a scenario file cannot
// hang the harness.
const maxSteps = 50_000_000

// place is file:line of the innermost or outermost frame of a scenario file.
func (l *loader) place(outermost bool) string {
	stack := l.thread.CallStack()
	frames := slices.DeleteFunc(slices.Clone(stack), func(f starlark.CallFrame) bool { return f.Pos.Line == 0 })
	if len(frames) == 0 {
		return l.dir
	}
	f := frames[len(frames)-1]
	if outermost {
		f = frames[0]
	}
	return fmt.Sprintf("%s:%d", f.Pos.Filename(), f.Pos.Line)
}

// placed puts the place of an error in front of it.
func placed(err error) error {
	var eval *starlark.EvalError
	if !errors.As(err, &eval) {
		return undefined(err)
	}
	for i := range eval.CallStack {
		if pos := eval.CallStack.At(i).Pos; pos.Line > 0 {
			return fmt.Errorf("%s: %w", pos, eval.Unwrap())
		}
	}
	return err
}
