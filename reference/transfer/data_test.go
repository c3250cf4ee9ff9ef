package transfer_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/transfer"
)

// edges are sizes around those of blocks.
var edges = []int{0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 1<<20 + 1}

// pattern returns n bytes that have all values and no period of a block.
func pattern(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * (i>>8 + 7))
	}
	return string(b)
}

// A tape notes how large the writes are that it gets.
type tape struct {
	bytes.Buffer
	writes []int
}

func (t *tape) Write(b []byte) (int, error) {
	t.writes = append(t.writes, len(b))
	return t.Buffer.Write(b)
}

func TestSendData(t *testing.T) {
	for _, n := range edges {
		var sent tape
		file := strings.NewReader(pattern(n) + "more")
		require.NoError(t, transfer.SendData(&sent, file, transfer.Size(n)))
		require.True(t, pattern(n) == sent.String())
		require.Equal(t, 4, file.Len(), "no more is read than announced")
		for i, w := range sent.writes {
			require.Equal(t, min(1024, n-i*1024), w, "write %d of %d bytes", i, n)
		}
	}
}

// TestSendDataFromPieces has a file that is read in small pieces: blocks are
// full nevertheless.
func TestSendDataFromPieces(t *testing.T) {
	var sent tape
	require.NoError(t, transfer.SendData(&sent, iotest.OneByteReader(strings.NewReader(pattern(2000))), 2000))
	require.Equal(t, []int{1024, 976}, sent.writes)
}

func TestSendDataErrors(t *testing.T) {
	err := transfer.SendData(io.Discard, strings.NewReader(pattern(1500)), 1501)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.EqualError(t, err, "reading the file, 477 of 1501 bytes left: unexpected EOF")
	err = transfer.SendData(io.Discard, strings.NewReader(""), 1)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	err = transfer.SendData(failing{}, strings.NewReader("x"), 1)
	require.ErrorIs(t, err, errFailing)
}

func TestReceiveData(t *testing.T) {
	for _, n := range edges {
		for name, pieces := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r },
			"bytes": iotest.OneByteReader,
			"half":  iotest.HalfReader,
			"end":   iotest.DataErrReader,
		} {
			var file bytes.Buffer
			r := strings.NewReader(pattern(n) + "DONE")
			require.NoError(t, transfer.ReceiveData(&file, pieces(r), transfer.Size(n)), name)
			require.True(t, pattern(n) == file.String(), name)
			if name != "end" {
				require.Equal(t, 4, r.Len(), "what follows is not read")
			}
		}
	}
	var file bytes.Buffer
	require.NoError(t, transfer.ReceiveData(&file, iotest.DataErrReader(strings.NewReader("abc")), 3), "the end comes with the last byte")
	require.Equal(t, "abc", file.String())
}

func TestReceiveDataErrors(t *testing.T) {
	for _, n := range []int{0, 1, 1024, 1499} {
		var file bytes.Buffer
		err := transfer.ReceiveData(&file, strings.NewReader(pattern(n)), 1500)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.Equal(t, pattern(n), file.String())
	}
	require.ErrorIs(t, transfer.ReceiveData(failing{}, strings.NewReader("x"), 1), errFailing)
	require.ErrorIs(t, transfer.ReceiveData(io.Discard, iotest.ErrReader(errFailing), 1), errFailing)
	err := transfer.ReceiveData(io.Discard, strings.NewReader("few"), 1<<64-1)
	require.EqualError(t, err, "receiving data, 18446744073709551612 of 18446744073709551615 bytes left: unexpected EOF")
}

var errFailing = errors.New("failing")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFailing }

// zeros is a file without an end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// TestMemory streams 256 MiB each way and looks at what was allocated for it.
func TestMemory(t *testing.T) {
	const size = 256 << 20
	before := allocated()
	require.NoError(t, transfer.SendData(io.Discard, zeros{}, size))
	require.NoError(t, transfer.ReceiveData(io.Discard, zeros{}, size))
	require.Less(t, allocated()-before, uint64(1<<20))
}

// allocated returns how many bytes this process has ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
