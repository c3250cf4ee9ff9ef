package chat_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

func openStore(t *testing.T, dir string) *chat.Store {
	s, err := chat.OpenStore(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestOpenStore(t *testing.T) {
	dir := t.TempDir()
	openStore(t, dir)
	require.DirExists(t, filepath.Join(dir, "server"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server", "old"), []byte("old"), 0o600))
	openStore(t, dir)
	require.FileExists(t, filepath.Join(dir, "server", "old"), "what is there stays")

	taken := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(taken, "server"), nil, 0o600))
	_, err := chat.OpenStore(taken)
	require.ErrorContains(t, err, "creating the folder for uploads: ")

	t.Chdir(t.TempDir())
	openStore(t, "")
	require.DirExists(t, "server")
}

func TestStoreSave(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	for _, content := range []string{"first", "", "a longer one\x00\xff", "short"} {
		r := strings.NewReader(content + "behind")
		require.NoError(t, s.Save("é file", iotest.OneByteReader(r), int64(len(content))))
		require.Equal(t, len("behind"), r.Len(), "what is behind the file is not read")
		got, err := os.ReadFile(filepath.Join(dir, "server", "é file"))
		require.NoError(t, err)
		require.Equal(t, content, string(got))
	}
}

// TestStoreCannotSave has files that cannot be kept: their bytes are read all the
// same, and nothing else changes.
func TestStoreCannotSave(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x"), []byte("outside"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "server", "folder"), 0o700))
	tests := map[string]struct{ name, want string }{
		"nothing":         {"", "wanted no path"},
		"above":           {"../x", `keeping file "../x": the file's name wanted no path`},
		"absolute":        {filepath.Join(dir, "x"), "wanted no path"},
		"below":           {"folder/x", "wanted no path"},
		"dot":             {".", "wanted no path"},
		"two dots":        {"..", "wanted no path"},
		"other separator": {`..\x`, "wanted no path"},
		"zero byte":       {"a\x00b", "wanted no path"},
		"is a folder":     {"folder", `keeping file "folder": `},
		"too long":        {strings.Repeat("a", 256), "keeping file "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := strings.NewReader("abcbehind")
			require.ErrorContains(t, s.Save(tt.name, r, 3), tt.want)
			require.Equal(t, len("behind"), r.Len())
			names, err := filepath.Glob(filepath.Join(dir, "*", "*"))
			require.NoError(t, err)
			require.Equal(t, []string{filepath.Join(dir, "server", "folder")}, names)
			outside, err := os.ReadFile(filepath.Join(dir, "x"))
			require.NoError(t, err)
			require.Equal(t, "outside", string(outside))
		})
	}
}

// TestStoreLinks has links in the folder that lead out of it.
func TestStoreLinks(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	outside := filepath.Join(dir, "x")
	require.NoError(t, os.WriteFile(outside, []byte("outside"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "server", "link")))
	require.NoError(t, s.Save("link", strings.NewReader("abc"), 3))
	got, err := os.ReadFile(outside)
	require.NoError(t, err)
	require.Equal(t, "outside", string(got), "the link is replaced, not followed")
}

// TestStoreShort has a reader that ends, or fails, before the size is reached.
func TestStoreShort(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	require.NoError(t, s.Save("a", strings.NewReader("old"), 3))
	err := s.Save("a", strings.NewReader("ne"), 3)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, `keeping file "a": wanted 3 bytes, got 2`)
	broken := errors.New("broken")
	require.ErrorIs(t, s.Save("b", iotest.ErrReader(broken), 3), broken)
	entries, err := os.ReadDir(filepath.Join(dir, "server"))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	got, err := os.ReadFile(filepath.Join(dir, "server", "a"))
	require.NoError(t, err)
	require.Equal(t, "old", string(got))
}
