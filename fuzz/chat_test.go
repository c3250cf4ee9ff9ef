package fuzz_test

import (
	"bytes"
	"io"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/chat"
)

var chatCodecs = []codec{
	of(chat.ParseText, chat.Text.Append, drawChatText).with(codec{
		target: "ChatText", protocol: "chat", illegal: chat.ErrErroneous, open: true,
	}),
	of(chat.ParseUpload, (*chat.Upload).Append, drawChatUpload).with(codec{
		target: "ChatUpload", protocol: "chat", illegal: chat.ErrErroneous, open: true,
		bounds: []bound{
			{"name", 1, chat.MaxName, func(n uint64) []byte { return join("#upload '", filler(n), "' 1") }},
			{"size", 0, math.MaxInt64, func(n uint64) []byte { return join("#upload 'a' ", decimal(n)) }},
		},
	}),
	of(chat.ParseConnected, (*chat.Connected).Append, drawChatConnected).with(codec{
		target: "ChatConnected", protocol: "chat", illegal: chat.ErrErroneous,
		bounds: []bound{{"users", 1, chat.MaxUsers, func(n uint64) []byte { return join("> Connected to the chat server ", online(n)) }}},
	}),
	of(chat.ParseEntered, (*chat.Entered).Append, drawChatEntered).with(codec{
		target: "ChatEntered", protocol: "chat", illegal: chat.ErrErroneous,
		bounds: []bound{
			{"users", 1, chat.MaxUsers, func(n uint64) []byte { return join("> New user 127.0.0.1:80 entered ", online(n)) }},
			{"port", 0, 65535, func(n uint64) []byte { return join("> New user 127.0.0.1:", decimal(n), " entered (1 user online)") }},
		},
	}),
	of(chat.ParseSaid, (*chat.Said).Append, drawChatSaid).with(codec{
		target: "ChatSaid", protocol: "chat", illegal: chat.ErrErroneous, open: true,
		bounds: []bound{
			{"port", 0, 65535, func(n uint64) []byte { return join("[127.0.0.1:", decimal(n), "] x") }},
			{"text", 1, 1 << 16, func(n uint64) []byte { return within(n, 1<<16, join("[127.0.0.1:80] ", filler(min(n, 1<<16)))) }},
		},
	}),
	of(chat.ParseUploaded, (*chat.Uploaded).Append, drawChatUploaded).with(codec{
		target: "ChatUploaded", protocol: "chat", illegal: chat.ErrErroneous,
		bounds: []bound{{"port", 0, 65535, func(n uint64) []byte { return join("> User 127.0.0.1:", decimal(n), " has uploaded a file") }}},
	}),
	of(chat.ParseLeft, (*chat.Left).Append, drawChatLeft).with(codec{
		target: "ChatLeft", protocol: "chat", illegal: chat.ErrErroneous,
		bounds: []bound{
			{"users", 0, chat.MaxUsers, func(n uint64) []byte { return join("< The user 127.0.0.1:80 left ", online(n)) }},
			{"port", 0, 65535, func(n uint64) []byte { return join("< The user 127.0.0.1:", decimal(n), " left (1 user online)") }},
		},
	}),
	of(parseTypedUpload, appendTypedUpload, drawChatName).with(codec{
		target: "ChatTypedUpload", protocol: "chat", illegal: chat.ErrErroneous,
		bounds: []bound{{"name", 1, chat.MaxName, func(n uint64) []byte { return join("#upload '", filler(n), "'") }}},
	}),
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// online writes how many are there, as servers do.
func online(n uint64) string {
	if n > 1 {
		return "(" + decimal(n) + " users online)"
	}
	return "(" + decimal(n) + " user online)"
}

func parseTypedUpload(b []byte) (string, error) { return chat.ParseTypedUpload(string(b)) }

func appendTypedUpload(name string, b []byte) []byte { return join(b, "#upload '", name, "'") }

// drawChatText draws a text, often one that has to do with uploads.
func drawChatText(t *rapid.T) chat.Text {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{chat.Announcement, "#upload 'a' ", "#upload '", "#", "3", "é", "\xe2\x82", "x"}),
		rapid.StringN(1, -1, 20),
	)
	return chat.Text(strings.Join(rapid.SliceOfN(part, 1, 5).Draw(t, "text"), ""))
}

func drawChatName(t *rapid.T) string {
	return strings.ReplaceAll(drawText(t, "name", 1, chat.MaxName), "'", "/")
}

func drawChatUpload(t *rapid.T) *chat.Upload {
	return &chat.Upload{Name: drawChatName(t), Size: rapid.Int64Min(0).Draw(t, "size")}
}

func drawChatUser(t *rapid.T) netip.AddrPort {
	ip := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")))
	if rapid.Bool().Draw(t, "six") {
		ip = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ipv6")))
	}
	return netip.AddrPortFrom(ip, rapid.Uint16().Draw(t, "port"))
}

func drawChatUsers(t *rapid.T, least int) int {
	return rapid.IntRange(least, chat.MaxUsers).Draw(t, "users")
}

func drawChatConnected(t *rapid.T) *chat.Connected {
	return &chat.Connected{Users: drawChatUsers(t, 1)}
}

func drawChatEntered(t *rapid.T) *chat.Entered {
	return &chat.Entered{User: drawChatUser(t), Users: drawChatUsers(t, 1)}
}

func drawChatSaid(t *rapid.T) *chat.Said {
	return &chat.Said{User: drawChatUser(t), Text: drawChatText(t)}
}

func drawChatUploaded(t *rapid.T) *chat.Uploaded { return &chat.Uploaded{User: drawChatUser(t)} }

func drawChatLeft(t *rapid.T) *chat.Left {
	return &chat.Left{User: drawChatUser(t), Users: drawChatUsers(t, 0)}
}

func FuzzChatText(f *testing.F)        { run(f) }
func FuzzChatUpload(f *testing.F)      { run(f) }
func FuzzChatConnected(f *testing.F)   { run(f) }
func FuzzChatEntered(f *testing.F)     { run(f) }
func FuzzChatSaid(f *testing.F)        { run(f) }
func FuzzChatUploaded(f *testing.F)    { run(f) }
func FuzzChatLeft(f *testing.F)        { run(f) }
func FuzzChatTypedUpload(f *testing.F) { run(f) }

func FuzzChatUploadFields(f *testing.F) {
	f.Add([]byte("google.png"), int64(3082), []byte(nil))
	f.Add([]byte("it's"), int64(-1), []byte("3"))
	f.Add(filler(chat.MaxName+1), int64(math.MaxInt64), []byte("x"))
	f.Fuzz(func(t *testing.T, name []byte, size int64, behind []byte) {
		b := join("#upload '", name, "' ", strconv.FormatInt(size, 10), behind)
		table(t, "ChatUpload").check(t, b)
		table(t, "ChatTypedUpload").check(t, join("#upload '", name, "'", behind))
		checkConversation(t, join(chat.Announcement, b))
	})
}

func FuzzChatUsersFields(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1}, uint16(50426), int64(2), "hello")
	f.Add(filler(16), uint16(0), int64(0), "")
	f.Add([]byte(nil), uint16(65535), int64(chat.MaxUsers+1), "\xff")
	f.Fuzz(func(t *testing.T, ip []byte, port uint16, users int64, text string) {
		address, _ := netip.AddrFromSlice(ip)
		user, n := netip.AddrPortFrom(address, port), int(users)
		for target, m := range map[string]chat.Message{
			"ChatConnected": &chat.Connected{Users: n},
			"ChatEntered":   &chat.Entered{User: user, Users: n},
			"ChatSaid":      &chat.Said{User: user, Text: chat.Text(text)},
			"ChatUploaded":  &chat.Uploaded{User: user},
			"ChatLeft":      &chat.Left{User: user, Users: n},
		} {
			table(t, target).check(t, m.Append(nil))
		}
	})
}

// FuzzChatCut takes all that one client sends apart into messages.
func FuzzChatCut(f *testing.F) {
	for _, target := range []string{"ChatText", "ChatUpload"} {
		for _, b := range table(f, target).engineSeeds(f) {
			f.Add(b)
			f.Add(join(chat.Announcement, b))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkConversation(t, b) })
}

// checkConversation makes sure that nothing that a client sends is lost or
// changed, whatever pieces it arrives in, and that only what was announced is an
// upload.
func checkConversation(t rapid.TB, b []byte) {
	t.Helper()
	whole := string(b)
	for announced, rest := false, b; len(rest) > 0; {
		chat.Incomplete(rest, announced)
		m, behind := chat.Cut(rest, announced)
		_, isUpload := m.(*chat.Upload)
		require.False(t, isUpload && !announced, "%q begins with no upload that was announced", rest)
		require.Equal(t, rest, join(m.Append(nil), behind), "a message and what is behind it")
		require.Less(t, len(behind), len(rest), "a message is not empty")
		announced = !isUpload && strings.HasSuffix(string(m.Append(nil)), chat.Announcement)
		rest = behind
	}
	require.Equal(t, whole, string(b), "cutting must not change the bytes")
	for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
		require.Equal(t, whole, conversation(t, r))
	}
}

// conversation reads messages up to the end, files included, and gives what they
// were as bytes again.
func conversation(t rapid.TB, r io.Reader) string {
	t.Helper()
	in := chat.NewIncoming(stream{r: r})
	var all strings.Builder
	for {
		m, err := in.Next()
		if err == io.EOF {
			return all.String()
		}
		require.NoError(t, err)
		all.Write(m.Append(nil))
		if upload, is := m.(*chat.Upload); is {
			_, err := io.CopyN(&all, in, upload.Size)
			require.Contains(t, []error{nil, io.EOF}, err)
		}
	}
}
