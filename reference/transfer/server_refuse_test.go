package transfer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServerRefuses(t *testing.T) {
	long := strings.Repeat("n", 4096)
	tests := map[string]string{
		"GET absent":     "ERROR: absent does not exist",
		"GET two words":  "ERROR: two words does not exist",
		"GET 日本":         "ERROR: 日本 does not exist",
		"GET sub":        "ERROR: sub does not exist",
		"GET absent/x":   "ERROR: absent/x does not exist",
		"GET " + long:    "ERROR: " + long + " does not exist",
		"DEL absent":     "ERROR: absent does not exist",
		"DEL GETME":      "ERROR: GETME does not exist",
		"DEL absent/x":   "ERROR: absent/x does not exist",
		"DEL sub":        "ERROR: unable to delete sub",
		"PUT sub":        "ERROR: unable to create file sub",
		"PUT absent/x":   "ERROR: unable to create file absent/x",
		"PUT file/x":     "ERROR: unable to create file file/x",
		"PUT " + long:    "ERROR: unable to create file " + long,
		"PUT a\x00b":     "ERROR: unable to create file a\x00b",
		"GET a\x00b":     "ERROR: a\x00b does not exist",
		"GET file\r":     "ERROR: file\r does not exist",
		"GET  file":      "ERROR:  file does not exist",
		"GET file ":      "ERROR: file  does not exist",
		"GET ../secret":  "ERROR: ../secret does not exist",
		"PUT ../secret":  "ERROR: unable to create file ../secret",
		"DEL ../secret":  "ERROR: ../secret does not exist",
		"GET /etc/hosts": "ERROR: /etc/hosts does not exist",
		"PUT /tmp/x":     "ERROR: unable to create file /tmp/x",
		"DEL /tmp/x":     "ERROR: /tmp/x does not exist",
	}
	for command, want := range tests {
		t.Run(fmt.Sprintf("%.20q", command), func(t *testing.T) {
			inBubble(t, func(r *rig) {
				mkdir(t, r.dir, "sub")
				write(t, r.dir, "file", "data")
				r.ask(command, want)
				require.Equal(t, []string{"file", "sub"}, names(t, r.dir))
				r.servesOn()
			})
		})
	}
}

func TestServerWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("everything is permitted to the superuser")
	}
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", "data")
		require.NoError(t, os.Chmod(filepath.Join(r.dir, "f"), 0))
		r.ask("GET f", "ERROR: f does not exist")
		r.ask("PUT f", "ERROR: unable to create file f")
		require.NoError(t, os.Chmod(r.dir, 0o555))
		defer os.Chmod(r.dir, 0o777)
		r.ask("PUT g", "ERROR: unable to create file g")
		r.ask("DEL f", "ERROR: unable to delete f")
	})
}

// TestServerIllegal sends what is no command. It gets no answer, and the next
// client is served.
func TestServerIllegal(t *testing.T) {
	tests := map[string]struct{ sent, logged string }{
		"nothing":       {"", `Command.Verb wanted "GET ", got ""`},
		"half a verb":   {"GE", `Command.Verb wanted "GET ", got "GE"`},
		"no name":       {"GET ", "Command.Name wanted at least 1 byte, got 0"},
		"unknown":       {"LIST x", "Command.Verb wanted one of"},
		"another case":  {"get f", "Command.Verb wanted one of"},
		"newline":       {"GET f\n", "Command.Name wanted no newline"},
		"binary":        {"\xff\x00\xff", "Command.Verb wanted one of"},
		"not utf-8":     {"DEL f\xff", "Command.Name wanted UTF-8"},
		"endless":       {"DEL f" + strings.Repeat("f", 100_000), "Command.Name wanted at most 4096 bytes"},
		"word for word": {"READY", "Command.Verb wanted one of"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				write(t, r.dir, "f", "data")
				c := r.begin(tt.sent)
				c.CloseWrite()
				c.ends()
				r.logged("error: reading a command: " + tt.logged)
				require.Equal(t, "data", read(t, r.dir, "f"))
				r.servesOn()
			}, "-v")
		})
	}
}

func TestServerWrongWords(t *testing.T) {
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", "data")
		c := r.begin("GET f")
		c.hear("OK")
		c.say("OK")
		c.ends()
		c = r.begin("GET f")
		c.hear("OK")
		c.say("READY")
		c.hear(eight(4))
		c.say("READY")
		c.ends()
		r.servesOn()
	})
}
