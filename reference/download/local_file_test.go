package download_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/internal/memnet"
	"netproctor/reference/download"
)

func TestCheckFree(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "f", []byte("old"))
	writeFile(t, dir, "d/g", []byte("old"))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "link")))
	tests := map[string]struct {
		name string
		want error // nil if it is free
	}{
		"free":                {"new", nil},
		"free below":          {"d/new", nil},
		"missing directory":   {"nothere/new", nil},
		"taken":               {"f", fs.ErrExist},
		"taken by detour":     {"./d/../f", fs.ErrExist},
		"taken below":         {"d/g", fs.ErrExist},
		"taken, absolute":     {filepath.Join(dir, "f"), fs.ErrExist},
		"a directory":         {"d", fs.ErrExist},
		"a link to nothing":   {"link", fs.ErrExist},
		"a file as directory": {"f/new", fs.ErrInvalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := download.CheckFree(dir, tt.name)
			switch tt.want {
			case nil:
				require.NoError(t, err)
			case fs.ErrInvalid:
				require.ErrorContains(t, err, "not a directory")
			default:
				require.ErrorIs(t, err, tt.want)
			}
		})
	}
}

func TestSaveNew(t *testing.T) {
	write := func(w io.Writer) error {
		_, err := io.WriteString(w, "new")
		return err
	}
	failed := errors.New("failed")
	fail := func(w io.Writer) error { return errors.Join(write(w), failed) }

	dir := t.TempDir()
	require.NoError(t, download.SaveNew(dir, "f", write))
	got, err := os.ReadFile(filepath.Join(dir, "f"))
	require.NoError(t, err)
	require.Equal(t, "new", string(got))

	require.ErrorIs(t, download.SaveNew(dir, "g", fail), failed)
	require.Equal(t, []string{"f"}, names(t, dir), "a part of a file is removed")
	require.ErrorIs(t, download.SaveNew(dir, "f", fail), fs.ErrExist)
	require.Equal(t, []string{"f"}, names(t, dir), "another file is not")
	require.ErrorIs(t, download.SaveNew(dir, "nothere/f", write), fs.ErrNotExist)

	t.Chdir(dir)
	require.NoError(t, download.SaveNew("", "here", write))
	require.NoError(t, download.SaveNew("nothere", filepath.Join(dir, "absolute"), write))
	require.Equal(t, []string{"absolute", "f", "here"}, names(t, dir))
}

func TestClientLocalFile(t *testing.T) {
	tests := map[string]struct {
		name     string
		want     string
		connects bool
	}{
		"exists":               {"hello.txt", "file already exists", false},
		"exists by detour":     {"./d/../hello.txt", "file already exists", false},
		"a directory":          {"d", "file already exists", false},
		"a file as directory":  {"hello.txt/x", "not a directory", false},
		"name too long":        {strings.Repeat("n", 256), "file name too long", false},
		"missing directory":    {"nothere/x", "making the local file: ", true},
		"slash at the end":     {"new/", "making the local file: ", true},
		"nul":                  {"new\x00", "invalid argument", false},
		"made in the meantime": {"late", "file exists", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir, "hello.txt", []byte("old"))
			writeFile(t, dir, "d/g", []byte("old"))
			synctest.Test(t, func(t *testing.T) {
				n := memnet.New()
				l, err := n.Host("harness").Listen("tcp", serverAddress)
				require.NoError(t, err)
				connected := false
				go func() {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					connected = true
					os.WriteFile(filepath.Join(dir, "late"), []byte("old"), 0o666)
					conn.Write(response([]byte("new")))
					conn.Close()
				}()
				c := startClient(t.Context(), n.Host("client"), dir, "localhost", "5000", tt.name)
				status, _ := c.wait()
				l.Close()
				synctest.Wait()
				require.NotZero(t, status)
				require.Contains(t, c.out.String(), "error: ")
				require.Contains(t, c.out.String(), tt.want)
				require.Equal(t, tt.connects, connected)
			})
			require.Subset(t, []string{"d", "hello.txt", "late"}, names(t, dir))
			for _, old := range []string{"hello.txt", "d/g"} {
				got, err := os.ReadFile(filepath.Join(dir, old))
				require.NoError(t, err)
				require.Equal(t, "old", string(got))
			}
		})
	}
}
