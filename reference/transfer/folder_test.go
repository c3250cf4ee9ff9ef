package transfer_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/transfer"
)

// shelf makes a folder to be served, with one next to it that is not:
//
//	secret   (a file)
//	served/file, served/sub/file, served/pipe
//	served/inside -> file, served/nowhere -> absent, served/outside -> ../secret
func shelf(t *testing.T) (*transfer.Folder, string) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "served")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o777))
	write(t, outer, "secret", "secret")
	write(t, dir, "file", "data")
	write(t, dir, "sub/file", "below")
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o666))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "inside")))
	require.NoError(t, os.Symlink("absent", filepath.Join(dir, "nowhere")))
	require.NoError(t, os.Symlink("../secret", filepath.Join(dir, "outside")))
	f, err := transfer.OpenFolder(dir)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, f.Close())
		require.Equal(t, "secret", read(t, outer, "secret"), "what is outside is not touched")
		require.Equal(t, []string{"secret", "served"}, names(t, outer))
	})
	return f, dir
}

func write(t *testing.T, dir, name, data string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666))
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(data)
}

// names lists what is in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// outsiders are names that lead out of a folder.
func outsiders(dir string) []string {
	return []string{"..", "../secret", "sub/../../secret", "/etc/passwd", filepath.Join(dir, "file"), "outside/x", "../served/file"}
}

func TestFolderOpen(t *testing.T) {
	f, dir := shelf(t)
	for name, want := range map[string]string{"file": "data", "sub/file": "below", "inside": "data", "sub/../file": "data"} {
		file, size, err := f.Open(name)
		require.NoError(t, err, name)
		require.EqualValues(t, len(want), size)
		data, err := io.ReadAll(file)
		require.NoError(t, err)
		require.Equal(t, want, string(data))
		require.NoError(t, file.Close())
	}
	absent := []string{"absent", "File", ".", "sub", "sub/", "pipe", "nowhere", "outside", "file/x", "a\x00b", strings.Repeat("a", 256)}
	for _, name := range append(absent, outsiders(dir)...) {
		_, _, err := f.Open(name)
		require.Error(t, err, name)
	}
}

func TestFolderRemove(t *testing.T) {
	f, dir := shelf(t)
	for _, name := range []string{"inside", "outside", "nowhere", "file", "sub/file"} {
		require.True(t, f.Has(name), name)
		require.NoError(t, f.Remove(name), name)
		require.False(t, f.Has(name), name)
		require.ErrorIs(t, f.Remove(name), fs.ErrNotExist)
	}
	for _, name := range append([]string{"absent", "a\x00b", strings.Repeat("a", 256)}, outsiders(dir)...) {
		require.False(t, f.Has(name), name)
		require.Error(t, f.Remove(name), name)
	}
	require.True(t, f.Has("sub"))
	require.ErrorContains(t, f.Remove("sub"), "sub wanted a file, got a folder")
	require.Error(t, f.Remove("."))
	require.Equal(t, []string{"pipe", "sub"}, names(t, dir))
}

func TestFolderCreate(t *testing.T) {
	f, dir := shelf(t)
	for _, name := range []string{"new", "file", "sub/new", "inside", "nowhere", " ", "DONE", "日本", strings.Repeat("a", 255)} {
		d, err := f.Create(name)
		require.NoError(t, err, name)
		_, err = io.WriteString(d, "new ")
		require.NoError(t, err)
		_, err = io.WriteString(d, name)
		require.NoError(t, err)
		require.NoError(t, d.Keep())
		require.Equal(t, "new "+name, read(t, dir, name))
		d.Drop()
		require.Equal(t, "new "+name, read(t, dir, name), "to drop what is kept does nothing")
	}
	require.Equal(t, []string{"file", "new"}, names(t, filepath.Join(dir, "sub")), "no draft is left")
}

func TestFolderCreateRefuses(t *testing.T) {
	f, dir := shelf(t)
	before := names(t, dir)
	unable := []string{"sub", "sub/", ".", "absent/new", "absent/", "file/new", "pipe", "outside", "a\x00b", strings.Repeat("a", 256)}
	for _, name := range append(unable, outsiders(dir)...) {
		_, err := f.Create(name)
		require.Error(t, err, name)
	}
	require.Equal(t, before, names(t, dir))
}

func TestFolderCreateWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("everything is permitted to the superuser")
	}
	f, dir := shelf(t)
	require.NoError(t, os.Chmod(filepath.Join(dir, "file"), 0o444))
	require.NoError(t, os.Chmod(filepath.Join(dir, "sub"), 0o555))
	defer os.Chmod(filepath.Join(dir, "sub"), 0o777)
	for _, name := range []string{"file", "sub/new"} {
		_, err := f.Create(name)
		require.ErrorIs(t, err, fs.ErrPermission, name)
	}
}

func TestDraftDrop(t *testing.T) {
	f, dir := shelf(t)
	before := names(t, dir)
	for _, name := range []string{"new", "file"} {
		d, err := f.Create(name)
		require.NoError(t, err)
		io.WriteString(d, "half")
		require.Equal(t, "data", read(t, dir, "file"), "the old file stays until the new one is whole")
		d.Drop()
		d.Drop()
	}
	require.Equal(t, before, names(t, dir))
	require.Equal(t, "data", read(t, dir, "file"))
}

func TestDraftMode(t *testing.T) {
	f, dir := shelf(t)
	mode := func(name string) fs.FileMode {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		return info.Mode()
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "file"), 0o640))
	write(t, dir, "usual", "")
	for _, name := range []string{"file", "new"} {
		d, err := f.Create(name)
		require.NoError(t, err)
		require.NoError(t, d.Keep())
	}
	require.Equal(t, fs.FileMode(0o640), mode("file"), "a file keeps its mode")
	require.Equal(t, mode("usual"), mode("new"))
}

func TestDraftCannotBeKept(t *testing.T) {
	f, dir := shelf(t)
	d, err := f.Create("new")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "new"), 0o777))
	require.ErrorContains(t, d.Keep(), "naming the file: ")
	d.Drop()

	d, err = f.Create("other")
	require.NoError(t, err)
	d.Drop()
	require.ErrorContains(t, d.Keep(), "closing the file: ")
}

func TestOpenFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := transfer.OpenFolder(filepath.Join(dir, "absent"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "opening the folder: ")

	t.Chdir(dir)
	write(t, dir, "here", "x")
	f, err := transfer.OpenFolder("")
	require.NoError(t, err)
	require.True(t, f.Has("here"))
	require.NoError(t, f.Close())
}

func TestOpenFolderOf(t *testing.T) {
	_, dir := shelf(t)
	tests := map[string]struct {
		path, name string
		has        bool
	}{
		"file":            {"file", "file", true},
		"absent":          {"absent", "absent", false},
		"below":           {"sub/file", "file", true},
		"followed":        {"inside", "file", true},
		"followed out":    {"outside", "secret", true},
		"leading nowhere": {"nowhere", "nowhere", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, got, err := transfer.OpenFolderOf(filepath.Join(dir, tt.path))
			require.NoError(t, err)
			require.Equal(t, tt.name, got)
			require.Equal(t, tt.has, f.Has(got))
			require.NoError(t, f.Close())
		})
	}
	_, _, err := transfer.OpenFolderOf(filepath.Join(dir, "absent/x"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
