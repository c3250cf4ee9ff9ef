package fileshare_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

func openFolder(t *testing.T) (*fileshare.Folder, string) {
	dir := filepath.Join(t.TempDir(), "a", "folder")
	f, err := fileshare.OpenFolder(dir)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f, dir
}

// illegal are names that no shared file can have.
var illegal = map[string]string{
	"empty":        "",
	"256 bytes":    strings.Repeat("n", 256),
	"dot":          ".",
	"dots":         "..",
	"parent":       "../secret",
	"absolute":     "/etc/passwd",
	"below":        "sub/secret",
	"backslash":    `..\secret`,
	"nul":          "a\x00b",
	"line":         "a\nb",
	"not utf-8":    "a\xff",
	"end in slash": "a/",
}

func TestCheckName(t *testing.T) {
	for name, bad := range illegal {
		require.ErrorIs(t, fileshare.CheckName(bad), fileshare.ErrName, name)
	}
	for _, good := range []string{"a", "a b", "...", "..a", ".hidden", "é", "~", "-", "a:b", strings.Repeat("n", 254), strings.Repeat("n", 255)} {
		require.NoError(t, fileshare.CheckName(good), good)
	}
}

func TestFolder(t *testing.T) {
	f, dir := openFolder(t)
	names, err := f.Names()
	require.NoError(t, err)
	require.Empty(t, names)

	for _, data := range []string{"a longer text", "short", ""} {
		n, err := f.Store("b.txt", strings.NewReader(data))
		require.NoError(t, err)
		require.EqualValues(t, len(data), n)
		r, size, err := f.Open("b.txt")
		require.NoError(t, err)
		require.EqualValues(t, len(data), size)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, data, string(got))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), nil, 0o644))
	names, err = f.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b.txt"}, names)
}

func TestFolderIllegalNames(t *testing.T) {
	f, dir := openFolder(t)
	outside := filepath.Join(filepath.Dir(dir), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "secret"), []byte("secret"), 0o644))
	for name, bad := range illegal {
		_, _, err := f.Open(bad)
		require.ErrorIs(t, err, fileshare.ErrName, name)
		_, err = f.Store(bad, iotest.ErrReader(errors.New("is not read")))
		require.ErrorIs(t, err, fileshare.ErrName, name)
	}
	require.Equal(t, []string{"sub"}, fileNames(t, dir))
	got, err := os.ReadFile(outside)
	require.NoError(t, err)
	require.Equal(t, "secret", string(got))
}

// TestFolderOtherThings has things in the folder that are no files of it.
func TestFolderOtherThings(t *testing.T) {
	f, dir := openFolder(t)
	outside := filepath.Join(filepath.Dir(dir), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o644))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("../secret", filepath.Join(dir, "relative")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "directory"), 0o755))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".incoming-x"), []byte("half"), 0o644))
	names, err := f.Names()
	require.NoError(t, err)
	require.Empty(t, names)
	for _, name := range []string{"link", "relative", "directory", "pipe", "missing"} {
		_, _, err := f.Open(name)
		require.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, _, err = f.Open(".incoming-x")
	require.ErrorIs(t, err, fileshare.ErrName)

	// A link is replaced, not followed.
	_, err = f.Store("link", strings.NewReader("mine"))
	require.NoError(t, err)
	got, err := os.ReadFile(outside)
	require.NoError(t, err)
	require.Equal(t, "secret", string(got))

	_, err = f.Store("directory", strings.NewReader("mine"))
	require.Error(t, err)
	require.ElementsMatch(t, []string{".incoming-x", "directory", "link", "pipe", "relative"}, fileNames(t, dir))
}

// TestFolderStoreFails reads part of a file, and then an error.
func TestFolderStoreFails(t *testing.T) {
	f, dir := openFolder(t)
	broken := errors.New("broken")
	half := func() io.Reader { return io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)) }
	_, err := f.Store("a", half())
	require.ErrorIs(t, err, broken)
	require.Empty(t, fileNames(t, dir))

	_, err = f.Store("a", strings.NewReader("whole"))
	require.NoError(t, err)
	_, err = f.Store("a", half())
	require.ErrorIs(t, err, broken)
	require.Equal(t, []string{"a"}, fileNames(t, dir))
	got, err := os.ReadFile(filepath.Join(dir, "a"))
	require.NoError(t, err)
	require.Equal(t, "whole", string(got))
}

// TestFolderSeesNoHalfFile looks while a file is stored.
func TestFolderSeesNoHalfFile(t *testing.T) {
	f, _ := openFolder(t)
	looks := 0
	look := readFunc(func([]byte) (int, error) {
		looks++
		names, err := f.Names()
		require.NoError(t, err)
		require.Empty(t, names)
		return 0, io.EOF
	})
	_, err := f.Store("a", io.MultiReader(strings.NewReader("half"), look, strings.NewReader("whole")))
	require.NoError(t, err)
	require.Equal(t, 1, looks)
	names, err := f.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, names)
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestOpenFolderFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := fileshare.OpenFolder(file)
	require.ErrorContains(t, err, "making the folder: ")
}

func TestPrintable(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain":      {"bob smith", "bob smith"},
		"utf-8":      {"zoë 日本", "zoë 日本"},
		"not utf-8":  {"a\xff\xfeb", "a\ufffd\ufffdb"},
		"lines":      {"a\nb\tc", "a\ufffdb\ufffdc"},
		"terminal":   {"\x1b[2J", "\ufffd[2J"},
		"c1 control": {"\u009b2J", "\ufffd2J"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { require.Equal(t, tt.want, fileshare.Printable(tt.in)) })
	}
}
