package protocols

import (
	"bytes"

	"netproctor/fuzz"
	"netproctor/reference/fileshare"
)

// drawFileshare draws a command of one of a few clients.
func drawFileshare(r fuzz.Source, d fileshare.Dialect) []fuzz.Action {
	who := r.IntN(4)
	joins := fuzz.Action{Client: who, Deed: fuzz.Connecting}
	sends := func(all ...[]byte) fuzz.Action {
		return fuzz.Action{Client: who, Deed: fuzz.Sending, Turns: all}
	}
	command := func(k fileshare.Kind, name string) []byte {
		return (&fileshare.Command{Kind: k, Name: name}).Append(nil, d)
	}
	name := pick(r, fileshareNames...)
	file := contents(r, 1, 4096, 65537)
	if len(file) == 0 && d == fileshare.Text || d == fileshare.Text && len(file) > 5000 {
		file = []byte("no empty file") // which it cannot carry, nor a long one safely
	}
	list := command(fileshare.List, "")
	put := func(data []byte) []fuzz.Action {
		head, file := command(fileshare.Put, name), (&fileshare.File{Data: data}).Append(nil, d)
		if d == fileshare.Sized { // lengths tell them apart, in one piece or in several
			all := append(head, file...)
			if at := 1 + r.IntN(len(all)-1); r.IntN(3) == 2 {
				return []fuzz.Action{sends(all[:at], all[at:], list)}
			}
			return []fuzz.Action{sends(all, list)}
		}
		return []fuzz.Action{sends(head, file, list)}
	}
	get := sends(command(fileshare.Get, d.StoredPrefix+name))
	switch odds(r, 8, 6, 4, 10, 3, 2, 2, 1, 2, 4) {
	case 0:
		return []fuzz.Action{joins, sends(list)}
	case 1:
		return []fuzz.Action{joins, get}
	case 2:
		return []fuzz.Action{joins, sends(command(fileshare.Get, pick(r, "hello.txt", "b")))}
	case 3:
		return append(append([]fuzz.Action{joins}, put(file)...), get)
	case 4: // a shorter one over a longer one
		all := append([]fuzz.Action{joins}, put(pattern(pick(r, 40, 5000), 1))...)
		return append(append(all, put([]byte("short"))...), get)
	case 5:
		if r.IntN(2) == 1 {
			return []fuzz.Action{{Client: who, Deed: fuzz.Resetting}}
		}
		return parting(r, who)
	case 6: // an upload that is broken off
		all := append(command(fileshare.Put, pick(r, brokenNames...)), fileshare.AppendSize(nil, 5000)...)
		if d != fileshare.Sized {
			return []fuzz.Action{joins}
		}
		return []fuzz.Action{joins, sends(append(all, pattern(100, 3)...)), {Client: who, Deed: pick(r, fuzz.Leaving, fuzz.Resetting)}}
	case 7:
		if d == fileshare.Sized {
			return []fuzz.Action{joins, sends([]byte{9})}
		}
		return []fuzz.Action{joins}
	case 9:
		return drawDiscovery(r)
	}
	lay := fuzz.Action{Deed: fuzz.Laying, Turns: turns([]byte(fileshareFolder+pick(r, "hello.txt", "laid")), []byte(pick(r, "now", "other\n")))}
	return []fuzz.Action{lay, joins, sends(list)}
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
