package chat_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/chat"
)

var bob = netip.MustParseAddrPort("127.0.0.1:2")

// room returns a model with alice and bob.
func room() chat.Model {
	return chat.Model{}.Join(alice)[0].Next.Join(bob)[0].Next
}

func TestModelJoinsAndLeaves(t *testing.T) {
	var m chat.Model
	first := m.Join(alice)
	require.Len(t, first, 2, "without and with a newline")
	require.Equal(t, "> Connected to the chat server (1 user online)", string(first[0].Self))
	require.Equal(t, "> Connected to the chat server (1 user online)\n", string(first[1].Self))
	second := first[0].Next.Join(bob)
	require.Equal(t, "> New user 127.0.0.1:2 entered (2 users online)", string(second[0].Others))
	require.Equal(t, 2, second[0].Next.Users())
	left := second[0].Next.Leave(alice)
	require.Equal(t, "< The user 127.0.0.1:50426 left (1 user online)", string(left[0].Others))
	require.Equal(t, "< The user 127.0.0.1:50426 left (1 user online)\n", string(left[1].Others))
	require.Equal(t, 1, left[0].Next.Users())
	require.Zero(t, m.Users(), "a model is not changed by what is asked of it")
	require.Equal(t, second, first[0].Next.Join(bob))
}

// TestModelSend has all that others may get when alice sends some things, and the
// files that may be kept then.
func TestModelSend(t *testing.T) {
	const say, said = chat.Announcement, "[A] " + chat.Announcement
	const done = "> User A has uploaded a file"
	long := strings.Repeat("x", 5000)
	tests := map[string]struct {
		sent []string
		want []string // to others, without newlines; A is alice
		file []string // content of a, if there is such a file
	}{
		"text":             {[]string{"hello"}, []string{"[A] hello"}, nil},
		"upload":           {[]string{say, "#upload 'a' 3", "xyz"}, []string{said + done}, []string{"xyz"}},
		"joined":           {[]string{say + "#upload 'a' 3xyzbye"}, []string{said + done + "[A] bye"}, []string{"xyz"}},
		"unfinished":       {[]string{say, "#upload 'a' 3", "xy"}, []string{said}, nil},
		"empty":            {[]string{say, "#upload 'a' 0"}, []string{said + done}, []string{""}},
		"replaced":         {[]string{say, "#upload 'a' 3xyz", say, "#upload 'a' 1x"}, []string{said + done + said + done}, []string{"x"}},
		"malformed":        {[]string{say, "#upload 'a' x"}, []string{said, said + "[A] #upload 'a' x"}, nil},
		"not announced":    {[]string{"#upload 'a' 3", "xyz"}, []string{"[A] #upload 'a' 3[A] xyz", "[A] xyz", done}, []string{"xyz"}},
		"path":             {[]string{say, "#upload '../a' 3", "xyz"}, []string{said + "[A] #upload '../a' 3[A] xyz", said + "[A] xyz", said, said + done}, []string{"xyz"}},
		"path to nowhere":  {[]string{say, "#upload '..' 1", "x"}, []string{said + "[A] #upload '..' 1[A] x", said + "[A] x", said}, nil},
		"nothing":          {[]string{""}, []string{""}, nil},
		"changes its mind": {[]string{say, "no"}, []string{said + "[A] no"}, nil},
		"long":             {[]string{long}, []string{"[A] " + long, "[A] " + long[:4096] + "[A] " + long[4096:]}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ends := []chat.Outcome{{Next: room()}}
			for _, sent := range tt.sent {
				var longer []chat.Outcome
				for _, o := range ends {
					for _, next := range o.Next.Send(alice, []byte(sent)) {
						require.Empty(t, next.Self)
						next.Others = slices.Concat(o.Others, next.Others)
						longer = append(longer, next)
					}
				}
				ends = longer
			}
			got, files := map[string]bool{}, map[string]bool{}
			for _, o := range ends {
				others := strings.ReplaceAll(string(o.Others), alice.String(), "A")
				got[strings.ReplaceAll(others, "\n", "")] = true
				if content, ok := o.Next.File("a"); ok {
					files[content] = true
				}
			}
			require.ElementsMatch(t, tt.want, keys(got))
			require.ElementsMatch(t, tt.file, keys(files))
		})
	}
}

func keys(m map[string]bool) []string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	return all
}

// TestServerAgainstModel does the same to a server and to the model.
func TestServerAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.Custom(drawStep), 1, 12).Draw(rt, "steps")
		inBubble(t, func(r *rig) { play(r, steps) })
	})
}

// A step is something that one of the clients does.
type step struct {
	join, leave bool
	who         int // counted round among those who are there
	sent        []byte
}

func drawStep(t *rapid.T) step {
	s := step{who: rapid.IntRange(0, 9).Draw(t, "who")}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		s.join = true
	case 1:
		s.leave = true
	case 2:
		s.sent = []byte(chat.Announcement)
	case 3:
		u := &chat.Upload{Name: rapid.SampledFrom([]string{"a", "b", "../x"}).Draw(t, "name"), Size: rapid.Int64Range(0, 9).Draw(t, "size")}
		s.sent = append(u.Append(nil), drawText(t)...)
	default:
		s.sent = []byte(drawText(t))
	}
	return s
}

// play does the steps. After each, what everybody has heard must be one of the
// model's outcomes, which is the model for the next step. Two outcomes may have
// told the same: then the model stays all of those.
func play(r *rig, steps []step) {
	models := []chat.Model{{}}
	var there []*user
	expect := func(actor *user, outcomes func(m chat.Model) []chat.Outcome) {
		time.Sleep(chat.Moment)
		synctest.Wait()
		self, others := "", ""
		for i, u := range there {
			if u == actor {
				self = u.got.next()
				continue
			}
			got := u.got.next()
			require.True(r.t, others == "" || others == got, "%d hears %q, not %q", i, got, others)
			others = got
		}
		alone := len(there) == 0 || len(there) == 1 && there[0] == actor
		var next []chat.Model
		for _, m := range models {
			for _, o := range outcomes(m) {
				if string(o.Self) == self && (alone || string(o.Others) == others) {
					next = append(next, o.Next)
				}
			}
		}
		require.NotEmpty(r.t, next, "no outcome has %q and %q in %+q", self, others, steps)
		models = next
	}
	for _, s := range steps {
		if s.join || len(there) == 0 {
			u := r.join()
			there = append(there, u)
			expect(u, func(m chat.Model) []chat.Outcome { return m.Join(netip.MustParseAddrPort(u.at)) })
			continue
		}
		i := s.who % len(there)
		u := there[i]
		at := netip.MustParseAddrPort(u.at)
		if s.leave {
			u.leaves()
			there = slices.Delete(there, i, i+1)
			expect(u, func(m chat.Model) []chat.Outcome { return m.Leave(at) })
			continue
		}
		u.sends(string(s.sent))
		expect(u, func(m chat.Model) []chat.Outcome { return m.Send(at, s.sent) })
	}
	for _, name := range []string{"a", "b"} {
		content, err := os.ReadFile(filepath.Join(r.dir, chat.Folder, name))
		if err != nil {
			content = []byte("-")
		}
		require.Contains(r.t, kept(models, name), string(content))
	}
}

// kept returns what a file may hold; a file that is not there holds "-".
func kept(models []chat.Model, name string) []string {
	var all []string
	for _, m := range models {
		content, ok := m.File(name)
		if !ok {
			content = "-"
		}
		all = append(all, content)
	}
	return all
}
