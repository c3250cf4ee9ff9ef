package chat_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

func TestCutFinds(t *testing.T) {
	const say = chat.Announcement
	a3 := &chat.Upload{Name: "a", Size: 3}
	tests := map[string]struct {
		announced bool
		sent      string
		want      chat.Message
		rest      string
	}{
		"text":                     {false, "hello", chat.Text("hello"), ""},
		"announcement":             {false, say, chat.Text(say), ""},
		"command":                  {true, "#upload 'a' 3", a3, ""},
		"command and file":         {true, "#upload 'a' 3abc", a3, "abc"},
		"command, file and more":   {true, "#upload 'a' 3abchello", a3, "abchello"},
		"all at once":              {false, say + "#upload 'a' 3abc", chat.Text(say), "#upload 'a' 3abc"},
		"text in front":            {false, "hi" + say + "#upload 'a' 3", chat.Text("hi" + say), "#upload 'a' 3"},
		"text behind":              {false, say + " tomorrow", chat.Text(say + " tomorrow"), ""},
		"announced twice":          {false, say + say + "#upload 'a' 3", chat.Text(say + say), "#upload 'a' 3"},
		"again behind":             {true, say, chat.Text(say), ""},
		"part of a command behind": {false, say + "#upl", chat.Text(say), "#upl"},
		"not announced":            {false, "#upload 'a' 3", chat.Text("#upload 'a' 3"), ""},
		"announced, but malformed": {true, "#upload 'a' x", chat.Text("#upload 'a' x"), ""},
		"announced, no size":       {true, "#upload 'a'", chat.Text("#upload 'a'"), ""},
		"announced, but a text":    {true, "never mind", chat.Text("never mind"), ""},
		"malformed, then another":  {true, "#upload " + say + "#upload 'a' 3", chat.Text("#upload " + say), "#upload 'a' 3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, rest := chat.Cut([]byte(tt.sent), tt.announced)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.rest, string(rest))
		})
	}
}

func TestIncomplete(t *testing.T) {
	const command = "#upload 'a' "
	for n := 1; n <= len(command); n++ {
		require.True(t, chat.Incomplete([]byte(command[:n]), true), "%q", command[:n])
		require.False(t, chat.Incomplete([]byte(command[:n]), false), "%q", command[:n])
	}
	require.False(t, chat.Incomplete([]byte(command+"3"), true))
	for n := 1; n < len(chat.Announcement); n++ {
		require.True(t, chat.Incomplete([]byte(chat.Announcement[:n]), false))
		require.False(t, chat.Incomplete([]byte("x"+chat.Announcement[:n]), false))
	}
	require.False(t, chat.Incomplete([]byte(chat.Announcement), false))
	require.False(t, chat.Incomplete([]byte(chat.Announcement+"\xe2"+chat.Announcement+"#"), false))
	for _, text := range []string{"hello", "é", "#upload 'a' x", "\xff"} {
		require.False(t, chat.Incomplete([]byte(text), false), "%q", text)
		require.False(t, chat.Incomplete([]byte(text), true), "%q", text)
	}
	require.True(t, chat.Incomplete([]byte("h\xc3"), false))
	require.True(t, chat.Incomplete([]byte("h\xc3"), true))
}

func TestCutsCharacter(t *testing.T) {
	for _, character := range []string{"a", "é", "€", "😀"} {
		for n := range len(character) + 1 {
			cut := n > 0 && n < len(character)
			require.Equal(t, cut, chat.CutsCharacter([]byte("x"+character[:n])), "%q", character[:n])
			require.Equal(t, cut, chat.CutsCharacter([]byte(character[:n])), "%q", character[:n])
		}
	}
	for _, b := range []string{"", "\xff", "\x80", "\x80\x80\x80\x80", "\xc3x", "\xed\xa0", "\xf0\x80", "\xf8\x80"} {
		require.False(t, chat.CutsCharacter([]byte(b)), "%q", b)
	}
}
