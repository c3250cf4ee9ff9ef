package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tablesFolder has a table for each protocol and role.
const tablesFolder = "../../fuzz/testdata/detect"

// A line is what a table says of a wrong program.
type line struct {
	name, breaks string
	found, seeds int           // with how many of the seeds something was found
	seen         time.Duration // until it was seen first: the median of those
	verified     time.Duration // until that was verified and written, from the start of the command
	kind         string
	cites        bool
}

// isFound tells whether most seeds found it.
func (l *line) isFound() bool { return 2*l.found > l.seeds }

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[(len(list)-1)/2]
}

const notFound = "not found"

func (l *line) String() string {
	begin := fmt.Sprintf("%-44s %-26s %d of %d", l.name, l.breaks, l.found, l.seeds)
	if l.found == 0 {
		return begin + "  " + notFound
	}
	cites := "cited"
	if !l.cites {
		cites = "other"
	}
	return fmt.Sprintf("%s  seen %6.2f s, verified %6.2f s  %-9s %s", begin, l.seen.Seconds(), l.verified.Seconds(), l.kind, cites)
}

// parseLine reads what String has written.
func parseLine(text string) (*line, error) {
	words := strings.Fields(text)
	bad := func(err error) (*line, error) { return nil, fmt.Errorf("%q is no line of a table: %w", text, err) }
	if len(words) < 7 {
		return bad(errors.New("too short"))
	}
	found, err1 := strconv.Atoi(words[2])
	seeds, err2 := strconv.Atoi(words[4])
	l := &line{name: words[0], breaks: words[1], found: found, seeds: seeds}
	if err := errors.Join(err1, err2); err != nil {
		return bad(err)
	}
	if found == 0 {
		return l, nil
	}
	if len(words) != 13 {
		return bad(errors.New("wanted 13 words"))
	}
	seen, err1 := time.ParseDuration(words[6] + "s")
	verified, err2 := time.ParseDuration(words[9] + "s")
	l.seen, l.verified, l.kind, l.cites = seen, verified, words[11], words[12] == "cited"
	if err := errors.Join(err1, err2); err != nil {
		return bad(err)
	}
	return l, nil
}

// tables are the lines of all protocols and roles, each table a file. A file is
// written anew after each program, so that a run which is killed keeps what it has
// measured.
type tables struct {
	folder string
	names  []string            // of all tables
	order  map[string][]string // of a table's programs

	mu    sync.Mutex
	lines map[string]map[string]*line // by table and program
}

func (s subject) table() string { return s.protocol + "-" + s.role }

// openTables reads the tables that there are. Lines of programs that are gone are
// left out.
func openTables(t *testing.T, folder string, all []subject) *tables {
	x := &tables{folder: folder, order: map[string][]string{}, lines: map[string]map[string]*line{}}
	for _, s := range all {
		if s.breaks == "" {
			continue
		}
		if x.lines[s.table()] == nil {
			x.names = append(x.names, s.table())
			x.lines[s.table()] = map[string]*line{}
		}
		x.order[s.table()] = append(x.order[s.table()], s.name)
	}
	for _, name := range x.names {
		text, err := os.ReadFile(x.file(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		_, body, _ := strings.Cut(string(text), "\n\n")
		for row := range strings.Lines(body) {
			l, err := parseLine(row)
			require.NoError(t, err, x.file(name))
			if slices.Contains(x.order[name], l.name) {
				x.lines[name][l.name] = l
			}
		}
	}
	return x
}

func (x *tables) file(table string) string { return filepath.Join(x.folder, table+".txt") }

// measure gives the programs that are to be measured, only those that are left if
// it is asked for those, and takes what there was of them out of the tables.
func (x *tables) measure(t *testing.T, list []subject, left bool) []subject {
	if left {
		list = slices.DeleteFunc(list, func(s subject) bool { return x.lines[s.table()][s.name] != nil })
	}
	tables := map[string]bool{}
	for _, s := range list {
		delete(x.lines[s.table()], s.name)
		tables[s.table()] = true
	}
	for table := range tables {
		require.NoError(t, x.write(table))
	}
	return list
}

// add puts a line into its table.
func (x *tables) add(s subject, l *line) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lines[s.table()][s.name] = l
	return x.write(s.table())
}

func (x *tables) write(table string) error {
	return os.WriteFile(x.file(table), []byte(x.text(table)), 0o644)
}

// text is a table: a summary, an empty line, and the programs in the order of the
// kill matrix.
func (x *tables) text(table string) string {
	var list []*line
	var missed []string
	seen, verified, cited, seeds := 0, 0, 0, 0
	for _, name := range x.order[table] {
		l := x.lines[table][name]
		if l == nil {
			continue
		}
		list = append(list, l)
		seeds = max(seeds, l.seeds)
		switch {
		case !l.isFound():
			missed = append(missed, name)
			continue
		case l.seen <= time.Second:
			seen++
		}
		if l.verified <= time.Second {
			verified++
		}
		if l.cites {
			cited++
		}
	}
	var b strings.Builder
	found, share := len(list)-len(missed), func(n int) int { return 100 * n / max(1, len(list)) }
	fmt.Fprintf(&b, "%d of %d wrong programs, %d seeds, %s each: %d found (%d%%); within 1 s %d were seen (%d%%) and %d verified; %d cite the requirement\nnot found: %s\n\n",
		len(list), len(x.order[table]), seeds, detectFor, found, share(found), seen, share(seen), verified, cited, cmp.Or(strings.Join(missed, ", "), "none"))
	for _, l := range list {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}

// TestDetectionTables holds that a table keeps what was measured before, in the
// order of the matrix, without what is measured again or is gone.
func TestDetectionTables(t *testing.T) {
	program := func(name string) subject {
		return subject{protocol: "p", role: "server", name: name, breaks: "server.x"}
	}
	all := []subject{program("a"), program("b"), program("c"), {protocol: "p", role: "server", name: "right"}}
	folder := t.TempDir()
	x := openTables(t, folder, append(all, program("gone")))
	found := &line{name: "c", breaks: "server.x", found: 2, seeds: 3, seen: 1500 * time.Millisecond, verified: 2250 * time.Millisecond, kind: "answer", cites: true}
	for _, l := range []*line{found, {name: "gone", breaks: "server.x", seeds: 3}, {name: "a", breaks: "server.x", seeds: 3}} {
		require.NoError(t, x.add(program(l.name), l))
	}

	x = openTables(t, folder, all)
	require.Equal(t, found, x.lines["p-server"]["c"])
	require.Equal(t, `2 of 3 wrong programs, 3 seeds, 30s each: 1 found (50%); within 1 s 0 were seen (0%) and 0 verified; 1 cite the requirement
not found: a

a                                            server.x                   0 of 3  not found
c                                            server.x                   2 of 3  seen   1.50 s, verified   2.25 s  answer    cited
`, x.text("p-server"))

	left := x.measure(t, slices.Clone(all[:3]), true)
	require.Equal(t, []subject{program("b")}, left)
	require.Len(t, openTables(t, folder, all).lines["p-server"], 2)
	require.Len(t, x.measure(t, slices.Clone(all[:2]), false), 2)
	require.Len(t, openTables(t, folder, all).lines["p-server"], 1, "what is measured again is not kept")
}
