package probe

import (
	"bytes"
	"context"
	"debug/buildinfo"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

//go:embed counting/counting.go
var countingSource []byte

// What package counting says, too.
const (
	countingMost  = 1 << 16
	countingSteps = 10
)

// countingName is the folder of package counting in the main module of a program.
// Only the build sees it, through an overlay.
const countingName = "netproctor_counting"

// buildLimit is how long it may take to build a program in Go.
const buildLimit = 2 * time.Minute

// A goBuild is a program in Go that is built with counters.
type goBuild struct {
	probe   *Probe
	tool    string // go
	folder  string // where it is called: the submission's, or that of its module
	flags   []string
	wanted  []string // a package, or files
	replace map[string]string
	module  string // the main module
	bare    bool   // it is built without counters, too
}

// goRun gives counters to what "go run" runs.
func goRun(ctx context.Context, command []string, folder string) (*Probe, error) {
	flags, wanted, arguments, err := goRunWords(command[1:])
	if err != nil {
		return nil, err
	}
	for i, w := range wanted {
		if filepath.IsAbs(w) && folder == "" {
			folder, wanted[i] = filepath.Dir(w), filepath.Base(w)
		}
	}
	if folder == "" {
		return nil, fmt.Errorf("%w: wanted a submission, or files with an absolute path", ErrNot)
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return nil, err
	}
	return buildGo(ctx, goBuild{tool: command[0], folder: folder, flags: flags, bare: true}, [][]string{wanted}, arguments)
}

// goRunWords takes the words behind "go" apart: flags of the build, the files or
// the package, and the program's arguments.
func goRunWords(words []string) (flags, wanted, arguments []string, err error) {
	if len(words) == 0 || words[0] != "run" {
		return nil, nil, nil, fmt.Errorf("%w: wanted go run, got go %s", ErrNot, strings.Join(words, " "))
	}
	for words = words[1:]; len(words) > 0 && strings.HasPrefix(words[0], "-"); words = words[1:] {
		name, _, whole := strings.Cut(strings.TrimLeft(words[0], "-"), "=")
		switch {
		case name == "trimpath" || whole && (name == "tags" || name == "ldflags"):
			flags = append(flags, words[0])
		case (name == "tags" || name == "ldflags") && len(words) > 1:
			flags = append(flags, "-"+name+"="+words[1])
			words = words[1:]
		default:
			return nil, nil, nil, fmt.Errorf("%w: go run %s", ErrNot, words[0])
		}
	}
	n := slices.IndexFunc(words, func(w string) bool { return !strings.HasSuffix(w, ".go") })
	switch {
	case len(words) == 0:
		return nil, nil, nil, fmt.Errorf("%w: wanted what go runs, got nothing", ErrNot)
	case n < 0:
		n = len(words)
	case n == 0 && strings.Contains(words[0], "@"):
		return nil, nil, nil, fmt.Errorf("%w: wanted a program of the submission, got %s", ErrNot, words[0])
	case n == 0:
		n = 1
	}
	return flags, words[:n], words[n:], nil
}

// goProgram gives counters to a program that was built from the sources beside
// it, or from the module around it.
func goProgram(ctx context.Context, program string, info *buildinfo.BuildInfo, folder string, arguments []string) (*Probe, error) {
	b := goBuild{tool: "go"}
	for _, s := range info.Settings {
		switch {
		case s.Key == "-tags" || s.Key == "-ldflags":
			b.flags = append(b.flags, s.Key+"="+s.Value)
		case s.Key == "GOOS" && s.Value != runtime.GOOS || s.Key == "GOARCH" && s.Value != runtime.GOARCH:
			return nil, fmt.Errorf("%w: it was built for %s", ErrNot, s.Value)
		case s.Key == "-race" && s.Value == "true":
			return nil, fmt.Errorf("%w: it was built with -race", ErrNot)
		}
	}
	if info.Path == "command-line-arguments" {
		b.folder = filepath.Dir(program)
		wanted, err := goFilesFor(program)
		if err != nil {
			return nil, err
		}
		return buildGo(ctx, b, wanted, arguments)
	}
	for b.folder = filepath.Dir(program); moduleIn(b.folder) != info.Main.Path; b.folder = filepath.Dir(b.folder) {
		if b.folder == folder || b.folder == filepath.Dir(b.folder) {
			return nil, fmt.Errorf("%w: wanted the module %q around %s, which was built from it, found none", ErrNot, info.Main.Path, filepath.Base(program))
		}
	}
	within, inside := strings.CutPrefix(info.Path, info.Main.Path)
	if !inside {
		return nil, fmt.Errorf("%w: it was built from %s, which is not in %s", ErrNot, info.Path, info.Main.Path)
	}
	if err := fresh(program, b.folder, ".go"); err != nil {
		return nil, err
	}
	return buildGo(ctx, b, [][]string{{"." + within}}, arguments)
}

// goFilesFor gives the files that a program was probably built from, when its
// build was given files: the one of its name, or all beside it.
func goFilesFor(program string) (list [][]string, err error) {
	dir := filepath.Dir(program)
	all, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	if own := strings.TrimSuffix(filepath.Base(program), ".exe") + ".go"; slices.Contains(all, own) {
		list = append(list, []string{own})
	}
	if len(all) > 0 {
		list = append(list, all)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: no Go source beside %s", ErrNot, filepath.Base(program))
	}
	return list, fresh(program, dir, ".go")
}

// staleAfter is how much younger than a program its source may be: copies and
// archives give files the times that they are written at.
const staleAfter = time.Minute

// fresh tells whether a program is as new as the sources that end alike.
func fresh(program, folder string, endings ...string) error {
	made, err := os.Stat(program)
	if err != nil {
		return err
	}
	return filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || !slices.Contains(endings, filepath.Ext(name)) || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		if info, err := e.Info(); err == nil && info.ModTime().Sub(made.ModTime()) > staleAfter {
			return fmt.Errorf("%w: %s is older than %s", ErrNot, filepath.Base(program), e.Name())
		}
		return nil
	})
}

// moduleIn gives the path of the module in a folder, "" if there is none.
func moduleIn(folder string) string {
	b, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if name, is := strings.CutPrefix(strings.TrimSpace(line), "module"); is {
			name, _, _ = strings.Cut(name, "//")
			return strings.Trim(strings.TrimSpace(name), "\"`")
		}
	}
	return ""
}

// buildGo builds a program with counters. Of the ways to say what it is made of, the
// first that can be built is taken.
func buildGo(ctx context.Context, b goBuild, ways [][]string, arguments []string) (*Probe, error) {
	tool, err := exec.LookPath(b.tool)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNot, err)
	}
	b.tool = tool
	if b.folder, err = filepath.EvalSymlinks(b.folder); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	var tried []error
	for _, wanted := range ways {
		p, err := filled(func(p *Probe) error {
			b := b
			b.probe, b.wanted, b.replace = p, wanted, map[string]string{}
			return b.build(ctx, arguments)
		})
		if err == nil {
			return p, nil
		}
		tried = append(tried, err)
	}
	return nil, tried[0]
}

func (b *goBuild) build(ctx context.Context, arguments []string) error {
	packages, err := b.list(ctx)
	if err != nil {
		return err
	}
	out := filepath.Join(b.probe.folder, "main")
	b.probe.Command = append([]string{out}, arguments...)
	b.probe.Size = 1
	if err := b.instrument(packages); err != nil {
		return err
	}
	if _, err = b.run(ctx, slices.Concat([]string{"build", "-o", out}, b.flags, []string{b.overlay()}, b.wanted)...); err != nil || !b.bare {
		return err
	}
	out = filepath.Join(b.probe.folder, "bare")
	b.probe.Bare = append([]string{out}, arguments...)
	_, err = b.run(ctx, slices.Concat([]string{"build", "-o", out}, b.flags, b.wanted)...)
	return err
}

// run calls the go command, which fetches nothing and writes nothing into the
// submission.
func (b *goBuild) run(ctx context.Context, words ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, b.tool, words...)
	c.Dir = b.folder
	c.Env = append(c.Environ(), "GOFLAGS=-buildvcs=false", "GOPROXY=off", "GOTOOLCHAIN=local", "GO111MODULE=on")
	if _, err := os.Stat(filepath.Join(b.folder, "go.work")); err != nil {
		c.Env = append(c.Env, "GOWORK=off")
	}
	c.WaitDelay = time.Second
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: go %s: %w: %s", ErrNot, words[0], err, firstLines(said.String()))
	}
	return out, nil
}

// firstLines are the first few of what a compiler says.
func firstLines(said string) string {
	lines := strings.SplitN(strings.TrimSpace(said), "\n", 4)
	return strings.Join(lines[:min(3, len(lines))], "; ")
}

// A goPackage is what go list says of one.
type goPackage struct {
	Dir, ImportPath, Export string
	Standard                bool
	GoFiles, CgoFiles       []string
	Module                  *struct {
		Path string
		Main bool
	}
}

// own tells whether a package is the submission's.
func (p *goPackage) own() bool { return !p.Standard && (p.Module == nil || p.Module.Main) }

// list gives the program's package and those that it needs. Without a module, it
// is given one.
func (b *goBuild) list(ctx context.Context) (list []goPackage, err error) {
	if b.module = moduleIn(b.folder); b.module == "" {
		b.module = "netproctor.invalid"
		version := strings.TrimPrefix(runtime.Version(), "go")
		if out, err := b.run(ctx, "env", "GOVERSION"); err == nil {
			version = strings.TrimPrefix(strings.Fields(string(out) + " x")[0], "go")
		}
		if err := b.lay("go.mod", []byte("module "+b.module+"\n\ngo "+version+"\n")); err != nil {
			return nil, err
		}
	}
	if err := b.writeOverlay(); err != nil {
		return nil, err
	}
	out, err := b.run(ctx, slices.Concat([]string{"list", "-deps", "-export", "-json=Dir,ImportPath,Export,Standard,GoFiles,CgoFiles,Module"}, b.flags, []string{b.overlay()}, b.wanted)...)
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return list, nil
		case err != nil:
			return nil, fmt.Errorf("%w: read what go list says: %w", ErrNot, err)
		}
		list = append(list, p)
	}
}

// lay writes a file that the build sees below the folder.
func (b *goBuild) lay(name string, content []byte) error {
	at := filepath.Join(b.probe.folder, fmt.Sprintf("%d-%s", len(b.replace), path.Base(filepath.ToSlash(name))))
	if !filepath.IsAbs(name) {
		name = filepath.Join(b.folder, name)
	}
	b.replace[name] = at
	return os.WriteFile(at, content, 0o600)
}

func (b *goBuild) overlay() string {
	return "-overlay=" + filepath.Join(b.probe.folder, "overlay.json")
}

func (b *goBuild) writeOverlay() error {
	overlay, err := json.Marshal(map[string]any{"Replace": b.replace})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.probe.folder, "overlay.json"), overlay, 0o600)
}

// instrument puts counters into the submission's own packages.
func (b *goBuild) instrument(packages []goPackage) error {
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
		return os.Open(exports[path])
	})
	for _, p := range packages {
		if !p.own() {
			continue
		}
		for _, name := range p.CgoFiles {
			b.probe.Skipped = append(b.probe.Skipped, b.below(p.Dir, name)+": it uses C")
		}
		if err := b.instrumentPackage(fset, imports, &p); err != nil {
			return err
		}
	}
	if err := b.lay(filepath.Join(countingName, "counting.go"), countingSource); err != nil {
		return err
	}
	return b.writeOverlay()
}

// below gives a file's name below the folder, with slashes.
func (b *goBuild) below(dir, name string) string {
	name = filepath.Join(dir, name)
	if relative, err := filepath.Rel(b.folder, name); err == nil {
		name = relative
	}
	return filepath.ToSlash(name)
}

func (b *goBuild) instrumentPackage(fset *token.FileSet, imports types.Importer, p *goPackage) error {
	source, err := parseGo(fset, imports, p)
	if err != nil {
		return err
	}
	for i, file := range source.files {
		g := goFile{
			probe: b.probe, fset: fset, tree: file, info: source.info, text: source.texts[i],
			name: b.below(p.Dir, p.GoFiles[i]), counting: b.module + "/" + countingName,
		}
		before := b.probe.Size
		text := g.instrumented()
		if b.probe.Size > countingMost {
			return fmt.Errorf("%w: %s is too large", ErrNot, g.name)
		}
		if b.probe.Size == before {
			continue
		}
		b.probe.Files++
		if err := b.lay(filepath.Join(p.Dir, p.GoFiles[i]), text); err != nil {
			return err
		}
	}
	return nil
}
