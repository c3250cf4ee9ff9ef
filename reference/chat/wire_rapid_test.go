package chat_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/chat"
)

func drawUser(t *rapid.T) netip.AddrPort {
	ip := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")))
	if rapid.Bool().Draw(t, "six") {
		ip = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ipv6")))
	}
	return netip.AddrPortFrom(ip, rapid.Uint16().Draw(t, "port"))
}

// drawName draws the name of a file, which may be a path.
func drawName(t *rapid.T) string {
	name := string(rapid.SliceOfN(rapid.Byte(), 1, chat.MaxName).Draw(t, "name"))
	return strings.ReplaceAll(name, "'", "/")
}

// drawText draws a text, often one that has to do with uploads.
func drawText(t *rapid.T) chat.Text {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{chat.Announcement, "#upload 'a' ", "#upload '", "#", "3", "é", "\xe2\x82", "x"}),
		rapid.StringN(1, -1, 20),
	)
	return chat.Text(strings.Join(rapid.SliceOfN(part, 1, 5).Draw(t, "text"), ""))
}

// drawMessage draws any message, and the function that parses it.
func drawMessage(t *rapid.T) (chat.Message, func([]byte) (chat.Message, error)) {
	users := func(least int) int { return rapid.IntRange(least, chat.MaxUsers).Draw(t, "users") }
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return &chat.Connected{Users: users(1)}, as(chat.ParseConnected)
	case 1:
		return &chat.Entered{User: drawUser(t), Users: users(1)}, as(chat.ParseEntered)
	case 2:
		return &chat.Said{User: drawUser(t), Text: drawText(t)}, as(chat.ParseSaid)
	case 3:
		return &chat.Uploaded{User: drawUser(t)}, as(chat.ParseUploaded)
	case 4:
		return &chat.Left{User: drawUser(t), Users: users(0)}, as(chat.ParseLeft)
	case 5:
		size := rapid.Int64Range(0, chat.MaxSize).Draw(t, "size")
		return &chat.Upload{Name: drawName(t), Size: size}, as(chat.ParseUpload)
	}
	return drawText(t), as(chat.ParseText)
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, parse := drawMessage(t)
		got, err := parse(m.Append(nil))
		require.NoError(t, err)
		require.Equal(t, m, got)
	})
}

// TestStrict changes a message a little: if it still parses, then only to what
// has the changed form.
func TestStrict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, parse := drawMessage(t)
		wire := spoil(t, m.Append(nil))
		if got, err := parse(wire); err == nil {
			require.Equal(t, wire, got.Append(nil))
		}
	})
}

// spoil changes one byte of a message, or its length.
func spoil(t *rapid.T, wire []byte) []byte {
	at := rapid.IntRange(0, len(wire)-1).Draw(t, "at")
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		wire[at] = rapid.Byte().Draw(t, "value")
	case 1:
		wire = wire[:at]
	case 2:
		wire = append(wire, rapid.Byte().Draw(t, "extra"))
	}
	return wire
}

// TestCutLosesNothing cuts whatever comes into messages: together they are what
// came, and only a command that was announced is one.
func TestCutLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sent := []byte(drawText(t))
		announced := rapid.Bool().Draw(t, "announced")
		var got []byte
		for rest := sent; len(rest) > 0; {
			var m chat.Message
			m, rest = chat.Cut(rest, announced)
			got = m.Append(got)
			_, upload := m.(*chat.Upload)
			require.False(t, upload && !announced)
			announced = strings.HasSuffix(string(got), chat.Announcement) && !upload
		}
		require.Equal(t, sent, got)
	})
}
