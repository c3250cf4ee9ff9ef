package probe

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed instrument.py
var instrument string

// instrumentLimit is how long it may take to compile a submission.
const instrumentLimit = 20 * time.Second

// python puts counters into a Python program, for a command such as "python3 -u
// server.py". Its first word is the interpreter itself, of which only CPython
// from 3.8 on will do.
func python(ctx context.Context, command []string, folder string) (*Probe, error) {
	flags, script, arguments, err := pythonWords(command)
	if err != nil {
		return nil, err
	}
	if folder, err = folderOf(script, folder); err != nil {
		return nil, err
	}
	return filled(func(p *Probe) error {
		p.Command = slices.Concat(command[:1], flags, []string{filepath.Join(p.folder, "main.pyc")}, arguments)
		return p.instrument(ctx, command[0], flags, folder, script)
	})
}

// pythonName is what a Python interpreter is called.
var pythonName = regexp.MustCompile(`^python(\d+(\.\d+)?)?$`)

// pythonWords takes a command apart: what stands before the script, the script,
// and what follows it.
func pythonWords(command []string) (flags []string, script string, arguments []string, err error) {
	if len(command) == 0 || !pythonName.MatchString(filepath.Base(command[0])) {
		return nil, "", nil, fmt.Errorf("%w: wanted a command that starts Python, got %q", ErrNot, strings.Join(command, " "))
	}
	for i := 1; i < len(command); i++ {
		switch word := command[i]; {
		case word == "-W" || word == "-X" || word == "--check-hash-based-pycs":
			i++
		case word == "-" || strings.HasPrefix(word, "-m") || strings.HasPrefix(word, "-c"):
			return nil, "", nil, fmt.Errorf("%w: wanted a script, got %s", ErrNot, word)
		case strings.HasPrefix(word, "-"):
		default:
			return command[1:i], word, command[i+1:], nil
		}
	}
	return nil, "", nil, fmt.Errorf("%w: wanted a script, got none", ErrNot)
}

// instrument has the interpreter compile the sources. It executes nothing of
// them.
func (p *Probe) instrument(ctx context.Context, interpreter string, flags []string, folder, script string) error {
	ctx, cancel := context.WithTimeout(ctx, instrumentLimit)
	defer cancel()
	words := []string{"-I"}
	for _, f := range flags {
		if f == "-O" || f == "-OO" { // decides what is compiled
			words = append(words, f)
		}
	}
	c := exec.CommandContext(ctx, interpreter, append(words, "-c", instrument, folder, script, p.folder)...)
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
