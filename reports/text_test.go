package reports_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"netproctor/reports"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file in testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestText(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(greeters)) {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, reports.Text(&out, played(t, greeters[name])))
			requireHarmless(t, out.String())
			requireNarrow(t, out.String())
			golden(t, name+".txt", out.Bytes())
		})
	}
}

// requireHarmless demands text that a terminal can show as it is.
func requireHarmless(t *testing.T, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		require.NotContains(t, line, "\x1b")
		require.NotContains(t, line, "\u202e")
		for _, r := range line {
			require.GreaterOrEqual(t, r, ' ', "in %q", line)
		}
	}
}

// requireNarrow demands that nothing but a command is too long for a page.
func requireNarrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "  again  ") {
			require.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
		}
	}
}
