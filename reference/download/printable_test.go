package download_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/download"
)

func TestPrintable(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"plain":      {"my file.txt", "my file.txt"},
		"utf-8":      {"zoë 日本.txt", "zoë 日本.txt"},
		"not utf-8":  {"a\xff\xfeb", "a\ufffd\ufffdb"},
		"lines":      {"a\nb\r\tc", "a\ufffdb\ufffd\ufffdc"},
		"nul":        {"a\x00b", "a\ufffdb"},
		"terminal":   {"\x1b[2J", "\ufffd[2J"},
		"c1 control": {"\u009b2J", "\ufffd2J"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, download.Printable(tt.in))
		})
	}
}
