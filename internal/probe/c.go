package probe

import (
	"bytes"
	"context"
	"debug/elf"
	_ "embed"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed runtime/counters.c
var cRuntime []byte

// compileLimit is how long it may take to compile a program in C.
const compileLimit = time.Minute

// cProgram gives counters to a program that was compiled from the C source
// beside it.
func cProgram(ctx context.Context, program string, arguments []string) (*Probe, error) {
	if !filepath.IsAbs(program) {
		return nil, fmt.Errorf("%w: wanted an absolute path, got %s", ErrNot, program)
	}
	sources, err := cSources(program)
	if err != nil {
		return nil, err
	}
	compiler, err := exec.LookPath("cc")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNot, err)
	}
	if err := fresh(program, filepath.Dir(program), ".c", ".h"); err != nil {
		return nil, err
	}
	return filled(func(p *Probe) error {
		ctx, cancel := context.WithTimeout(ctx, compileLimit)
		defer cancel()
		c := cBuild{probe: p, compiler: compiler, dir: filepath.Dir(program), sources: sources}
		p.Command = append([]string{c.out()}, arguments...)
		return c.build(ctx)
	})
}

// cSources gives the files that a program was compiled from: those that it names,
// or else the one of its name, or the only one beside it that has a main.
func cSources(program string) ([]string, error) {
	f, err := elf.Open(program)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is no program in Go or C: %w", ErrNot, filepath.Base(program), err)
	}
	defer f.Close()
	if want := elf.EM_X86_64; f.Machine != want {
		return nil, fmt.Errorf("%w: it is for %s, wanted %s", ErrNot, f.Machine, want)
	}
	dir := filepath.Dir(program)
	var named, withMain []string
	symbols, _ := f.Symbols() // none, if it was stripped
	beside, err := filepath.Glob(filepath.Join(dir, "*.c"))
	if err != nil {
		return nil, err
	}
	for _, path := range beside {
		name := filepath.Base(path)
		if slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return elf.ST_TYPE(s.Info) == elf.STT_FILE && s.Name == name }) {
			named = append(named, name)
		}
		if b, err := os.ReadFile(path); err == nil && cMain.Match(b) {
			withMain = append(withMain, name)
		}
	}
	own := filepath.Base(program) + ".c"
	switch {
	case len(named) > 0:
		return named, nil
	case slices.Contains(withMain, own):
		return []string{own}, nil
	case len(withMain) == 1:
		return withMain, nil
	}
	return nil, fmt.Errorf("%w: wanted one source in C beside %s, found %d with a main", ErrNot, filepath.Base(program), len(withMain))
}

var cMain = regexp.MustCompile(`(?m)^[^#/*\n]*\bmain\s*\(`)

// A cBuild is a program in C that is compiled with counters.
type cBuild struct {
	probe    *Probe
	compiler string
	dir      string
	sources  []string
}

func (c *cBuild) out() string   { return filepath.Join(c.probe.folder, "main") }
func (c *cBuild) table() string { return filepath.Join(c.probe.folder, "table") }

// build compiles the sources without optimising, so that each block has its lines,
// and then looks up where the blocks are.
func (c *cBuild) build(ctx context.Context) error {
	at := filepath.Join(c.probe.folder, "counters.c")
	if err := os.WriteFile(at, cRuntime, 0o600); err != nil {
		return err
	}
	object := filepath.Join(c.probe.folder, "counters.o")
	if err := c.run(ctx, "-O2", "-DTABLE="+strconv.Quote(c.table()), "-c", "-o", object, at); err != nil {
		return err
	}
	words := []string{"-g", "-O0", "-pthread", "-fsanitize-coverage=trace-pc,trace-cmp", "-o", c.out()}
	if err := c.run(ctx, slices.Concat(words, c.sources, []string{object, "-lm"})...); err != nil {
		return err
	}
	if err := c.read(); err != nil {
		return fmt.Errorf("%w: read what was compiled: %w", ErrNot, err)
	}
	c.constants()
	return nil
}

func (c *cBuild) run(ctx context.Context, words ...string) error {
	command := exec.CommandContext(ctx, c.compiler, append([]string{"-w"}, words...)...)
	command.Dir = c.dir
	command.WaitDelay = time.Second
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: cc: %w: %s", ErrNot, err, firstLines(string(said)))
	}
	return nil
}

// constants reads those of all sources and headers.
func (c *cBuild) constants() {
	var l Literals
	headers, _ := filepath.Glob(filepath.Join(c.dir, "*.h")) // the pattern is right
	for _, path := range headers {
		c.scan(&l, path)
	}
	for _, name := range c.sources {
		c.scan(&l, filepath.Join(c.dir, name))
	}
	c.probe.Words, c.probe.Numbers = l.Words, l.Numbers
}

func (c *cBuild) scan(l *Literals, path string) {
	if b, err := os.ReadFile(path); err == nil {
		l.Scan(b, false)
	}
}

// A cCall is a call of what the compiler puts into blocks and comparisons.
type cCall struct {
	at, back uint64 // where it is, and behind it
	near     bool   // it is a comparison with a constant
	cell     int
}

// read finds all calls in the program, and gives each a counter.
func (c *cBuild) read() error {
	f, err := elf.Open(c.out())
	if err != nil {
		return err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	called := map[uint64]bool{} // whether it is of a comparison
	var functions []uint64
	var anchor uint64
	for _, s := range symbols {
		switch {
		case s.Name == "__sanitizer_cov_trace_pc":
			anchor = s.Value
			called[s.Value] = false
		case strings.HasPrefix(s.Name, "__sanitizer_cov_trace_const_cmp"):
			called[s.Value] = true
		}
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC {
			functions = append(functions, s.Value)
		}
	}
	calls, err := callsIn(f, called)
	if err != nil {
		return err
	}
	if len(calls) == 0 {
		return fmt.Errorf("no blocks in it")
	}
	if err := c.number(calls, anchor); err != nil {
		return err
	}
	return c.lines(f, calls, functions)
}

// callsIn gives the calls of some functions, in order. A call is the byte E8 and
// how far the function is from behind it.
func callsIn(f *elf.File, called map[uint64]bool) (calls []cCall, err error) {
	const length = 5
	for _, s := range f.Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_EXECINSTR == 0 {
			continue
		}
		b, err := s.Data()
		if err != nil {
			return nil, err
		}
		for i := 0; i+length <= len(b); i++ {
			if b[i] != 0xE8 {
				continue
			}
			back := s.Addr + uint64(i) + length
			to := back + uint64(int64(int32(binary.LittleEndian.Uint32(b[i+1:]))))
			if near, is := called[to]; is {
				calls = append(calls, cCall{at: back - length, back: back, near: near})
			}
		}
	}
	slices.SortFunc(calls, func(a, b cCall) int { return int(int64(a.at) - int64(b.at)) })
	return calls, nil
}

// number gives each call its counters, and writes the table that the program finds
// them by.
func (c *cBuild) number(calls []cCall, anchor uint64) error {
	p := c.probe
	p.Size = 1
	low := calls[0].back
	table := make([]uint16, calls[len(calls)-1].back-low+1)
	for i := range calls {
		calls[i].cell = p.Size
		p.Size++
		for far := 1; calls[i].near && far < countingSteps; far++ {
			p.Far = append(p.Far, p.Size)
			p.Size++
		}
		if p.Size > countingMost {
			return fmt.Errorf("it is too large")
		}
		table[calls[i].back-low] = uint16(calls[i].cell)
	}
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, int64(low-anchor)); err != nil {
		return err
	}
	if err := binary.Write(&b, binary.LittleEndian, table); err != nil {
		return err
	}
	return os.WriteFile(c.table(), b.Bytes(), 0o600)
}
