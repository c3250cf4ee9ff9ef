package fileshare_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/fileshare"
)

// samples are files of many sizes and types.
func samples(d fileshare.Dialect) map[string]string {
	all := map[string]string{
		"one":      "x",
		"crlf.txt": "a\r\nb\n\r\n",
		"nul":      "\x00\x00",
		"bytes":    strings.Repeat("\x00\xff\x01\x02\x03\x04get bye\n", 999),
		"edge":     strings.Repeat("e", 32<<10),
		"beyond":   strings.Repeat("e", 32<<10+1),
		"large":    strings.Repeat("0123456789abcdef", 1<<20), // 16 MiB
	}
	if d != fileshare.Text {
		all["empty"] = ""
	}
	return all
}

// TestClientAgainstServer plays the lab's demonstration, with the two programs.
func TestClientAgainstServer(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		r.write("picture.png", strings.Repeat("\x89PNG\r\n\x1a\n\x00", 50000))
		c := r.startClient()
		mine := strings.Repeat("my own file\n", 30000)
		c.write("mine.txt", mine)
		require.Equal(r.t, fileshare.ServiceName+" found at "+serverIP+" 30001\n", c.types("scan"))
		require.Equal(r.t, "local files: 1\n  mine.txt\n", c.types("llist"))
		c.connects()
		require.Equal(r.t, "files on the server: 2\n  hello.txt\n  picture.png\n", c.types("rlist"))
		require.Equal(r.t, "sent mine.txt: 360000 bytes\n", c.types("put mine.txt"))
		prefix := r.dialect.StoredPrefix
		require.Contains(r.t, c.types("rlist"), "  "+prefix+"mine.txt\n")
		r.stored(prefix+"mine.txt", mine)
		require.Equal(r.t, "received "+prefix+"picture.png: 450000 bytes\n", c.types("get picture.png"))
		require.Contains(r.t, c.types("llist"), "  "+prefix+"picture.png\n")
		c.has(prefix+"picture.png", strings.Repeat("\x89PNG\r\n\x1a\n\x00", 50000))

		require.Contains(r.t, c.types("get missing"), "error: getting missing: ")
		require.NotContains(r.t, c.types("llist"), "missing")
		c.connects()
		require.Equal(r.t, "connection closed\n", c.types("bye"))
		require.Zero(r.t, <-c.status)
		synctest.Wait()
		require.Equal(r.t, 2, strings.Count(r.log.String(), "connection closed: "))
		r.servesOn()
	})
}

// TestTwoClients work at once.
func TestTwoClients(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		a, b := r.startClient(), r.startClient()
		a.connects()
		b.connects()
		a.write("a", strings.Repeat("a", 1<<20))
		b.write("b", strings.Repeat("b", 1<<20))
		aShown, bShown := a.begins("put a"), b.begins("put b")
		require.Equal(r.t, "sent a: 1048576 bytes\n", aShown())
		require.Equal(r.t, "sent b: 1048576 bytes\n", bShown())
		prefix := r.dialect.StoredPrefix
		r.stored(prefix+"a", strings.Repeat("a", 1<<20))
		r.stored(prefix+"b", strings.Repeat("b", 1<<20))
		require.Zero(r.t, a.ends())
		require.Contains(r.t, b.types("rlist"), "files on the server: 3\n")
		require.Zero(r.t, b.ends())
	})
}

// TestAllSamples sends files of many sizes and types there and back.
func TestAllSamples(t *testing.T) {
	inEachBubble(t, func(r *rig) {
		c := r.startClient()
		c.connects()
		prefix := r.dialect.StoredPrefix
		for name, data := range samples(r.dialect) {
			c.write(name, data)
			require.Contains(r.t, c.types("put "+name), "sent ")
			require.Contains(r.t, c.types("get "+prefix+name), "received ")
			c.has(prefix+prefix+name, data)
		}
		require.Zero(r.t, c.ends())
	})
}
