package transfer_test

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/transfer"
)

// Golden vectors, written by hand from the assignment's text.
var (
	goldenReady   = []byte{'R', 'E', 'A', 'D', 'Y'}
	goldenOK      = []byte{'O', 'K'}
	goldenDone    = []byte{'D', 'O', 'N', 'E'}
	goldenGet     = []byte{'G', 'E', 'T', ' ', 'h', 0xC3, 0xA9, '.', 't', 'x', 't'}
	goldenPut     = []byte{'P', 'U', 'T', ' ', 'a', ' ', 'b'}
	goldenDel     = []byte{'D', 'E', 'L', ' ', 'G', 'E', 'T', 'M', 'E'}
	goldenMissing = []byte("ERROR: h\xC3\xA9.txt does not exist")
	goldenCreate  = []byte("ERROR: unable to create file a b")
	goldenDelete  = []byte("ERROR: unable to delete GETME")
	goldenSize    = []byte{0, 0, 0, 1, 0, 0, 4, 1} // 4 GiB + 1025
)

// The bounds of the texts, in bytes.
const (
	mostName    = 4096
	mostMessage = 8192
)

// A codec parses a token and returns it encoded again.
type codec func(b []byte) ([]byte, error)

var (
	word codec = func(b []byte) ([]byte, error) {
		w, err := transfer.ParseWord(b)
		return w.Append(nil), err
	}
	command codec = func(b []byte) ([]byte, error) {
		c, err := transfer.ParseCommand(b)
		if err != nil {
			return nil, err
		}
		return c.Append(nil), nil
	}
	refusal codec = func(b []byte) ([]byte, error) {
		r, err := transfer.ParseRefusal(b)
		if err != nil {
			return nil, err
		}
		return r.Append(nil), nil
	}
	size codec = func(b []byte) ([]byte, error) {
		s, err := transfer.ParseSize(b)
		return s.Append(nil), err
	}
)

// tokens are the golden vectors. As many bytes as whole says make a token; what
// follows belongs to a text that may as well be shorter.
func tokens() map[string]struct {
	wire  []byte
	parse codec
	token interface{ Append([]byte) []byte }
	whole int
} {
	return map[string]struct {
		wire  []byte
		parse codec
		token interface{ Append([]byte) []byte }
		whole int
	}{
		"ready":   {goldenReady, word, transfer.Ready, 5},
		"ok":      {goldenOK, word, transfer.OK, 2},
		"done":    {goldenDone, word, transfer.Done, 4},
		"get":     {goldenGet, command, &transfer.Command{Verb: transfer.Get, Name: "hé.txt"}, 5},
		"put":     {goldenPut, command, &transfer.Command{Verb: transfer.Put, Name: "a b"}, 5},
		"del":     {goldenDel, command, &transfer.Command{Verb: transfer.Del, Name: "GETME"}, 5},
		"missing": {goldenMissing, refusal, transfer.DoesNotExist("hé.txt"), 8},
		"create":  {goldenCreate, refusal, transfer.UnableToCreate("a b"), 8},
		"delete":  {goldenDelete, refusal, transfer.UnableToDelete("GETME"), 8},
		"size":    {goldenSize, size, transfer.Size(4294968321), 8},
	}
}

func TestGolden(t *testing.T) {
	for name, tt := range tokens() {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.wire, tt.token.Append(nil))
			require.Equal(t, append([]byte("x"), tt.wire...), tt.token.Append([]byte("x")))
			got, err := tt.parse(tt.wire)
			require.NoError(t, err)
			require.Equal(t, tt.wire, got)
		})
	}
}

func TestGoldenFields(t *testing.T) {
	c, err := transfer.ParseCommand(goldenDel)
	require.NoError(t, err)
	require.Equal(t, &transfer.Command{Verb: transfer.Del, Name: "GETME"}, c)
	require.Equal(t, "DEL GETME", c.String())

	r, err := transfer.ParseRefusal(goldenMissing)
	require.NoError(t, err)
	require.Equal(t, "hé.txt does not exist", r.Message)
	require.EqualError(t, r, "server error: hé.txt does not exist")

	s, err := transfer.ParseSize(goldenSize)
	require.NoError(t, err)
	require.EqualValues(t, 1<<32+1025, s)

	w, err := transfer.ParseWord(goldenOK)
	require.NoError(t, err)
	require.Equal(t, transfer.OK, w)
}

// TestCut cuts every token after every byte. Behind the first byte of a text a
// cut leaves another token, unless it goes through a character.
func TestCut(t *testing.T) {
	for name, tt := range tokens() {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				got, err := tt.parse(tt.wire[:n])
				inCharacter := tt.wire[n] == 0xA9
				if n >= tt.whole && !inCharacter {
					require.NoError(t, err, "cut after %d bytes", n)
					require.Equal(t, tt.wire[:n], got)
					continue
				}
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				require.NotErrorIs(t, err, transfer.ErrErroneous)
			}
		})
	}
}

// TestLiterals gives every byte of every literal every other value.
func TestLiterals(t *testing.T) {
	literals := map[string]int{"ready": 5, "ok": 2, "done": 4, "get": 4, "put": 4, "del": 4, "missing": 7, "create": 7, "delete": 7}
	for name, n := range literals {
		t.Run(name, func(t *testing.T) {
			tt := tokens()[name]
			for at := range n {
				for value := range 256 {
					wire := slices.Clone(tt.wire)
					wire[at] = byte(value)
					_, err := tt.parse(wire)
					if byte(value) == tt.wire[at] {
						require.NoError(t, err)
						continue
					}
					require.ErrorIs(t, err, transfer.ErrErroneous, "%q", wire)
					require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
				}
			}
		})
	}
}

func TestExtraBytes(t *testing.T) {
	for _, name := range []string{"ready", "ok", "done", "size"} {
		tt := tokens()[name]
		_, err := tt.parse(append(slices.Clone(tt.wire), 'x'))
		require.ErrorIs(t, err, transfer.ErrErroneous, name)
	}
}

func TestErroneous(t *testing.T) {
	tests := map[string]struct {
		parse codec
		wire  string
		want  string // in the error
	}{
		"word of another case": {word, "ready", `word wanted one of ["READY" "OK" "DONE"], got "ready"`},
		"two words":            {word, "OKDONE", "the end of OK wanted no more bytes, got 4"},
		"word and newline":     {word, "OK\n", "no more bytes, got 1"},
		"unknown verb":         {command, "LIST x", `Command.Verb wanted one of ["GET" "PUT" "DEL"], got "LIST"`},
		"lower case":           {command, "get x", `got "get "`},
		"no blank":             {command, "GETx", `got "GETx"`},
		"tab":                  {command, "GET\tx", `got "GET\t"`},
		"newline":              {command, "GET x\n", `Command.Name wanted no newline, got "x\n"`},
		"not utf-8":            {command, "GET a\xFFb", `Command.Name wanted UTF-8, got "a\xffb"`},
		"half a character":     {command, "GET a\xC3b", "Command.Name wanted UTF-8"},
		"surrogate":            {command, "GET \xED\xA0\x80", "Command.Name wanted UTF-8"},
		"no blank in refusal":  {refusal, "ERROR:x", `Refusal wanted "ERROR: ", got "ERROR:x"`},
		"refusal, newline":     {refusal, "ERROR: x\n", "Refusal.Message wanted no newline"},
		"refusal, not utf-8":   {refusal, "ERROR: \xFF.", "Refusal.Message wanted UTF-8"},
		"size of nine bytes":   {size, "123456789", "Size wanted 8 bytes, got 9"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.parse([]byte(tt.wire))
			require.ErrorIs(t, err, transfer.ErrErroneous)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// TestLegalTexts are names that look strange and are right.
func TestLegalTexts(t *testing.T) {
	for _, name := range []string{" ", "  two  ", "GETME", "GET x", "DONE", "ERROR: x", "日本", "\uFFFD", "\U0010FFFF", "a\x00b", "\r", "../x"} {
		wire := []byte("PUT " + name)
		c, err := transfer.ParseCommand(wire)
		require.NoError(t, err, "%q", name)
		require.Equal(t, &transfer.Command{Verb: transfer.Put, Name: name}, c)
		require.Equal(t, wire, c.Append(nil))
		r, err := transfer.ParseRefusal([]byte("ERROR: " + name))
		require.NoError(t, err, "%q", name)
		require.Equal(t, name, r.Message)
	}
}

// TestTextBounds tries names and messages of none, one, the most and one byte
// more, of which characters of several bytes count all.
func TestTextBounds(t *testing.T) {
	texts := map[string]struct {
		parse  codec
		prefix string
		most   int
	}{
		"get":     {command, "GET ", mostName},
		"put":     {command, "PUT ", mostName},
		"del":     {command, "DEL ", mostName},
		"refusal": {refusal, "ERROR: ", mostMessage},
	}
	for name, tt := range texts {
		t.Run(name, func(t *testing.T) {
			wire := func(n int) []byte { return []byte(tt.prefix + strings.Repeat("a", n)) }
			_, err := tt.parse(wire(0))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			for _, n := range []int{1, 2, tt.most - 1, tt.most} {
				got, err := tt.parse(wire(n))
				require.NoError(t, err, "%d bytes", n)
				require.Equal(t, wire(n), got)
			}
			_, err = tt.parse(wire(tt.most + 1))
			require.ErrorIs(t, err, transfer.ErrErroneous)
			_, err = tt.parse([]byte(tt.prefix + strings.Repeat("é", tt.most/2+1)))
			require.ErrorIs(t, err, transfer.ErrErroneous)
		})
	}
	require.Equal(t, 4+mostName, transfer.MaxCommand)
	require.Equal(t, 7+mostMessage, transfer.MaxRefusal)
}

func TestSizeBounds(t *testing.T) {
	for _, n := range []uint64{0, 1, 255, 256, 1023, 1024, 1025, math.MaxUint32 - 1, math.MaxUint32, math.MaxUint32 + 1,
		math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - 1, math.MaxUint64} {
		wire := transfer.Size(n).Append(nil)
		require.Len(t, wire, transfer.SizeLen)
		got, err := transfer.ParseSize(wire)
		require.NoError(t, err)
		require.EqualValues(t, n, got)
	}
	require.Equal(t, []byte{0, 0, 0, 0, 0, 0, 0, 1}, transfer.Size(1).Append(nil))
}

// TestAppendPanics gives the encoders what must not be sent.
func TestAppendPanics(t *testing.T) {
	long := strings.Repeat("a", mostName+1)
	for name, token := range map[string]interface{ Append([]byte) []byte }{
		"no verb":          &transfer.Command{Name: "x"},
		"unknown verb":     &transfer.Command{Verb: "LIST", Name: "x"},
		"no name":          &transfer.Command{Verb: transfer.Get},
		"long name":        &transfer.Command{Verb: transfer.Get, Name: long},
		"newline":          &transfer.Command{Verb: transfer.Get, Name: "a\nb"},
		"not utf-8":        &transfer.Command{Verb: transfer.Get, Name: "\xFF"},
		"half a character": &transfer.Command{Verb: transfer.Get, Name: "\xC3"},
		"no message":       &transfer.Refusal{},
		"long message":     &transfer.Refusal{Message: long + long},
	} {
		require.Panics(t, func() { token.Append(nil) }, name)
	}
	require.NotPanics(t, func() {
		transfer.DoesNotExist(long[1:]).Append(nil)
		transfer.UnableToCreate(long[1:]).Append(nil)
		transfer.UnableToDelete(long[1:]).Append(nil)
	}, "the longest name fits into every refusal")
}

// TestErrorsAreShort names what came by its beginning, however long it is.
func TestErrorsAreShort(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 1<<20)
	_, err := transfer.ParseWord(long)
	require.EqualError(t, err, `word wanted one of ["READY" "OK" "DONE"], got "xxxxx": `+transfer.ErrErroneous.Error())
	_, err = transfer.ParseCommand(long)
	require.Less(t, len(err.Error()), 200)
	_, err = transfer.ParseCommand(append([]byte("GET "), long...))
	require.Less(t, len(err.Error()), 200)
}
