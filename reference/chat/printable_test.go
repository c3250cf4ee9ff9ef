package chat_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

func TestPrintable(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain":      {"[127.0.0.1:1] hello", "[127.0.0.1:1] hello"},
		"utf-8":      {"zoë 日本 😀", "zoë 日本 😀"},
		"not utf-8":  {"a\xff\xfeb", "a\ufffd\ufffdb"},
		"lines":      {"a\nb\tc", "a\nb\tc"},
		"terminal":   {"\x1b[2J\r", "\ufffd[2J\ufffd"},
		"c1 control": {"\u009b2J", "\ufffd2J"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, chat.Printable(tt.in))
		})
	}
}
