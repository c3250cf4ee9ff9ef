package protocols

import (
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
	switch odds(r, 8, 6, 4, 10, 3, 2, 2, 1, 2) {
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
		return []fuzz.Action{{Client: who, Deed: pick(r, fuzz.Leaving, fuzz.Resetting)}}
	case 6: // an upload that is broken off
		all := append(command(fileshare.Put, name), fileshare.AppendSize(nil, 5000)...)
		if d != fileshare.Sized {
			return []fuzz.Action{joins}
		}
		return []fuzz.Action{joins, sends(append(all, pattern(100, 3)...)), {Client: who, Deed: pick(r, fuzz.Leaving, fuzz.Resetting)}}
	case 7:
		if d == fileshare.Sized {
			return []fuzz.Action{joins, sends([]byte{9})}
		}
		return []fuzz.Action{joins}
	}
	lay := fuzz.Action{Deed: fuzz.Laying, Turns: turns([]byte(fileshareFolder+pick(r, "hello.txt", "laid")), []byte(pick(r, "now", "other\n")))}
	return []fuzz.Action{lay, joins, sends(list)}
}
