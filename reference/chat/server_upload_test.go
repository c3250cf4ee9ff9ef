package chat_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
)

// noise returns n bytes of any value; the first is not a digit.
func noise(n int) string {
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{byte(n)})
	src.Read(b)
	if n > 0 {
		b[0] = 0
	}
	return string(b)
}

// TestServerUpload uploads files in many ways. The parts begin behind the
// announcement.
func TestServerUpload(t *testing.T) {
	mib := noise(1 << 20)
	tests := map[string]struct {
		name, content string
		parts         []string
	}{
		"empty":               {"a", "", []string{"#upload 'a' 0"}},
		"one byte":            {"a", "x", []string{"#upload 'a' 1", "x"}},
		"begins with a digit": {"a", "123", []string{"#upload 'a' 3", "123"}},
		"looks like a chat":   {"a", chat.Announcement + "#upload 'b' 3", []string{"#upload 'a' 33", chat.Announcement + "#upload 'b' 3"}},
		"utf-8 name":          {"über uns.txt", "x", []string{"#upload 'über uns.txt' 1", "x"}},
		"longest name":        {strings.Repeat("n", 255), "x", []string{"#upload '" + strings.Repeat("n", 255) + "' 1", "x"}},
		"with the command":    {"a", "xyz", []string{"#upload 'a' 3xyz"}},
		"partly with it":      {"a", "xyz", []string{"#upload 'a' 3x", "y", "z"}},
		"1 MiB":               {"a", mib, []string{"#upload 'a' 1048576", mib}},
		"1 MiB, with it":      {"a", mib, []string{"#upload 'a' 1048576" + mib}},
		"1 MiB, pieces":       {"a", mib, append([]string{"#upload 'a' 1048576"}, sizes(mib, 1, 4095, 4096, 4097, 65537)...)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				users := r.joinAll(3)
				a := users[1]
				a.sends(chat.Announcement)
				for _, u := range []*user{users[0], users[2]} {
					u.hears("[%s] I will upload a file", a.at)
				}
				for _, part := range tt.parts[:len(tt.parts)-1] {
					a.sends(part)
					users[0].hears("")
				}
				a.sends(tt.parts[len(tt.parts)-1])
				r.stored(tt.name, tt.content)
				for _, u := range []*user{users[0], users[2]} {
					u.hears("> User %s has uploaded a file", a.at)
				}
				a.sends("done")
				users[0].hears("[%s] done", a.at)
				a.hears("")
				r.printed(fmt.Sprintf("[%[1]s] I will upload a file\n> User %[1]s has uploaded a file\n[%[1]s] done\n", a.at))
				r.stored(tt.name, tt.content)
			})
		})
	}
}

// sizes cuts s into parts of the given sizes, over and over.
func sizes(s string, n ...int) []string {
	var parts []string
	for i := 0; len(s) > 0; i++ {
		size := min(n[i%len(n)], len(s))
		parts = append(parts, s[:size])
		s = s[size:]
	}
	return parts
}

// TestServerUploadCutEverywhere cuts an upload and what is around it at every
// byte, and sends it byte by byte. A size of one digit cannot be cut.
func TestServerUploadCutEverywhere(t *testing.T) {
	const first, behind = chat.Announcement + "#upload 'a b' 3", "xyz"
	whole := first + behind
	cuts := map[string][]string{"byte by byte": strings.Split(whole, "")}
	for at := range whole {
		cuts[fmt.Sprint("at ", at)] = []string{whole[:at], whole[at:]}
	}
	inBubble(t, func(r *rig) {
		users := r.joinAll(2)
		a, b := users[0], users[1]
		for name, parts := range cuts {
			a.sends(parts...)
			require.Equal(t, fmt.Sprintf("[%[1]s] I will upload a file> User %[1]s has uploaded a file", a.at), b.got.next(), name)
			r.stored("a b", "xyz")
			require.NoError(t, os.Remove(filepath.Join(r.dir, chat.Folder, "a b")))
			a.sends("next")
			b.hears("[%s] next", a.at)
		}
	})
}

// TestServerUploadAllAtOnce has texts, uploads and texts again in one piece.
func TestServerUploadAllAtOnce(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(2)
		a, b := users[0], users[1]
		a.sends("hi " + chat.Announcement + "#upload 'a' 3xyz" + chat.Announcement + "#upload 'b' 0so long")
		b.hears("[%[1]s] hi I will upload a file> User %[1]s has uploaded a file"+
			"[%[1]s] I will upload a file> User %[1]s has uploaded a file[%[1]s] so long", a.at)
		r.stored("a", "xyz", "b")
		r.stored("b", "", "a")
	})
}

func TestServerUploadOverwrites(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(2)
		for i, content := range []string{"the first one", "short", "", "the last and longest"} {
			u := users[i%2]
			u.sends(chat.Announcement, fmt.Sprintf("#upload 'a' %d", len(content)), content)
			r.stored("a", content)
		}
	})
}

// TestServerUploadSlow has an upload that takes an hour: the others talk, and the
// uploader hears them.
func TestServerUploadSlow(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(3)
		users[0].sends(chat.Announcement, "#upload 'a' 60")
		users[1].got.next()
		for i := range 60 {
			users[0].sends("x")
			users[2].sends(fmt.Sprint(i))
			users[0].hears("[%s] %d", users[2].at, i)
			if i < 59 {
				users[1].hears("[%s] %d", users[2].at, i)
			}
			time.Sleep(time.Minute)
		}
		users[1].hears("> User %s has uploaded a file[%s] 59", users[0].at, users[2].at)
		r.stored("a", strings.Repeat("x", 60))
	})
}

// TestServerUploadsTogether has two uploads of one name at once: one of them is
// kept, and whole.
func TestServerUploadsTogether(t *testing.T) {
	inBubble(t, func(r *rig) {
		users := r.joinAll(2)
		for _, u := range users {
			u.sends(chat.Announcement, "#upload 'a' 4")
		}
		users[0].sends("aa")
		users[1].sends("bbbb")
		r.printed("")
		require.Len(t, r.names(), 2, "one is on its way")
		users[0].sends("aa")
		r.stored("a", "aaaa")
	})
}

// TestServerUploadAborted ends and resets a connection after every byte of an
// upload.
func TestServerUploadAborted(t *testing.T) {
	inBubble(t, func(r *rig) {
		b := r.joinAll(1)[0]
		wire := "#upload 'a' 5" + "xyz"
		for n := range len(wire) + 1 {
			for _, end := range []func(*user){(*user).leaves, (*user).resets} {
				u := r.join()
				u.sends(chat.Announcement, wire[:n])
				end(u)
				require.Regexp(t, `< The user `+u.at+` left \(1 user online\)$`, b.got.next())
				require.Empty(t, r.names())
			}
		}
		require.Contains(t, r.log.next(), `: keeping file "a": wanted 5 bytes, got 3: unexpected EOF`+"\n")
		r.servesOn()
	})
}

// TestServerUploadMalformed sends commands that are none: they are texts like
// any other.
func TestServerUploadMalformed(t *testing.T) {
	for _, command := range []string{
		"#upload", "#upload ", "#upload '", "#upload 'a", "#upload 'a'", "#upload 'a' ", "#upload a 3", "#upload 3",
		"#upload 'a' x", "#upload 'a' -3", "#upload 'a' 99999999999999999999", "#upload '' 3", "#uploaded", "# upload 'a' 3",
		"#upload '" + strings.Repeat("n", 256) + "' 3", "#upload '\xff", "#",
	} {
		t.Run(command, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				users := r.joinAll(2)
				a, b := users[0], users[1]
				a.sends(chat.Announcement, command)
				time.Sleep(chat.Moment)
				b.hears("%s", "["+a.at+"] I will upload a file["+a.at+"] "+command)
				a.sends("hello")
				b.hears("[%s] hello", a.at)
				require.Empty(t, r.names())
				r.servesOn()
			})
		})
	}
}

// TestServerUploadUnannounced sends commands when none is expected: an announcement
// counts for the next message only.
func TestServerUploadUnannounced(t *testing.T) {
	for name, before := range map[string][]string{
		"never":           {},
		"text between":    {chat.Announcement, "well"},
		"already done":    {chat.Announcement, "#upload 'a' 1", "x"},
		"after a refusal": {chat.Announcement, "#upload '..' 1", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				users := r.joinAll(2)
				users[0].sends(before...)
				users[1].got.next()
				users[0].sends("#upload 'b' 3", "xyz")
				users[1].hears("[%[1]s] #upload 'b' 3[%[1]s] xyz", users[0].at)
				require.NotContains(t, r.names(), "b")
			})
		})
	}
}

// TestServerUploadTraversal uploads to where nothing may be stored. Neither the
// command nor the bytes are told to anybody.
func TestServerUploadTraversal(t *testing.T) {
	for _, name := range []string{"../x", "..", ".", "/x", "sub/x", "a/../../x", `..\x`, "x\x00"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				users := r.joinAll(2)
				a, b := users[0], users[1]
				a.sends(chat.Announcement, "#upload '"+name+"' 3", "abc", "hello")
				b.hears("[%[1]s] I will upload a file[%[1]s] hello", a.at)
				a.hears("")
				r.printed(fmt.Sprintf("[%[1]s] I will upload a file\nerror: upload by %[1]s: keeping file %[2]q: "+
					"the file's name wanted no path, got %[2]q\n[%[1]s] hello\n", a.at, name))
				require.Empty(t, r.names())
				entries, err := os.ReadDir(r.dir)
				require.NoError(t, err)
				require.Len(t, entries, 1, "the folder alone")
			})
		})
	}
}
