package probe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/internal/probe"
)

// python finds the interpreter itself.
func python(t *testing.T) string {
	path, err := interpreter()
	if err != nil {
		t.Skipf("no Python: %v", err)
	}
	return path
}

var interpreter = sync.OnceValues(func() (string, error) {
	name := os.Getenv("PROBE_PYTHON")
	if name == "" {
		name = "python3"
	}
	out, err := exec.Command(name, "-c", "import sys; print(sys.executable)").Output()
	return strings.TrimSpace(string(out)), err
})

// A run is a folder for a program's run, as a sandbox has one.
func run(t *testing.T, submission string) (root *os.Root, work string) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	work = filepath.Join(dir, "work")
	require.NoError(t, os.CopyFS(work, os.DirFS(submission)))
	root, err = os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root, work
}

// addresses are what differs between any two runs.
var addresses = regexp.MustCompile(`0x[0-9a-f]+|process \d+`)

func output(work string, command ...string) string {
	c := exec.Command(command[0], command[1:]...)
	c.Dir = work
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1")
	b, err := c.CombinedOutput()
	return addresses.ReplaceAllString(string(b), "0x") + " " + errText(err)
}

func errText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// TestNothingChanges runs a program that shows what it can of itself.
func TestNothingChanges(t *testing.T) {
	interpreter := python(t)
	for _, test := range [][]string{
		{"main.py", "exit"}, {"main.py", "assert"}, {"main.py", "raise"}, {"./main.py", "raise"},
		{"-O", "main.py", "assert"}, {"-u", "-X", "dev", "main.py", "exit"}, {"-E", "-S", "main.py", "raise"},
	} {
		t.Run(strings.Join(test, " "), func(t *testing.T) {
			t.Parallel()
			command := append([]string{interpreter}, test...)
			p, err := probe.New(t.Context(), command, "testdata/exact")
			require.NoError(t, err)
			defer p.Close()
			require.Len(t, p.Skipped, 1, "one file is no Python")
			root, work := run(t, "testdata/exact")
			counters, err := p.Open(root)
			require.NoError(t, err)
			defer counters.Close()
			want := output(work, command...)
			require.Contains(t, want, "closed global")
			require.Equal(t, want, output(work, p.Command...))
			seen := make([]byte, p.Size)
			require.True(t, counters.Take(seen))
			require.NotEqual(t, make([]byte, p.Size), seen)
			require.True(t, counters.Take(seen))
			require.Equal(t, make([]byte, p.Size), seen, "they were cleared")
		})
	}
}

func TestMissed(t *testing.T) {
	interpreter := python(t)
	p, err := probe.New(t.Context(), []string{interpreter, "main.py"}, "testdata/exact")
	require.NoError(t, err)
	defer p.Close()
	root, work := run(t, "testdata/exact")
	counters, err := p.Open(root)
	require.NoError(t, err)
	defer counters.Close()
	output(work, append(p.Command, "exit")...)
	seen := make([]byte, p.Size)
	require.True(t, counters.Take(seen))
	var text []string
	for _, m := range p.Missed(func(cell int) bool { return seen[cell] > 0 }) {
		for _, l := range m.Lines {
			text = append(text, m.File+" "+strings.TrimSpace(lineOf(t, filepath.Join("testdata/exact", m.File), l.First)))
		}
	}
	require.Equal(t, []string{
		"main.py try:", `main.py if len(sys.argv) > 1 and sys.argv[1] == "assert":`, "package/part.py if n == 0:",
	}, text)
}

func lineOf(t *testing.T, file string, n int) string {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return strings.Split(string(b), "\n")[n-1]
}

func TestConstants(t *testing.T) {
	p, err := probe.New(t.Context(), []string{python(t), "main.py"}, "testdata/exact")
	require.NoError(t, err)
	defer p.Close()
	require.Contains(t, p.Words, []byte("exit"))
	require.NotContains(t, p.Words, []byte("wrapped"), "it is only said")
	require.Contains(t, p.Numbers, uint64(12))
}

// TestNot names programs that get no counters.
func TestNot(t *testing.T) {
	interpreter := python(t)
	for _, command := range [][]string{nil, {"/bin/sh", "main.py"}, {interpreter}, {interpreter, "-c", "import package"}, {interpreter, "-m"}, {interpreter, "broken.py"}, {interpreter, "missing.py"}} {
		_, err := probe.New(t.Context(), command, "testdata/exact")
		require.ErrorIs(t, err, probe.ErrNot, "%q", command)
	}
}

// TestCountersAreCut takes counters of a file that the program has cut short.
func TestCountersAreCut(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	counters, err := (&probe.Probe{Size: 100}).Open(root)
	require.NoError(t, err)
	defer counters.Close()
	f, err := root.OpenFile("netproctor.map", os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	b := make([]byte, 100)
	require.False(t, counters.Take(b), "the program has not begun")
	_, err = f.WriteAt([]byte{1}, 0)
	require.NoError(t, err)
	require.True(t, counters.Take(b))
	require.NoError(t, f.Truncate(0))
	require.False(t, counters.Take(b))
}
