package download_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/download"
)

// TestServerHugeFile has the largest file that can be sent, and one more byte.
func TestServerHugeFile(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.file("f", nil)
		require.NoError(t, os.Truncate(filepath.Join(r.dir, "f"), download.MaxData))
		c := r.dial()
		c.Write(request("f"))
		h, err := download.ReadResponseHeader(c)
		require.NoError(t, err)
		require.Equal(t, download.ResponseHeader{Status: download.Found, DataLength: download.MaxData}, h)
		c.Close()
		require.NoError(t, os.Truncate(filepath.Join(r.dir, "f"), download.MaxData+1))
		require.Equal(t, &download.FileResponse{}, r.get("f"))
	})
}

// TestServerFilesThatChange has files that are not what they were when they
// were opened.
func TestServerFilesThatChange(t *testing.T) {
	broken := errors.New("broken disk")
	tests := map[string]struct {
		contents io.Reader
		size     uint32
		err      error // nil if the file is sent
	}{
		"same":   {strings.NewReader("hello"), 5, nil},
		"grown":  {strings.NewReader("hello, world"), 5, nil},
		"shrunk": {strings.NewReader("hell"), 5, io.ErrUnexpectedEOF},
		"broken": {io.MultiReader(strings.NewReader("hell"), iotest.ErrReader(broken)), 5, broken},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var log logbook
			f := &closeCounter{Reader: tt.contents}
			s := &download.Server{Files: oneFile{&download.File{ReadCloser: f, Size: tt.size}, nil}, Log: &log}
			var sent bytes.Buffer
			err := s.Answer(&sent, &download.FileRequest{Filename: "f"})
			require.Equal(t, 1, f.closed)
			if tt.err == nil {
				require.NoError(t, err)
				require.Equal(t, response([]byte("hello")), sent.Bytes())
				return
			}
			require.ErrorIs(t, err, tt.err)
			require.ErrorContains(t, err, "sending f: after 4 of 5 bytes: ")
			require.NotContains(t, log.String(), "sent")
		})
	}
}

// TestServerUnreadable has a file that its system does not give away.
func TestServerUnreadable(t *testing.T) {
	var log logbook
	s := &download.Server{Files: oneFile{nil, &fs.PathError{Op: "open", Path: "f", Err: fs.ErrPermission}}, Log: &log}
	var sent bytes.Buffer
	require.NoError(t, s.Answer(&sent, &download.FileRequest{Filename: "f"}))
	require.Equal(t, goldenMissing, sent.Bytes())
	require.Equal(t, "no file to send: open f: permission denied\n", log.String())
}

func TestServerCannotSend(t *testing.T) {
	s := &download.Server{Log: io.Discard}
	require.ErrorIs(t, s.SendMissing(brokenWriter{}), io.ErrClosedPipe)
	f := &download.File{ReadCloser: io.NopCloser(strings.NewReader("hello")), Size: 5}
	require.ErrorIs(t, s.SendFile(brokenWriter{}, f), io.ErrClosedPipe)
}

// A oneFile gives the same file or error under every name.
type oneFile struct {
	f   *download.File
	err error
}

func (o oneFile) Open(string) (*download.File, error) { return o.f, o.err }

// A closeCounter is a file that counts how often it was closed.
type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

func TestServerLeavesNothingOpen(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.file("f", []byte("x"))
		r.file("d/g", []byte("x"))
		r.get("f")
		before := descriptors(t)
		for range 100 {
			r.get("f")
			r.get("d")
			r.get("nothere")
			r.exchange(request("f")[:5])
		}
		synctest.Wait()
		require.Equal(t, 1, r.server.Open(), "the listener")
		require.LessOrEqual(t, descriptors(t), before)
	})
}

// descriptors returns how many files this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("there is no list of open files here: ", err)
	}
	return len(entries)
}
