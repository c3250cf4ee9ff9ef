package mailbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/mailbox"
)

func TestPrintable(t *testing.T) {
	tests := map[string]struct{ in, name, text string }{
		"plain":      {"bob smith", "bob smith", "bob smith"},
		"utf-8":      {"zoë 日本", "zoë 日本", "zoë 日本"},
		"not utf-8":  {"a\xff\xfeb", "a\ufffd\ufffdb", "a\ufffd\ufffdb"},
		"lines":      {"a\nb\tc", "a\ufffdb\ufffdc", "a\nb\tc"},
		"terminal":   {"\x1b[2J", "\ufffd[2J", "\ufffd[2J"},
		"c1 control": {"\u009b2J", "\ufffd2J", "\ufffd2J"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.name, mailbox.Printable(tt.in))
			require.Equal(t, tt.text, mailbox.PrintableText(tt.in))
		})
	}
}
