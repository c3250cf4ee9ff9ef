package probe_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/internal/probe"
)

// monitoring finds a Python that tells which lines it executes.
var monitoring = sync.OnceValue(func() string {
	for _, name := range []string{os.Getenv("PROBE_PYTHON"), "python3", "python3.14", "python3.13", "python3.12"} {
		out, err := exec.Command(name, "-c", "import sys; sys.monitoring; print(sys.executable)").Output()
		if err == nil {
			return strings.TrimSpace(string(out))
		}
	}
	return ""
})

// TestMonitored watches what cannot be compiled with counters: a module, and a
// script by a name of its own. Both run as without, and tell of new lines once.
func TestMonitored(t *testing.T) {
	if monitoring() == "" {
		t.Skip("no Python from 3.12 on")
	}
	submission := t.TempDir()
	for name, text := range map[string]string{
		"server": "import sys\nfrom tools import part\nprint(__name__, sys.argv[1:])\nfor word in sys.argv[1:]:\n    part.meet(word)\nsys.exit(4)\n",
		// A module runs by its own name, from the folder of the submission.
		"module.py":         "import sys\nfrom tools import part\nprint(__name__, sys.argv[1:], __spec__.name)\npart.meet(sys.argv[-1])\n",
		"tools/__init__.py": "",
		"tools/part.py":     "def meet(word):\n    if word == 'secret':\n        raise ValueError(4919)\n    return word\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(submission, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(submission, name), []byte(text), 0o644))
	}
	for _, test := range []struct {
		words  []string
		missed []string
	}{
		{[]string{"-u", "server", "a", "b"}, []string{"raise ValueError(4919)"}},
		{[]string{"-m", "module", "a", "b"}, []string{"raise ValueError(4919)"}},
		{[]string{"-m", "module", "secret"}, []string{"return word"}},
	} {
		t.Run(strings.Join(test.words, " "), func(t *testing.T) {
			command := append([]string{monitoring()}, test.words...)
			p, err := probe.New(t.Context(), command, submission)
			require.NoError(t, err)
			defer p.Close()
			require.Contains(t, p.Words, []byte("secret"))
			require.Contains(t, p.Numbers, uint64(4919))
			root, work := run(t, submission)
			counters, err := p.Open(root)
			require.NoError(t, err)
			defer counters.Close()
			require.Equal(t, lastLines(output(work, command...)), lastLines(output(work, p.Command...)))
			seen := make([]byte, p.Size)
			require.True(t, counters.Take(seen))
			var missed []string
			for _, m := range p.Missed(func(cell int) bool { return seen[cell] > 0 }) {
				for _, l := range m.Lines {
					missed = append(missed, strings.TrimSpace(lineOf(t, filepath.Join(submission, m.File), l.First)))
				}
			}
			require.Equal(t, test.missed, missed)
		})
	}
}

// lastLines leaves out of tracebacks who has called the program.
func lastLines(text string) string {
	head, report, is := strings.Cut(text, "Traceback")
	if !is {
		return text
	}
	return head + report[strings.LastIndex(report, "  File"):]
}
