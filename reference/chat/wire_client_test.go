package chat_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

// TestUploadBounds tries names and sizes around every limit.
func TestUploadBounds(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := map[string]struct {
		name  string
		size  string
		legal bool
	}{
		"name of 0":           {"", "1", false},
		"name of 1":           {a(1), "1", true},
		"name of 254":         {a(254), "1", true},
		"name of 255":         {a(255), "1", true},
		"name of 256":         {a(256), "1", false},
		"name of 128 é":       {strings.Repeat("é", 128), "1", false},
		"size -1":             {"a", "-1", false},
		"size 0":              {"a", "0", true},
		"size 1":              {"a", "1", true},
		"size of 2^63 less 2": {"a", "9223372036854775806", true},
		"size of 2^63 less 1": {"a", "9223372036854775807", true},
		"size of 2^63":        {"a", "9223372036854775808", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wire := "#upload '" + tt.name + "' " + tt.size
			got, err := chat.ParseUpload([]byte(wire))
			if !tt.legal {
				require.ErrorIs(t, err, chat.ErrErroneous)
				return
			}
			require.NoError(t, err)
			require.Equal(t, wire, string(got.Append(nil)))
		})
	}
}

// TestUploadCannotBeWritten has commands without a wire form.
func TestUploadCannotBeWritten(t *testing.T) {
	for name, u := range map[string]chat.Upload{
		"name of 0":         {Name: "", Size: 1},
		"name of 256":       {Name: strings.Repeat("a", 256), Size: 1},
		"quote in the name": {Name: "it's", Size: 1},
		"size -1":           {Name: "a", Size: -1},
	} {
		require.Panics(t, func() { u.Append(nil) }, name)
	}
}

func TestCutUpload(t *testing.T) {
	tests := map[string]struct {
		wire string
		size int64
		rest string
	}{
		"nothing behind":     {"#upload 'a' 3", 3, ""},
		"file behind":        {"#upload 'a' 3abc", 3, "abc"},
		"text behind zero":   {"#upload 'a' 0hello", 0, "hello"},
		"digits behind zero": {"#upload 'a' 0123", 0, "123"},
		"digits are size":    {"#upload 'a' 3123", 3123, ""},
		"space behind":       {"#upload 'a' 3 \n", 3, " \n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			u, rest, err := chat.CutUpload([]byte(tt.wire))
			require.NoError(t, err)
			require.Equal(t, &chat.Upload{Name: "a", Size: tt.size}, u)
			require.Equal(t, tt.rest, string(rest))
		})
	}
}

func TestParseTypedUpload(t *testing.T) {
	tests := map[string]struct {
		line, name, want string
	}{
		"plain":         {"#upload 'google.png'", "google.png", ""},
		"utf-8, space":  {"#upload 'mein \u00dcbung.txt'", "mein \u00dcbung.txt", ""},
		"name of 255":   {"#upload '" + strings.Repeat("a", 255) + "'", strings.Repeat("a", 255), ""},
		"name of 256":   {"#upload '" + strings.Repeat("a", 256) + "'", "", "the command.name wanted 1 to 255 bytes"},
		"name of 0":     {"#upload ''", "", "the command.name wanted 1 to 255 bytes"},
		"no quotes":     {"#upload google.png", "", `the command wanted "#upload '"`},
		"no end quote":  {"#upload 'google.png", "", `wanted "'" behind it`},
		"word only":     {"#upload", "", `the command wanted "#upload '"`},
		"with the size": {"#upload 'google.png' 3", "", "no more bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := chat.ParseTypedUpload(tt.line)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.name, got)
		})
	}
}

// TestClaimIsNotAllocated reads commands and numbers that go on for long.
func TestClaimIsNotAllocated(t *testing.T) {
	long := append([]byte("#upload '"), bytes.Repeat([]byte("a"), 1<<20)...)
	_, _, err := chat.CutUpload(long)
	require.ErrorIs(t, err, chat.ErrErroneous)
	require.Less(t, len(err.Error()), 200)

	most := []byte(fmt.Sprintf("#upload 'a' %d", int64(math.MaxInt64)))
	var u *chat.Upload
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { u, _, _ = chat.CutUpload(most) }), 3.0)
	require.Equal(t, int64(math.MaxInt64), u.Size)
}
