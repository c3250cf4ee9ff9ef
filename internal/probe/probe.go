// Package probe puts counters into a stranger's program, so that a fuzzer sees
// how far into it its messages come, and reads them while it runs.
//
//	command, folder --New--> Probe: the command to start in place of the other one
//	Probe, a run's folder --Open--> Counters --Take--> what was executed since the last time
//	Probe, what was ever executed --Missed--> lines that nobody reached
//
// The submission stays as it is. What is started instead are compiled files
// outside of it that behave the same: same lines in tracebacks, same names, same
// exit status. Programs in Python, Go and C can have counters; see New.
//
// The counters are bytes in a file that both sides map. A program that cuts the
// file short does not hurt whoever reads it.
package probe

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
)

// A Probe is a program with counters. Close removes it.
type Probe struct {
	// Command starts it: words in place of those that start the program itself.
	Command []string
	// Bare starts it without counters, if its own command would compile it at each
	// start; nil if not.
	Bare []string
	// Size is how many counters there are. The first one only says that they
	// are alive.
	Size int
	// Blocks are the counters that stand for lines.
	Blocks []Block
	// Far are the counters that say of a number that it came near to what it is
	// compared with, or not even that.
	Far []int
	// Files are how many source files have counters.
	Files int
	// Words and Numbers are the constants of the source.
	Words   [][]byte
	Numbers []uint64
	// Skipped are source files without counters, and why.
	Skipped []string

	folder string
}

// A Block is a run of lines that are executed together.
type Block struct {
	Cell  int
	File  string // below the submission's folder
	Lines []Lines
}

// Lines are those from First to Last.
type Lines struct{ First, Last int }

// ErrNot says that a program cannot be given counters, and why.
var ErrNot = errors.New("no counters for this program")

// New puts counters into the program that a command starts: a Python script,
// what "go run" runs, or a program made of Go or C in the same folder. The folder
// is the submission; it may be empty if the program is given by an absolute path.
func New(ctx context.Context, command []string, folder string) (*Probe, error) {
	if len(command) == 0 {
		return nil, fmt.Errorf("%w: wanted a command, got none", ErrNot)
	}
	switch name := filepath.Base(command[0]); {
	case pythonName.MatchString(name):
		return python(ctx, command, folder)
	case name == "go":
		return goRun(ctx, command, folder)
	}
	folder, err := folderOf(command[0], folder)
	if err != nil {
		return nil, err
	}
	program := command[0]
	if !filepath.IsAbs(program) {
		program = filepath.Join(folder, program)
	}
	info, err := buildinfo.ReadFile(program)
	if err == nil {
		return goProgram(ctx, program, info, folder, command[1:])
	}
	return cProgram(ctx, program, command[1:])
}

// folderOf gives the folder of the sources of a program.
func folderOf(program, folder string) (string, error) {
	switch {
	case filepath.IsAbs(program):
		folder = filepath.Dir(program)
	case folder == "":
		return "", fmt.Errorf("%w: wanted a submission, or an absolute path, got %q", ErrNot, program)
	}
	return filepath.Abs(folder)
}

// filled gives a probe with a folder of its own, which is removed if it cannot be
// filled.
func filled(fill func(p *Probe) error) (*Probe, error) {
	folder, err := os.MkdirTemp("", "netproctor-probe-")
	if err != nil {
		return nil, err
	}
	p := &Probe{folder: folder}
	if err := fill(p); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close removes what was made.
func (p *Probe) Close() error { return os.RemoveAll(p.folder) }

// mapName is the file of the counters. It lies beside the folder "work" in which
// the program runs, where programs may write but do not look.
const mapName = "netproctor.map"

// Counters are those of one run.
type Counters struct {
	bytes []byte // the file, mapped
	alive bool
}

// Open makes the counters of a run, before the program is started. The root is
// the folder that holds the program's working directory.
func (p *Probe) Open(root *os.Root) (*Counters, error) {
	f, err := root.OpenFile(mapName, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the counters: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(int64(p.Size)); err != nil {
		return nil, fmt.Errorf("make the counters: %w", err)
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, p.Size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the counters: %w", err)
	}
	return &Counters{bytes: b}, nil
}

// Take copies the counters into b, which is of the probe's size, and clears them.
// It tells whether the program has ever touched them. A program that has cut the
// file short has none.
func (c *Counters) Take(b []byte) (alive bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			clear(b)
			alive = false
		}
	}()
	copy(b, c.bytes)
	c.alive = c.alive || b[0] != 0
	if c.alive {
		clear(c.bytes)
	}
	return c.alive
}

// Close frees them.
func (c *Counters) Close() error { return syscall.Munmap(c.bytes) }

// Missed are the lines of a file that were never reached.
type Missed struct {
	File  string
	Lines []Lines
}

// Missed gives the lines whose blocks were never reached, by file. Blocks that
// follow one another are one range. Files of which nothing was reached belong to
// other programs.
func (p *Probe) Missed(reached func(cell int) bool) (list []Missed) {
	lines := map[string]map[int]bool{} // whether they were reached
	for _, b := range p.Blocks {
		if lines[b.File] == nil {
			lines[b.File] = map[int]bool{}
		}
		hit := reached(b.Cell)
		for _, r := range b.Lines {
			for n := r.First; n <= r.Last; n++ {
				lines[b.File][n] = lines[b.File][n] || hit
			}
		}
	}
	for file, all := range lines {
		if ranges := unreached(all); len(ranges) > 0 && slices.Contains(slices.Collect(maps.Values(all)), true) {
			list = append(list, Missed{filepath.FromSlash(file), ranges})
		}
	}
	slices.SortFunc(list, func(a, b Missed) int {
		if a.File < b.File {
			return -1
		}
		return 1
	})
	return list
}

// unreached gives ranges of unreached lines. What lies between two of them and is
// no line of any block, such as a comment, does not part them.
func unreached(lines map[int]bool) (ranges []Lines) {
	var numbers []int
	for n := range lines {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	open := false
	for _, n := range numbers {
		switch {
		case lines[n]:
			open = false
		case open:
			ranges[len(ranges)-1].Last = n
		default:
			ranges = append(ranges, Lines{n, n})
			open = true
		}
	}
	return ranges
}
