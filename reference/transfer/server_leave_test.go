package transfer_test

import (
	"io"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// steps are the exchanges as what the client says and what it then hears.
var steps = map[string][][2]string{
	"get": {{"", "READY"}, {"GET f", "OK"}, {"READY", eight(4)}, {"OK", "dataDONE"}},
	"put": {{"", "READY"}, {"PUT f", "OK"}, {eight(4), "OK"}, {"da", ""}, {"ta", "DONE"}},
	"new": {{"", "READY"}, {"PUT new", "OK"}, {eight(4), "OK"}, {"da", ""}, {"ta", "DONE"}},
	"del": {{"", "READY"}, {"DEL g", "DONE"}},
}

// TestServerDisconnect has clients that go away, in each way, before and after
// each step of an exchange. A PUT that breaks off changes nothing.
func TestServerDisconnect(t *testing.T) {
	ways := map[string]func(c talk){
		"close":      func(c talk) { c.Close() },
		"half-close": func(c talk) { c.CloseWrite(); io.ReadAll(c); c.Close() },
		"reset":      talk.reset,
	}
	for name, exchange := range steps {
		for way, leave := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				for n := range exchange {
					inBubble(t, func(r *rig) {
						write(t, r.dir, "f", "old!")
						write(t, r.dir, "g", "other")
						if name == "get" {
							write(t, r.dir, "f", "data")
						}
						c := r.dial()
						for _, step := range exchange[:n] {
							c.say(step[0])
							c.hear(step[1])
						}
						c.say(exchange[n][0])
						leave(c)
						r.servesOn()
						if n < len(exchange)-1 {
							require.Equal(t, []string{"f", "g"}, names(t, r.dir))
							require.NotEqual(t, "da", read(t, r.dir, "f"))
						}
					})
				}
			})
		}
	}
}

// TestServerTruncatedPut announces more than it sends, and closes its half: the
// server must not say DONE.
func TestServerTruncatedPut(t *testing.T) {
	for sent, announced := range map[int]int{0: 1, 1: 2, 1023: 1024, 1024: 1025, 5000: math.MaxInt64} {
		inBubble(t, func(r *rig) {
			write(t, r.dir, "f", "old")
			c := r.begin("PUT f")
			c.hear("OK")
			c.say(eight(announced))
			c.hear("OK")
			c.say(pattern(sent))
			c.CloseWrite()
			c.ends()
			require.Equal(t, "old", read(t, r.dir, "f"))
			r.servesOn()
		})
	}
}

// TestServerIdleClient has clients that stop in the middle. After a minute the
// next one has its turn.
func TestServerIdleClient(t *testing.T) {
	for name, exchange := range steps {
		t.Run(name, func(t *testing.T) {
			for n := range len(exchange) - 1 {
				inBubble(t, func(r *rig) {
					write(t, r.dir, "f", "data")
					write(t, r.dir, "g", "other")
					c := r.dial()
					for _, step := range exchange[:n+1] {
						c.say(step[0])
						c.hear(step[1])
					}
					synctest.Wait()
					start := time.Now()
					c.ends()
					require.Equal(t, time.Minute, time.Since(start))
					r.servesOn()
				})
			}
		})
	}
}

func TestServerStalledReader(t *testing.T) {
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", pattern(1<<20))
		c := r.begin("GET f")
		c.hear("OK")
		c.say("READY")
		c.hear(eight(1 << 20))
		c.say("OK")
		synctest.Wait()
		start := time.Now()
		r.servesOn()
		require.GreaterOrEqual(t, time.Since(start), time.Minute)
		r.logged("error: sending data, ")
		c.Close()
	}, "-v")
}

// TestServerSlowReader takes hours for a megabyte, but never rests for a minute.
func TestServerSlowReader(t *testing.T) {
	inBubble(t, func(r *rig) {
		write(t, r.dir, "f", pattern(1<<20))
		c := r.begin("GET f")
		c.SetReadBuffer(1024)
		c.hear("OK")
		c.say("READY")
		c.hear(eight(1 << 20))
		c.say("OK")
		data := pattern(1 << 20)
		for len(data) > 0 {
			time.Sleep(59 * time.Second)
			c.hear(data[:1024])
			data = data[1024:]
		}
		c.hear("DONE")
		c.ends()
	})
}

func TestServerOneClient(t *testing.T) {
	inBubble(t, func(r *rig) {
		first := r.begin("PUT f")
		first.hear("OK")
		second := r.dial()
		second.silence()
		first.say(eight(1))
		first.hear("OK")
		second.silence()
		first.say("x")
		first.hear("DONE")
		second.hear("READY")
		second.say("GET f")
		second.hear("OK")
		first.Close()
		second.Close()
	})
}

func TestServerLeavesNothingOpen(t *testing.T) {
	inBubble(t, func(r *rig) {
		open := descriptors(t)
		for range 100 {
			r.put("f", "data")
			r.get("f", "data")
			r.begin("PUT f").reset()
			r.begin("GET f").reset()
		}
		time.Sleep(time.Second) // for the lull of the last
		require.Equal(t, 1, r.server.Open(), "the listener")
		require.Equal(t, open, descriptors(t))
	})
}

// descriptors counts the open files of this process.
func descriptors(t *testing.T) int {
	return len(names(t, "/proc/self/fd"))
}
