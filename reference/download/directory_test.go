package download_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/download"
)

// openDirectory makes a directory with all sorts of files.
func openDirectory(t *testing.T) (*download.Directory, string) {
	t.Helper()
	outer := t.TempDir()
	path := filepath.Join(outer, "files")
	writeFile(t, outer, "secret", []byte("not for you"))
	writeFile(t, path, "f", []byte("contents of f"))
	writeFile(t, path, "d/g", []byte("contents of g"))
	writeFile(t, path, "empty", nil)
	writeFile(t, path, "zoë 日本", []byte("utf-8"))
	require.NoError(t, os.Symlink("d/g", filepath.Join(path, "link")))
	require.NoError(t, os.Symlink("../secret", filepath.Join(path, "leak")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(path, "pipe"), 0o666))
	d, err := download.OpenDirectory(path)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d, path
}

func TestDirectoryOpens(t *testing.T) {
	d, _ := openDirectory(t)
	tests := map[string]string{
		"f":        "contents of f",
		"d/g":      "contents of g",
		"d//./g":   "contents of g",
		"./f":      "contents of f",
		"d/../f":   "contents of f",
		"empty":    "",
		"zoë 日本":   "utf-8",
		"link":     "contents of g",
		longName(): "contents of f",
	}
	for name, want := range tests {
		f, err := d.Open(name)
		require.NoError(t, err, name)
		require.EqualValues(t, len(want), f.Size, name)
		got, err := io.ReadAll(f)
		require.NoError(t, err, name)
		require.Equal(t, want, string(got), name)
		require.NoError(t, f.Close())
	}
}

// longName returns the longest name, which is another one of f.
func longName() string { return "." + strings.Repeat("/", download.MaxFilename-2) + "f" }

func TestDirectoryRefuses(t *testing.T) {
	d, path := openDirectory(t)
	tests := map[string]struct {
		name string
		want string // in the error
	}{
		"missing":              {"nothere", "no such file"},
		"other case":           {"F", "no such file"},
		"missing directory":    {"nothere/f", "no such file"},
		"file as a directory":  {"f/g", "not a directory"},
		"slash at the end":     {"f/", ""},
		"dot at the end":       {"f/.", ""},
		"directory":            {"d", "wanted a regular file"},
		"the directory itself": {".", "wanted a regular file"},
		"pipe":                 {"pipe", "wanted a regular file"},
		"empty":                {"", ""},
		"nul":                  {"f\x00", "invalid argument"},
		"not utf-8":            {"f\xff", "wanted UTF-8"},
		"component too long":   {strings.Repeat("n", download.MaxFilename), "file name too long"},
		"parent":               {"../secret", "escapes"},
		"parent by detour":     {"d/../../secret", "escapes"},
		"absolute":             {filepath.Join(path, "f"), "escapes"},
		"link that leads out":  {"leak", "escapes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := d.Open(tt.name)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestDirectoryNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	d, path := openDirectory(t)
	require.NoError(t, os.Chmod(filepath.Join(path, "f"), 0))
	_, err := d.Open("f")
	require.ErrorIs(t, err, fs.ErrPermission)
}

// TestDirectorySizeBounds has files with a hole, which take no room on the disk.
func TestDirectorySizeBounds(t *testing.T) {
	d, path := openDirectory(t)
	for _, tt := range []struct {
		size  int64
		legal bool
	}{{download.MaxData - 1, true}, {download.MaxData, true}, {download.MaxData + 1, false}} {
		require.NoError(t, os.Truncate(filepath.Join(path, "f"), tt.size))
		f, err := d.Open("f")
		if !tt.legal {
			require.ErrorContains(t, err, "wanted a file of at most 4294967295 bytes, got 4294967296")
			continue
		}
		require.NoError(t, err)
		require.EqualValues(t, tt.size, f.Size)
		require.NoError(t, f.Close())
	}
}

func TestOpenDirectory(t *testing.T) {
	_, err := download.OpenDirectory(filepath.Join(t.TempDir(), "nothere"))
	require.ErrorIs(t, err, fs.ErrNotExist)

	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("here", []byte("x"), 0o666))
	d, err := download.OpenDirectory("")
	require.NoError(t, err)
	defer d.Close()
	f, err := d.Open("here")
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
