package fuzz_test

import (
	"flag"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	gofuzz "github.com/google/gofuzz"
	"github.com/stretchr/testify/require"

	"netproctor/reference/chat"
	"netproctor/reference/download"
	"netproctor/reference/fileshare"
	"netproctor/reference/mailbox"
	"netproctor/reference/transfer"
)

var seed = flag.Int64("fill.seed", 0, "what TestFilled fills messages with; 0 for another one each time")

// FuzzFilled lets Go's engine choose what a typed message is filled with.
func FuzzFilled(f *testing.F) {
	for i := range codecs {
		f.Add(byte(i), []byte("0123456789abcdef"))
		f.Add(byte(i), make([]byte, 64))
	}
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		filled(t, &codecs[int(which)%len(codecs)], gofuzz.NewFromGoFuzz(b))
	})
}

// TestFilled fills every typed message with random values.
func TestFilled(t *testing.T) {
	if *seed == 0 {
		*seed = time.Now().UnixNano()
	}
	t.Logf("-fill.seed=%d", *seed)
	each(t, func(t *testing.T, c *codec) {
		fuzzer, written := gofuzz.NewWithSeed(*seed), 0
		for range 60 {
			if filled(t, c, fuzzer) {
				written++
			}
		}
		require.NotZero(t, written, "no message could be written, with -fill.seed=%d", *seed)
	})
}

// filled fills a message. The codec either refuses to write it, by a panic that
// says why, or writes what it reads as the same again, or what it does not take.
func filled(t *testing.T, c *codec, fuzzer *gofuzz.Fuzzer) (written bool) {
	t.Helper()
	m := c.fill(fuzzer.NilChance(0).NumElements(1, 4).Funcs(fillers...).Fuzz)
	defer func() {
		if why := recover(); why != nil {
			text, is := why.(string)
			require.True(t, is && strings.HasPrefix(text, c.protocol+": "), "%#v: %v", m, why)
		}
	}()
	wire := c.encode(m)
	if c.check(t, wire) != legal {
		return true
	}
	got, err := c.parse(wire)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("%+v", m), fmt.Sprintf("%+v", got)) // no data and nil data are the same
	return true
}

// fillers choose values that codecs have an opinion about, where all possible
// values would hardly ever bring one.
var fillers = []any{
	func(s *string, c gofuzz.Continue) { *s = text(c) },
	func(t *chat.Text, c gofuzz.Continue) { *t = chat.Text(text(c)) },
	func(b *[]byte, c gofuzz.Continue) { *b = []byte(text(c)) },
	func(n *uint32, c gofuzz.Continue) { *n = pick(c, 0, c.Uint32()) },
	func(n *int, c gofuzz.Continue) { *n = int(number(c)) },
	func(n *int64, c gofuzz.Continue) { *n = number(c) },
	func(id *mailbox.ID, c gofuzz.Continue) { *id = mailbox.ID(c.Intn(4)) },
	func(s *download.Status, c gofuzz.Continue) { *s = download.Status(c.Intn(3)) },
	func(k *fileshare.Kind, c gofuzz.Continue) { *k = fileshare.Kind(c.Intn(6)) },
	func(v *transfer.Verb, c gofuzz.Continue) {
		*v = pick(c, transfer.Get, transfer.Put, transfer.Del, "get", "")
	},
	func(w *transfer.Word, c gofuzz.Continue) {
		*w = pick(c, transfer.Ready, transfer.OK, transfer.Done, "ok", "")
	},
	func(u *netip.AddrPort, c gofuzz.Continue) {
		b := make([]byte, pick(c, 0, 4, 16))
		c.Read(b)
		ip, _ := netip.AddrFromSlice(b)
		*u = netip.AddrPortFrom(ip.WithZone(pick(c, "", "", "lo")), uint16(c.Uint32()))
	},
}

func pick[T any](c gofuzz.Continue, all ...T) T { return all[c.Intn(len(all))] }

// text gives bytes of any values. The longest are just beyond some limit.
func text(c gofuzz.Continue) string {
	n := pick(c, 0, c.Intn(24), c.Intn(24), c.Intn(24))
	if c.Intn(8) == 0 {
		n = pick(c, 254, 255, 256, 1024, 1025, 4096, 4097, 8192, 8193, 65535, 65536)
	}
	b := filler(uint64(n))
	if len(b) < 24 && c.RandBool() {
		c.Read(b)
	}
	return string(b)
}

// number gives a small number or any number.
func number(c gofuzz.Continue) int64 {
	if c.RandBool() {
		return int64(c.Intn(300)) - 2
	}
	return int64(c.Uint64())
}
