package probe

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed instrument.py
var instrument string

//go:embed monitor.py
var monitor string

// instrumentLimit is how long it may take to compile a submission.
const instrumentLimit = 20 * time.Second

// python puts counters into a Python program, for a command such as "python3 -u
// server.py". Its first word is the interpreter itself, of which only CPython
// from 3.8 on will do. What cannot be compiled with counters, such as a module or
// a script by another name than *.py, is watched while it runs, by CPython from
// 3.12 on.
func python(ctx context.Context, command []string, folder string) (*Probe, error) {
	w, err := pythonWords(command)
	if err != nil {
		return nil, err
	}
	if folder, err = w.folder(folder); err != nil {
		return nil, err
	}
	if w.module {
		return monitored(ctx, w, folder, "module")
	}
	p, err := filled(func(p *Probe) error {
		p.Command = w.instead(filepath.Join(p.folder, "main.pyc"))
		return p.instrument(ctx, w, instrument, folder, w.name, p.folder)
	})
	if err == nil {
		return p, nil
	}
	p, neither := monitored(ctx, w, folder, "file")
	if neither != nil {
		return nil, fmt.Errorf("%w; and %w", err, neither)
	}
	return p, nil
}

// monitored has the interpreter tell of each line that it executes of a file or a
// module.
func monitored(ctx context.Context, w *words, folder, kind string) (*Probe, error) {
	return filled(func(p *Probe) error {
		if err := os.WriteFile(filepath.Join(p.folder, "instrument.py"), []byte(instrument), 0o600); err != nil {
			return err
		}
		p.Command = w.instead(filepath.Join(p.folder, "main.py"))
		return p.instrument(ctx, w, monitor, folder, kind, w.name, p.folder)
	})
}

// pythonName is what a Python interpreter is called.
var pythonName = regexp.MustCompile(`^python(\d+(\.\d+)?)?$`)

// words are a command that starts Python.
type words struct {
	interpreter string
	flags       []string
	name        string // of the script, or of the module
	module      bool
	arguments   []string
}

// folder is that of the sources; a module does not tell where it is.
func (w *words) folder(submission string) (string, error) {
	switch {
	case !w.module:
		return folderOf(w.name, submission)
	case submission == "":
		return "", fmt.Errorf("%w: wanted a submission, got module %q", ErrNot, w.name)
	}
	return filepath.Abs(submission)
}

// instead gives the command with another script.
func (w *words) instead(script string) []string {
	return slices.Concat([]string{w.interpreter}, w.flags, []string{script}, w.arguments)
}

// pythonWords takes a command apart.
func pythonWords(command []string) (*words, error) {
	if len(command) == 0 || !pythonName.MatchString(filepath.Base(command[0])) {
		return nil, fmt.Errorf("%w: wanted a command that starts Python, got %q", ErrNot, strings.Join(command, " "))
	}
	for i := 1; i < len(command); i++ {
		w := &words{interpreter: command[0], flags: command[1:i]}
		switch word := command[i]; {
		case word == "-W" || word == "-X" || word == "--check-hash-based-pycs":
			i++
		case word == "-m" && i+1 < len(command):
			w.name, w.module, w.arguments = command[i+1], true, command[i+2:]
			return w, nil
		case word == "-" || strings.HasPrefix(word, "-m") || strings.HasPrefix(word, "-c"):
			return nil, fmt.Errorf("%w: wanted a script, got %s", ErrNot, word)
		case strings.HasPrefix(word, "-"):
		default:
			w.name, w.arguments = word, command[i+1:]
			return w, nil
		}
	}
	return nil, fmt.Errorf("%w: wanted a script, got none", ErrNot)
}

// instrument has the interpreter read the sources by a program of ours. It executes
// nothing of them.
func (p *Probe) instrument(ctx context.Context, w *words, program string, arguments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, instrumentLimit)
	defer cancel()
	flags := []string{"-I"}
	for _, f := range w.flags {
		if f == "-O" || f == "-OO" { // decides what is compiled
			flags = append(flags, f)
		}
	}
	c := exec.CommandContext(ctx, w.interpreter, slices.Concat(flags, []string{"-c", program}, arguments)...)
	c.Dir = p.folder
	var said bytes.Buffer
	c.Stderr = &said
	b, err := c.Output()
	if err != nil {
		return fmt.Errorf("%w: %w: %s", ErrNot, err, bytes.TrimSpace(said.Bytes()))
	}
	return p.understand(b)
}

// understand reads what the instrumenter says that it has done.
func (p *Probe) understand(b []byte) error {
	var said struct {
		Cells  int
		Far    []int
		Blocks []struct {
			Cell, File int
			Lines      [][2]int
		}
		Files, Skipped, Words []string
		Numbers               []uint64
	}
	if err := json.Unmarshal(b, &said); err != nil {
		return fmt.Errorf("%w: read what was instrumented: %w", ErrNot, err)
	}
	p.Size, p.Far, p.Files, p.Numbers, p.Skipped = said.Cells, said.Far, len(said.Files), said.Numbers, said.Skipped
	for _, x := range said.Blocks {
		block := Block{Cell: x.Cell, File: said.Files[x.File]}
		for _, r := range x.Lines {
			block.Lines = append(block.Lines, Lines{r[0], r[1]})
		}
		p.Blocks = append(p.Blocks, block)
	}
	for _, x := range said.Words {
		word, err := hex.DecodeString(x)
		if err != nil {
			return fmt.Errorf("%w: read the words of the source: %w", ErrNot, err)
		}
		p.Words = append(p.Words, word)
	}
	return nil
}
