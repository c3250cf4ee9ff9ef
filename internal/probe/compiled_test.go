package probe_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/internal/probe"
)

// tool finds a compiler, and skips without it unless it is demanded.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("NETPROCTOR_TOOLCHAINS") == "required" {
		t.Fatalf("toolchain %s is required: %v", name, err)
	}
	if err != nil {
		t.Skipf("no %s: %v", name, err)
	}
	return path
}

// copied copies a submission, and compiles it there.
func copied(t *testing.T, submission string, build ...string) string {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(dir, os.DirFS(submission)))
	if len(build) > 0 {
		c := exec.CommandContext(t.Context(), tool(t, build[0]), build[1:]...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return dir
}

// goUnusual is what gofmt would write otherwise, and goBroken what is not compiled.
const (
	goUnusual = `package main; import "fmt"; func init() { for i := range 9 { switch i { case 1: case 2: fmt.Print("2 "); case 3: fallthrough; default: }
if i == 4 {} else if i == 600 { fmt.Print("6 ") } else if i > 7 {}; x := func() bool { return i > 3 && (i < 5 || i == 8) }; if x() { fmt.Println(i) } } }`
	goBroken = "package main\n\nthis is no Go\n"
)

// contents are all files below a folder, with their times.
func contents(t *testing.T, dir string) map[string]time.Time {
	all := map[string]time.Time{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := e.Info()
		all[path] = info.ModTime()
		return err
	}))
	return all
}

// A compiled is a program that is compiled, and how it is started.
type compiled struct {
	name, submission string
	build, start     []string
}

var compiledPrograms = []compiled{
	{"go run", "testdata/go-exact", nil, []string{"go", "run", "."}},
	{"go build", "testdata/go-exact", []string{"go", "build", "-o", "bin/server", "."}, []string{"bin/server"}},
	{"go files", "testdata/go-exact", []string{"go", "build", "-o", "main", "main.go"}, []string{"./main"}},
	{"cc", "testdata/c-exact", []string{"cc", "-O2", "-pthread", "-o", "server", "exact.c", "part.c", "-lm"}, []string{"./server"}},
	{"cc, no position", "testdata/c-exact", []string{"cc", "-no-pie", "-pthread", "-o", "exact", "exact.c", "part.c", "-lm"}, []string{"./exact"}},
}

// goNoise is what differs in the report of a panic, if blocks are compiled
// otherwise.
var goNoise = regexp.MustCompile(` \+0x[0-9a-f]*|\(.*\)|goroutine \d+`)

// TestCompiledNothingChanges runs programs that have what programs may have.
func TestCompiledNothingChanges(t *testing.T) {
	for _, c := range compiledPrograms {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tool(t, strings.Fields(c.name)[0][:2])
			dir := copied(t, c.submission)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "unusual.go"), []byte(goUnusual), 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "main_test.go"), []byte(goBroken), 0o644))
			dir = copied(t, dir, c.build...)
			before := contents(t, dir)
			p, err := probe.New(t.Context(), c.start, dir)
			require.NoError(t, err)
			defer p.Close()
			require.Empty(t, p.Skipped)
			require.Equal(t, before, contents(t, dir), "the submission stays as it is")
			bare := c.start
			if bare[0] == "go" {
				bare = []string{filepath.Join(t.TempDir(), "bare")}
				b := exec.Command("go", "build", "-o", bare[0], ".")
				b.Dir = dir
				require.NoError(t, b.Run())
			}
			for _, argument := range []string{"exit", "fail", "recover"} {
				root, work := run(t, dir)
				counters, err := p.Open(root)
				require.NoError(t, err)
				defer counters.Close()
				want := clean(output(work, append(bare, argument)...), work, dir)
				require.Regexp(t, `(exit status 3|signal: aborted.*|exit status 2|recovered only said\n exit status 0)$`, want)
				require.Equal(t, want, clean(output(work, append(p.Command, argument)...), work, dir))
				seen := make([]byte, p.Size)
				require.True(t, counters.Take(seen))
				require.NotEqual(t, make([]byte, p.Size), seen)
			}
		})
	}
}

func clean(out, work, dir string) string {
	return goNoise.ReplaceAllString(strings.NewReplacer(work, "DIR", dir, "DIR").Replace(out), "")
}

// TestCompiledMissed tells lines by what stands on them.
func TestCompiledMissed(t *testing.T) {
	for _, test := range []struct {
		submission   string
		build, start []string
		want         []string
	}{
		{"testdata/go-exact", nil, []string{"go", "run", "main.go"}, []string{
			"main.go } else if n == 0 {", "main.go case c == 'x':", "main.go goto end", "main.go case <-c:",
			`main.go fmt.Println("string")`, `main.go fmt.Println("never")`, "part/part.go return n",
		}},
		{"testdata/c-exact", []string{"cc", "-pthread", "-o", "exact", "exact.c", "part.c", "-lm"}, []string{"./exact"}, []string{
			`exact.c printf("never\n");`, "part.c return -1;", "part.c return 600;",
		}},
	} {
		t.Run(test.submission, func(t *testing.T) {
			t.Parallel()
			tool(t, "cc")
			dir := copied(t, test.submission, test.build...)
			p, err := probe.New(t.Context(), test.start, dir)
			require.NoError(t, err)
			defer p.Close()
			root, work := run(t, dir)
			counters, err := p.Open(root)
			require.NoError(t, err)
			defer counters.Close()
			seen := make([]byte, p.Size)
			reached := make([]bool, p.Size)
			for _, argument := range []string{"exit", "fail", "recover"} {
				output(work, append(p.Command, argument)...)
				require.True(t, counters.Take(seen))
				for i, n := range seen {
					reached[i] = reached[i] || n > 0
				}
			}
			var text []string
			for _, m := range p.Missed(func(cell int) bool { return reached[cell] }) {
				for _, l := range m.Lines {
					text = append(text, m.File+" "+strings.TrimSpace(lineOf(t, filepath.Join(dir, m.File), l.First)))
				}
			}
			require.Equal(t, test.want, text)
		})
	}
}

func TestCompiledConstants(t *testing.T) {
	for _, c := range []struct {
		submission   string
		build, start []string
	}{
		{"testdata/go-exact", nil, []string{"go", "run", "."}},
		{"testdata/c-exact", []string{"cc", "-pthread", "-o", "exact", "exact.c", "part.c", "-lm"}, []string{"./exact"}},
	} {
		tool(t, "cc")
		p, err := probe.New(t.Context(), c.start, copied(t, c.submission, c.build...))
		require.NoError(t, err)
		defer p.Close()
		require.Contains(t, p.Numbers, uint64(600), c.submission)
		require.Contains(t, p.Numbers, uint64(0xAE), c.submission)
		require.Contains(t, p.Words, []byte("exit"), c.submission)
		require.NotContains(t, p.Words, []byte("only said"), c.submission)
		require.NotEmpty(t, p.Far, c.submission)
	}
}

// TestCompiledNot names programs that get no counters, and what is said of them.
func TestCompiledNot(t *testing.T) {
	tool(t, "cc")
	goDir := copied(t, "testdata/go-exact", "go", "build", "-o", "server", ".")
	cDir := copied(t, "testdata/c-exact", "cc", "-pthread", "-s", "-o", "exact", "exact.c", "part.c", "-lm")
	at := func(dir, name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755))
	}
	old := func(dir, name string) string {
		other := t.TempDir()
		require.NoError(t, os.CopyFS(other, os.DirFS(dir)))
		long := time.Now().Add(-time.Hour)
		require.NoError(t, os.Chtimes(filepath.Join(other, name), long, long))
		return other
	}
	at(cDir, "script", "#!/bin/sh\nexec ./exact\n")
	alone := t.TempDir()
	for from, name := range map[string]string{goDir: "server", cDir: "exact"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		at(alone, name, string(b))
	}
	fetches := copied(t, "testdata/go-exact")
	at(fetches, "more.go", "package main\nimport _ \"example.org/not/there\"\n")
	for _, test := range []struct {
		dir, command, why string
	}{
		{goDir, "go vet .", "wanted go run"},
		{goDir, "go run", "got nothing"},
		{goDir, "go run -exec x .", "go run -exec"},
		{goDir, "go run -race .", "go run -race"},
		{goDir, "go run example.org/x@latest", "of the submission"},
		{goDir, "go run ./missing", "directory not found"},
		{goDir, "go run missing.go", "missing.go"},
		{fetches, "go run .", "no required module provides package example.org/not/there"},
		{goDir, "./missing", "no such file"},
		{old(goDir, "server"), "./server", "server is older than"},
		{old(cDir, "exact"), "./exact", "exact is older than"},
		{cDir, "./script", "no program in Go or C"},
		{cDir, "./exact", "undefined reference"}, // which files is not said in it
		{alone, "./server", "example.com/exact"},
		{alone, "./exact", "wanted one source in C"},
		{"", "./exact", "wanted a submission"},
	} {
		_, err := probe.New(t.Context(), strings.Fields(test.command), test.dir)
		require.ErrorIs(t, err, probe.ErrNot, test.command)
		require.ErrorContains(t, err, test.why, test.command)
	}
	_, err := os.Stat(filepath.Join(fetches, "go.sum"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
