package chat_test

import (
	"io"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

var (
	alice = netip.MustParseAddrPort("127.0.0.1:50426")
	six   = netip.MustParseAddrPort("[2001:db8::1]:7")
)

// A golden is a message with its wire form. free are the parts of it that could
// be others.
type golden struct {
	wire  string
	want  chat.Message
	parse func([]byte) (chat.Message, error)
	free  []string
}

// as makes a parser of one message one of any message.
func as[M chat.Message](parse func([]byte) (M, error)) func([]byte) (chat.Message, error) {
	return func(b []byte) (chat.Message, error) {
		m, err := parse(b)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
}

func goldens() map[string]golden {
	at := alice.String()
	return map[string]golden{
		"connected, one": {"> Connected to the chat server (1 user online)",
			&chat.Connected{Users: 1}, as(chat.ParseConnected), []string{"1 user"}},
		"connected, many": {"> Connected to the chat server (50 users online)",
			&chat.Connected{Users: 50}, as(chat.ParseConnected), []string{"50"}},
		"entered": {"> New user 127.0.0.1:50426 entered (2 users online)",
			&chat.Entered{User: alice, Users: 2}, as(chat.ParseEntered), []string{at, "2"}},
		"entered, ipv6": {"> New user [2001:db8::1]:7 entered (1 user online)",
			&chat.Entered{User: six, Users: 1}, as(chat.ParseEntered), []string{six.String(), "1"}},
		"said": {"[127.0.0.1:50426] é", // cut after one byte, it would be complete
			&chat.Said{User: alice, Text: "é"}, as(chat.ParseSaid), []string{at, "é"}},
		"said, ipv6": {"[[2001:db8::1]:7] x",
			&chat.Said{User: six, Text: "x"}, as(chat.ParseSaid), []string{six.String(), "x"}},
		"uploaded": {"> User 127.0.0.1:50426 has uploaded a file",
			&chat.Uploaded{User: alice}, as(chat.ParseUploaded), []string{at}},
		"left, none stay": {"< The user 127.0.0.1:50426 left (0 user online)",
			&chat.Left{User: alice, Users: 0}, as(chat.ParseLeft), []string{at, "0"}},
		"left, two stay": {"< The user 127.0.0.1:50426 left (2 users online)",
			&chat.Left{User: alice, Users: 2}, as(chat.ParseLeft), []string{at, "2"}},
		"upload": {"#upload 'google.png' 3082",
			&chat.Upload{Name: "google.png", Size: 3082}, as(chat.ParseUpload), []string{"google.png", "3082"}},
		"upload, empty": {"#upload 'no \xff name' 0",
			&chat.Upload{Name: "no \xff name", Size: 0}, as(chat.ParseUpload), []string{"no \xff name", "0"}},
		"text": {"h\xffi\n", chat.Text("h\xffi\n"), as(chat.ParseText), []string{"h\xffi\n"}},
	}
}

func TestGolden(t *testing.T) {
	for name, tt := range goldens() {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.wire, string(tt.want.Append(nil)))
			require.Equal(t, "before"+tt.wire, string(tt.want.Append([]byte("before"))))
			got, err := tt.parse([]byte(tt.wire))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// TestCut cuts every message after every byte, up to where its last part, which
// nothing ends, has its first byte.
func TestCut(t *testing.T) {
	open := map[string]int{"said": 1, "upload": 3, "text": 3} // bytes that may be missing
	for name, tt := range goldens() {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				_, err := tt.parse([]byte(tt.wire[:n]))
				if n >= len(tt.wire)-open[name] {
					require.NoError(t, err, "cut after %d bytes", n)
					continue
				}
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
		})
	}
}

// TestEveryByte gives every byte of every message every value in turn.
func TestEveryByte(t *testing.T) {
	for name, tt := range goldens() {
		t.Run(name, func(t *testing.T) {
			free := make([]bool, len(tt.wire))
			for _, part := range tt.free {
				at := strings.LastIndex(tt.wire, part) // numbers come last
				for i := range part {
					free[at+i] = true
				}
			}
			for at := range tt.wire {
				for value := range 256 {
					wire := []byte(tt.wire)
					wire[at] = byte(value)
					got, err := tt.parse(wire)
					if err == nil {
						require.Equal(t, wire, got.Append(nil), "what parses has one form")
					}
					if !free[at] && wire[at] != tt.wire[at] {
						require.Error(t, err, "%q at %d", value, at)
					}
				}
			}
		})
	}
}

func TestExtraBytes(t *testing.T) {
	for name, tt := range goldens() {
		_, endless := tt.want.(*chat.Said)
		if _, text := tt.want.(chat.Text); text || endless {
			continue
		}
		_, err := tt.parse([]byte(tt.wire + "x"))
		require.ErrorIs(t, err, chat.ErrErroneous, name)
		require.ErrorContains(t, err, "no more bytes", name)
	}
}

// TestErroneous has messages that are wrong in more than one byte.
func TestErroneous(t *testing.T) {
	long := strings.Repeat("9", 200)
	tests := map[string]struct {
		wire  string
		parse func([]byte) (chat.Message, error)
		want  string
	}{
		"one user is no users":    {"> Connected to the chat server (1 users online)", as(chat.ParseConnected), `" user online)"`},
		"two users are not one":   {"> Connected to the chat server (2 user online)", as(chat.ParseConnected), `" users online)"`},
		"nobody is connected":     {"> Connected to the chat server (0 user online)", as(chat.ParseConnected), "Users wanted a number from 1 to"},
		"nobody has entered":      {"> New user 127.0.0.1:1 entered (0 user online)", as(chat.ParseEntered), "Users wanted a number from 1 to"},
		"negative":                {"< The user 127.0.0.1:1 left (-1 user online)", as(chat.ParseLeft), "Users wanted a number"},
		"leading zero":            {"< The user 127.0.0.1:1 left (02 users online)", as(chat.ParseLeft), `wanted " user online)"`},
		"too many":                {"< The user 127.0.0.1:1 left (2147483648 users online)", as(chat.ParseLeft), "2147483647"},
		"far too many":            {"< The user 127.0.0.1:1 left (" + long, as(chat.ParseLeft), `"` + strings.Repeat("9", 40) + `"`},
		"address without a port":  {"> User 127.0.0.1 has uploaded a file", as(chat.ParseUploaded), "User wanted IP:PORT"},
		"address with zeros":      {"> User 127.0.0.1:0080 has uploaded a file", as(chat.ParseUploaded), "User wanted IP:PORT"},
		"address in capitals":     {"> User [2001:DB8::1]:7 has uploaded a file", as(chat.ParseUploaded), "User wanted IP:PORT"},
		"host name":               {"> User localhost:80 has uploaded a file", as(chat.ParseUploaded), "User wanted IP:PORT"},
		"no address":              {"[] x", as(chat.ParseSaid), "User wanted 1 to"},
		"endless address":         {"[" + long, as(chat.ParseSaid), `and then "] "`},
		"one message for another": {"< The user 127.0.0.1:1 left (1 user online)", as(chat.ParseEntered), `wanted "> New user "`},
		"upload without quotes":   {"#upload a 3", as(chat.ParseUpload), `wanted "#upload '"`},
		"upload without a name":   {"#upload '' 3", as(chat.ParseUpload), "Upload.Name wanted 1 to 255 bytes"},
		"quote in the name":       {"#upload 'it's' 3", as(chat.ParseUpload), `wanted " ", got "s"`},
		"size without a space":    {"#upload 'a'3", as(chat.ParseUpload), `wanted " ", got "3"`},
		"size is no number":       {"#upload 'a' x", as(chat.ParseUpload), "Upload.Size wanted a number from 0 to"},
		"size is negative":        {"#upload 'a' -3", as(chat.ParseUpload), "Upload.Size wanted a number from 0 to"},
		"size has a sign":         {"#upload 'a' +3", as(chat.ParseUpload), "Upload.Size wanted a number from 0 to"},
		"size has a zero":         {"#upload 'a' 03", as(chat.ParseUpload), "no more bytes"},
		"size has a fraction":     {"#upload 'a' 3.5", as(chat.ParseUpload), "no more bytes"},
		"size is huge":            {"#upload 'a' " + long, as(chat.ParseUpload), "Upload.Size wanted a number from 0 to"},
		"two spaces":              {"#upload  'a' 3", as(chat.ParseUpload), `wanted "#upload '"`},
		"capitals":                {"#UPLOAD 'a' 3", as(chat.ParseUpload), `wanted "#upload '"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tt.parse([]byte(tt.wire))
			require.ErrorIs(t, err, chat.ErrErroneous)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestPlural(t *testing.T) {
	for users, want := range map[int]string{0: "0 user", 1: "1 user", 2: "2 users", 3: "3 users", 10: "10 users", math.MaxInt32: "2147483647 users"} {
		m := &chat.Left{User: alice, Users: users}
		require.Equal(t, "< The user 127.0.0.1:50426 left ("+want+" online)", string(m.Append(nil)))
		got, err := chat.ParseLeft(m.Append(nil))
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
}
