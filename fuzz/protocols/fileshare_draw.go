package protocols

import (
	"bytes"
	"fmt"
	"strings"

	"netproctor/fuzz"
	"netproctor/reference/fileshare"
)

// A hand draws what one client of a sharing does.
type hand struct {
	sharing
	r   fuzz.Source
	who int
}

// draw draws some commands of one of a few clients, or of several.
func (s sharing) draw(r fuzz.Source) []fuzz.Action {
	h := hand{s, r, r.IntN(4)}
	name, sized := h.name(), s.dialect.Name == fileshare.Sized.Name
	switch odds(r, 8, 6, 4, 10, 3, 2, 2, 1, 2, 4, 3, 2, 2, 1, 1, 2) {
	case 0:
		return h.joins(h.list())
	case 1:
		return h.joins(h.get(s.dialect.StoredPrefix + name))
	case 2:
		return h.joins(h.get(pick(r, "hello.txt", "b")))
	case 3:
		return h.joins(h.puts(name, h.file()), h.get(s.dialect.StoredPrefix+name))
	case 4: // a shorter one over a longer one
		return h.joins(h.puts(name, pattern(pick(r, 40, 5000), 1)), h.puts(name, []byte("short")), h.get(s.dialect.StoredPrefix+name))
	case 5:
		if r.IntN(2) == 1 {
			return []fuzz.Action{{Client: h.who, Deed: fuzz.Resetting}}
		}
		return parting(r, h.who)
	case 6: // an upload that is broken off
		all := append(h.command(fileshare.Put, pick(r, brokenNames...)), fileshare.AppendSize(nil, 5000)...)
		if !sized {
			return h.joins()
		}
		return append(h.joins(h.sends(append(all, pattern(100, 3)...))), fuzz.Action{Client: h.who, Deed: pick(r, fuzz.Leaving, fuzz.Resetting)})
	case 7:
		if sized {
			return h.joins(h.sends([]byte{9}))
		}
		return h.joins()
	case 9:
		return drawDiscovery(r)
	case 10:
		return h.during()
	case 11: // many at once, one after the other: some servers take a while for each
		var all []fuzz.Action
		for n := range pick(r, 4, 6, seekers) {
			all = append(all, h.as(n).joins(h.as(n).list())...)
		}
		return append(all, h.as(0).list())
	case 12: // one leaves, and others go on
		other := h.as((h.who + 1) % seekers)
		all := append(h.joins(h.list()), other.joins(other.list())...)
		return append(append(all, parting(r, other.who)...), h.list())
	case 13:
		return append([]fuzz.Action{h.many()}, h.joins(h.list())...)
	case 14: // one who says nothing
		return append(h.joins(), fuzz.Action{Client: h.who, Deed: pick(r, fuzz.Leaving, fuzz.Ending, fuzz.Resetting)})
	case 15: // one who says much
		return h.joins(h.list(), h.get("hello.txt"), h.puts(name, h.file()), h.get(s.dialect.StoredPrefix+name), h.get("b"), h.list())
	}
	return append([]fuzz.Action{h.lays(pick(r, "hello.txt", "laid"), pick(r, "now", "other\n"))}, h.joins(h.list())...)
}

// as is another client.
func (h hand) as(who int) hand {
	h.who = who
	return h
}

// joins is that the client connects and then does some things.
func (h hand) joins(deeds ...fuzz.Action) []fuzz.Action {
	return append([]fuzz.Action{{Client: h.who, Deed: fuzz.Connecting}}, deeds...)
}

func (h hand) sends(all ...[]byte) fuzz.Action {
	return fuzz.Action{Client: h.who, Deed: fuzz.Sending, Turns: all}
}

func (h hand) lays(name, content string) fuzz.Action {
	return fuzz.Action{Deed: fuzz.Laying, Turns: turns([]byte(h.path(name)), []byte(content))}
}

func (h hand) command(k fileshare.Kind, name string) []byte {
	return (&fileshare.Command{Kind: k, Name: name}).Append(nil, h.dialect)
}

func (h hand) list() fuzz.Action           { return h.sends(h.command(fileshare.List, "")) }
func (h hand) get(name string) fuzz.Action { return h.sends(h.command(fileshare.Get, name)) }

// name draws a file's name that the dialect can list.
func (h hand) name() string {
	for {
		if name := pick(h.r, fileshareNames...); h.dialect.CheckListed(name) == nil {
			return name
		}
	}
}

// file draws what a file holds: in a dialect without sizes not nothing, which it
// cannot carry, nor much, of which it would not safely know the end.
func (h hand) file() []byte {
	file := contents(h.r, 1, 4096, 65537)
	if h.dialect.Name == fileshare.Text.Name && (len(file) == 0 || len(file) > 5000) {
		return []byte("no empty file")
	}
	return file
}

// puts is an upload, and a list behind it.
func (h hand) puts(name string, data []byte) fuzz.Action {
	list := h.command(fileshare.List, "")
	head, file := h.command(fileshare.Put, name), (&fileshare.File{Data: data}).Append(nil, h.dialect)
	if h.dialect.Name != fileshare.Sized.Name {
		return h.sends(head, file, list)
	}
	all := append(head, file...) // lengths tell them apart, in one piece or in several
	if at := 1 + h.r.IntN(len(all)-1); h.r.IntN(3) == 2 {
		return h.sends(all[:at], all[at:], list)
	}
	return h.sends(all, list)
}

// during is an upload in the middle of which others do something: look for the
// server, get another file, or put one.
func (h hand) during() []fuzz.Action {
	name, data := h.name(), []byte("as long as it takes")
	head, file := h.command(fileshare.Put, name), (&fileshare.File{Data: data}).Append(nil, h.dialect)
	if h.dialect.Name == fileshare.Sized.Name {
		at := h.r.IntN(len(file))
		head, file = append(head, file[:at]...), file[at:]
	}
	all := h.joins(h.sends(head))
	other := h.as((h.who + 1) % seekers)
	switch h.r.IntN(3) {
	case 0:
		all = append(all, drawDiscovery(h.r)...)
	case 1:
		all = append(all, other.joins(other.get(pick(h.r, "hello.txt", "b")))...)
	case 2:
		between := other.puts(other.name(), other.file())
		between.Turns = between.Turns[:len(between.Turns)-1] // a list would be about both
		all = append(all, other.joins(between)...)
	}
	return append(all, h.sends(file), h.list(), h.get(h.dialect.StoredPrefix+name))
}

// many lays out more files than a program may have thought of: in number, or in
// what their names take.
func (h hand) many() fuzz.Action {
	n, long := pick(h.r, 12, 40), ""
	if n == 40 {
		long = strings.Repeat("m", 110)
	}
	all := fuzz.Action{Deed: fuzz.Laying}
	for i := range n {
		all.Turns = append(all.Turns, []byte(h.path(fmt.Sprintf("m%02d%s", i, long))), []byte("m"))
	}
	return all
}

// Those who look for servers, by number: beside the clients that connect.
const seekers, mostSeekers = 8, 4

// drawDiscovery draws somebody who looks for servers, perhaps behind somebody who
// sends something else to the same port. The answer to the one is the fence behind
// which the other must have heard nothing.
func drawDiscovery(r fuzz.Source) []fuzz.Action {
	who := r.IntN(mostSeekers)
	asks := func(n int, datagram []byte) fuzz.Action {
		return fuzz.Action{Client: seekers + n, Deed: pick(r, fuzz.Asking, fuzz.Asking, fuzz.Asking, fuzz.Calling), Turns: turns(datagram)}
	}
	fence := asks((who+1)%mostSeekers, question)
	switch odds(r, 4, 4, 1) {
	case 0:
		return []fuzz.Action{asks(who, question)}
	case 1:
		return []fuzz.Action{asks(who, drawNoQuestion(r, question)), fence}
	}
	return []fuzz.Action{asks(who, question), asks(who, drawNoQuestion(r, question)), fence, asks(who, question)}
}

// drawNoQuestion draws what is almost the question, and what is far from it.
func drawNoQuestion(r fuzz.Source, question []byte) []byte {
	at := r.IntN(len(question))
	switch odds(r, 4, 4, 3, 2, 1, 1) {
	case 0: // cut
		return question[:at]
	case 1: // a bit is another
		b := bytes.Clone(question)
		b[at] ^= 1 << r.IntN(8)
		return b
	case 2: // more
		return append(bytes.Clone(question), pick(r, "X", "\xc3", "\x00", "\n", " ", "SERVICE DISCOVERY")...)
	case 3:
		return []byte(pick(r, "HELLO", "", "service discovery", " SERVICE DISCOVERY", "\xff\xfe\x80SERVICE", "\x00", "SERVICE  DISCOVERY", "%s%n"))
	case 4:
		return contents(r, 512, 1023, 1024, 1025)
	}
	return pattern(pick(r, 1500, 4096, 60000), 5)
}
