package fuzz_test

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"netproctor/internal/record"
	"netproctor/reference/chat"
	"netproctor/reference/download"
	"netproctor/reference/fileshare"
	"netproctor/reference/mailbox"
	"netproctor/reference/transfer"
)

// A modelCase is what one client sends to a server that has just been started,
// turn by turn, and all that may be answered: written by hand, from the sources.
type modelCase struct {
	protocol string
	turns    [3]string
	want     []string // "…" at its end: anything may follow
}

// Sizes as transfer and fileshare write them.
const (
	size0 = "\x00\x00\x00\x00\x00\x00\x00\x00"
	size2 = "\x00\x00\x00\x00\x00\x00\x00\x02"
	size3 = "\x00\x00\x00\x00\x00\x00\x00\x03"
)

// modelCases are about a server that has the file "a" with "AA" in it.
var modelCases = []modelCase{
	{"mailbox", [3]string{}, []string{""}},
	{"mailbox", [3]string{"\xae\x73\x01\x01\x00\x00\x00a"}, []string{"\xae\x73\x03\x00\x00"}},
	{"mailbox", [3]string{"\xae\x73\x02\x01\x01\x00\x01abm"}, []string{""}},
	{"mailbox", [3]string{"\x73\xae\x01\x01\x00\x00\x00a"}, []string{""}},
	{"mailbox", [3]string{"\xae\x73\x01\x01\x00\x00\x00a", "x"}, []string{"", "\xae\x73\x03\x00\x00"}},
	{"mailbox", [3]string{"\xae\x73\x01\x01\x00\x00\x00\xff"}, []string{"", "\xae\x73\x03\x00\x00"}},
	{"mailbox", [3]string{"\xae\x73\x02\x01\x00\x00\x01am"}, []string{""}},
	{"download", [3]string{}, []string{""}},
	{"download", [3]string{"\x49\x7e\x01\x00\x01a"}, []string{"\x49\x7e\x02\x01\x00\x00\x00\x02AA"}},
	{"download", [3]string{"\x49\x7e\x01\x00\x01b"}, []string{"\x49\x7e\x02\x00\x00\x00\x00\x00"}},
	{"download", [3]string{"\x49\x7e\x01\x00\x00"}, []string{""}},
	{"download", [3]string{"\x49\x7e\x02\x00\x01a"}, []string{""}},
	{"download", [3]string{"\x49\x7e\x01\x00\x01a", "x"}, []string{"", "\x49\x7e\x02\x01\x00\x00\x00\x02AA"}},
	{"download", [3]string{"\x49\x7e\x01\x00\x01\x00"}, []string{"", "\x49\x7e\x02\x00\x00\x00\x00\x00"}},
	{"download", [3]string{"\x49\x7e\x01\x00\x01\xa1"}, []string{"", "\x49\x7e\x02\x00\x00\x00\x00\x00"}},
	{"transfer", [3]string{}, []string{"READY"}},
	{"transfer", [3]string{"GET a", "READY", "OK"}, []string{"READYOK" + size2 + "AADONE"}},
	{"transfer", [3]string{"GET a", "READY"}, []string{"READYOK" + size2}},
	{"transfer", [3]string{"GET b"}, []string{"READYERROR: b does not exist"}},
	{"transfer", [3]string{"PUT b", size2, "xy"}, []string{"READYOKOKDONE"}},
	{"transfer", [3]string{"PUT b", size3, "xy"}, []string{"READYOKOK"}},
	{"transfer", [3]string{"PUT b", size0, "xy"}, []string{"READYOKOK", "READYOKOKDONE"}},
	{"transfer", [3]string{"DEL a"}, []string{"READYDONE", "READYERROR: unable to delete a"}},
	{"transfer", [3]string{"DEL b"}, []string{"READYERROR: b does not exist"}},
	{"transfer", [3]string{"LIST"}, []string{"READY…"}},
	{"fileshare", [3]string{}, []string{""}},
	{"fileshare", [3]string{"\x03"}, []string{"\x00\x00\x00\x00\x00\x00\x00\x01a"}},
	{"fileshare", [3]string{"\x01\x01a", "\x03"}, []string{size2 + "AA\x00\x00\x00\x00\x00\x00\x00\x01a"}},
	{"fileshare", [3]string{"\x01\x01b"}, []string{""}},
	{"fileshare", [3]string{"\x02\x01b" + size0, "\x03"}, []string{size3 + "a\nb"}},
	{"fileshare", [3]string{"\x04", "\x03"}, []string{""}},
	{"fileshare", [3]string{"\x09"}, []string{"…"}},
	{"chat", [3]string{"hello"}, []string{"[1.2.3.4:5] hello"}},
	{"chat", [3]string{"I will upload a file", "#upload 'b' 2", "xy"}, []string{"[1.2.3.4:5] I will upload a file> User 1.2.3.4:5 has uploaded a file"}},
	{"chat", [3]string{"#upload 'b'"}, []string{"", "[1.2.3.4:5] #upload 'b'"}},
}

// A modelAnswer is what may have been said after some turns.
type modelAnswer struct {
	text string
	open bool
	over bool // nothing more is to be sent
}

// modelAnswers asks the model of a protocol.
func modelAnswers(protocol string, turns [][]byte) (all []modelAnswer) {
	over := false
	add := func(b []byte, open bool) {
		if a := (modelAnswer{string(b), open, over}); !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	switch protocol {
	case "mailbox":
		for _, o := range (mailbox.Model{}).Apply(bytes.Join(turns, nil)) {
			add(o.Answer, false)
		}
	case "download":
		for _, o := range (download.Model{"a": []byte("AA")}).Apply(bytes.Join(turns, nil)) {
			add(o.Answer, o.AnyFile)
		}
	case "transfer":
		for _, o := range (transfer.Model{"a": "AA"}).Apply(turns...) {
			over = o.Over
			add(o.Answer, o.Open)
		}
	case "fileshare":
		for _, o := range fileshare.NewModel(fileshare.Sized, map[string]string{"a": "AA"}).Apply(turns...) {
			var b []byte
			for _, p := range o.Answer.Pieces {
				b = append(b, p.Bytes...)
			}
			add(b, o.Answer.Open)
		}
	case "chat":
		chatAnswers(turns, add)
	}
	return all
}

// chatAnswers is what another client hears, without ends of lines.
func chatAnswers(turns [][]byte, add func([]byte, bool)) {
	user, other := netip.MustParseAddrPort("1.2.3.4:5"), netip.MustParseAddrPort("1.2.3.4:6")
	ends := chat.Model{}.Join(user)[0].Next.Join(other)[:1]
	ends[0].Others = nil
	for _, turn := range turns {
		var longer []chat.Outcome
		for _, o := range ends {
			for _, next := range o.Next.Send(user, turn) {
				next.Others = slices.Concat(o.Others, next.Others)
				longer = append(longer, next)
			}
		}
		ends = longer[:min(len(longer), 64)]
	}
	for _, o := range ends {
		add(bytes.ReplaceAll(o.Others, []byte("\n"), nil), false)
	}
}

// TestModelCases holds the models against what was written by hand.
func TestModelCases(t *testing.T) {
	for _, c := range modelCases {
		var got []string
		for _, a := range modelAnswers(c.protocol, turnsOf(c.turns[0], c.turns[1], c.turns[2])) {
			if a.open {
				a.text += "…"
			}
			got = append(got, a.text)
		}
		require.ElementsMatch(t, c.want, got, "%s %q", c.protocol, c.turns)
	}
}

// turnsOf makes turns: what is empty is none.
func turnsOf(texts ...string) (turns [][]byte) {
	for _, s := range texts {
		if s != "" {
			turns = append(turns, []byte(s))
		}
	}
	return turns
}

// protocolNames are those with a model.
var protocolNames = []string{"mailbox", "download", "transfer", "fileshare", "chat"}

// FuzzModels holds every model, for any turns, against what must be true of all of
// them, and against the layout, which states what is legal a second time.
func FuzzModels(f *testing.F) {
	for _, c := range modelCases {
		f.Add(byte(slices.Index(protocolNames, c.protocol)), c.turns[0], c.turns[1], c.turns[2])
	}
	f.Fuzz(func(t *testing.T, which byte, a, b, c string) {
		protocol := protocolNames[int(which)%len(protocolNames)]
		turns := turnsOf(a, b, c)
		all := modelAnswers(protocol, turns)
		if len(all) == 0 {
			t.Fatalf("%s: nothing is right after %q", protocol, turns)
		}
		if again := modelAnswers(protocol, turns); !slices.Equal(all, again) {
			t.Fatalf("%s: %+v is right after %q, and then %+v", protocol, all, turns, again)
		}
		switch protocol {
		case "mailbox", "download":
			checkErroneous(t, protocol, turns, all)
		case "transfer", "fileshare":
			checkGrowth(t, protocol, turns, all)
		case "chat":
			checkRelays(t, turns, all)
		}
	})
}

// checkErroneous: silence is right exactly where the layout or the text is not
// legal, or the request is one that has no answer.
func checkErroneous(t *testing.T, protocol string, turns [][]byte, all []modelAnswer) {
	sent := bytes.Join(turns, nil)
	name, header := "MessageRequest", mailbox.RequestHeaderSize
	if protocol == "download" {
		name, header = "FileRequest", download.RequestHeaderSize
	}
	l := once(t, "layout "+name, func() (*record.Layout, error) {
		p, err := loaded(protocol, nil)
		return p.Records[name], err
	})
	d, err := l.Decode(sent, true)
	legal := err == nil && d.Size == len(sent)
	silent := slices.ContainsFunc(all, func(a modelAnswer) bool { return a.text == "" && !a.open })
	switch {
	case !legal && !silent:
		t.Fatalf("%s: silence is not right after %q, which is erroneous: %v", protocol, sent, err)
	case legal && len(all) > 1 && !bytes.ContainsFunc(sent[header:], isOdd):
		t.Fatalf("%s: %+v are right after %q, which is legal", protocol, all, sent)
	}
}

// isOdd tells a character of which texts may be made that are taken or refused.
func isOdd(r rune) bool { return r >= utf8.RuneSelf || r == 0 || r == '/' }

// checkGrowth: what was said is not taken back by more turns.
func checkGrowth(t *testing.T, protocol string, turns [][]byte, all []modelAnswer) {
	if len(turns) == 0 {
		return
	}
	before := modelAnswers(protocol, turns[:len(turns)-1])
	if slices.ContainsFunc(before, func(a modelAnswer) bool { return a.over }) {
		return // what comes then may be seen before the last word is said, or not
	}
	for _, a := range all {
		if !slices.ContainsFunc(before, func(b modelAnswer) bool { return strings.HasPrefix(a.text, b.text) }) {
			t.Fatalf("%s: %q is right after %q, but before its last turn %+v", protocol, a.text, turns, before)
		}
	}
}

// checkRelays: a text without commands is heard as it was said.
func checkRelays(t *testing.T, turns [][]byte, all []modelAnswer) {
	want := ""
	for _, turn := range turns {
		if len(turn) > 500 || bytes.Contains(turn, []byte("#upload")) {
			return
		}
		want += "[1.2.3.4:5] " + string(turn)
	}
	want = strings.ReplaceAll(want, "\n", "")
	if len(all) != 1 || all[0].text != want {
		t.Fatalf("chat: wanted that %q is heard, got %+v", want, all)
	}
}
