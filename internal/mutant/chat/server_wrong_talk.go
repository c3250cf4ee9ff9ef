package chat

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// wrongTalks do not relay what is said as they should.
var wrongTalks = []serverFault{
	{"relays-bare", "server.relay", "does not say who has spoken", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { s.tell(p, string(data)) }
	}},
	{"relays-without-space", "server.relay", "leaves out the space behind the bracket", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { s.tell(p, "["+p.name+"]"+string(data)) }
	}},
	{"relays-with-own-address", "server.relay", "takes getsockname() for getpeername()", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { s.tell(p, said(p.conn.LocalAddr().String(), data)) }
	}},
	{"relays-the-newest-name", "server.relay", "keeps the address of who came last in one variable", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { s.tell(p, said(s.peers[len(s.peers)-1].name, data)) }
	}},
	{"relays-to-one", "server.relay", "stops after the first receiver", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			s.print(s, said(p.name, data))
			if to := others(s, p); len(to) > 0 {
				s.send(s, to[0], []byte(said(p.name, data)))
			}
		}
	}},
	{"relays-to-later-ones", "server.relay", "tells only those that came after the speaker", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			s.print(s, said(p.name, data))
			for _, to := range s.peers[slices.Index(s.peers, p)+1:] {
				s.send(s, to, []byte(said(p.name, data)))
			}
		}
	}},
	{"relay-unprinted", "server.relay", "prints nothing of what is said", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { s.sendAll(p, said(p.name, data)) }
	}},
	{"relay-printed-with-company", "server.relay", "prints a message when it is sent to somebody", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if len(s.peers) > 1 {
				speak(s, p, data)
			}
		}
	}},
	{"relay-stripped", "server.relay", "strips the message", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { speak(s, p, bytes.TrimSpace(data)) }
	}},
	{"relay-of-512-bytes", "server.relay", "reads 512 bytes and loses the rest", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { speak(s, p, data[:min(len(data), 512)]) }
	}},
	{"relay-as-a-format", "server.relay", "takes the message for a format", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if bytes.ContainsRune(data, '%') {
				data = fmt.Appendf(nil, string(data), "None")
			}
			speak(s, p, data)
		}
	}},
	{"relay-of-words", "server.relay", "relays each word of a message alone", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			for _, word := range strings.Fields(string(data)) {
				speak(s, p, []byte(word))
			}
		}
	}},
	{"relay-without-one-byte", "server.relay", "drops messages of one byte", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if len(data) > 1 {
				speak(s, p, data)
			}
		}
	}},
	{"exit-leaves", "server.relay", "takes exit for a command", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if string(data) == "exit" {
				s.leave(s, p, nil)
				return
			}
			speak(s, p, data)
		}
	}},
	{"quit-leaves", "server.relay", "takes quit for a command", unheard("quit")},
	{"numbers-are-sizes", "server.relay", "takes a number for the size of a file", unheard("12345")},
	{"signs-are-commands", "server.relay", "takes what begins with # for a command", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if data[0] != '#' {
				speak(s, p, data)
			}
		}
	}},
	{"upload-anywhere", "server.relay", "looks for #upload anywhere in a message", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if !bytes.Contains(data, []byte("#upload")) {
				speak(s, p, data)
			}
		}
	}},
	{"announcement-unheard", "server.relay", "keeps the announcement for itself", unheard("I will upload a file")},
	{"clients-by-address", "server.relay", "keeps clients under their IP address, where the next one takes the place", func(s *server) {
		s.others = func(s *server, from *peer) []*peer {
			if last := s.peers[len(s.peers)-1]; last != from {
				return []*peer{last}
			}
			return nil
		}
	}},
	{"brackets-are-trusted", "server.relay", "relays what looks like a relayed message as it is", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if data[0] == '[' {
				s.tell(p, string(data))
				return
			}
			speak(s, p, data)
		}
	}},
	{"hears-once", "server.relay", "relays the first message of a client only", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if p.said == 1 {
				speak(s, p, data)
			}
		}
	}},
	{"drops-what-was-said", "server.relay", "drops a message that is the same as the last one", func(s *server) {
		last := ""
		s.speak = func(s *server, p *peer, data []byte) {
			if text := said(p.name, data); text != last {
				last = text
				s.tell(p, text)
			}
		}
	}},
	{"tells-newcomers-all", "server.relay", "tells a newcomer what was said before", func(s *server) {
		var all string
		s.speak = func(s *server, p *peer, data []byte) { all += said(p.name, data) + "\n"; speak(s, p, data) }
		s.greet = func(s *server, p *peer) { greet(s, p); s.send(s, p, []byte(all)) }
	}},

	{"echoes", "server.no-echo", "sends a message to its sender, too", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { s.tell(nil, said(p.name, data)) }
	}},
	{"echoes-bare", "server.no-echo", "sends the sender its own words back", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { s.send(s, p, data); speak(s, p, data) }
	}},
	{"acknowledges", "server.no-echo", "tells the sender that its message was sent", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { speak(s, p, data); s.send(s, p, []byte("> sent")) }
	}},
	{"newcomer-hears-of-itself", "server.no-echo", "tells the newcomer that a new user has entered", func(s *server) {
		s.enter = func(s *server, p *peer) { s.tell(nil, s.entered(p.name)) }
	}},
	{"uploader-hears-of-itself", "server.no-echo", "tells the uploader that a user has uploaded a file", func(s *server) {
		s.uploaded = func(s *server, p *peer) { s.tell(nil, hasUploaded(p.name)) }
	}},

	{"overtakes", "server.order", "a thread for each message, the later ones faster", func(s *server) {
		delay := 100 * time.Millisecond
		s.send = func(s *server, to *peer, b []byte) {
			if b[0] != '[' {
				queue(s, to, b)
				return
			}
			wait := delay * time.Duration(max(0, 3-s.peers[0].said))
			time.AfterFunc(wait, func() { to.conn.Write(b) })
		}
	}},
	{"newest-first", "server.order", "keeps messages for a moment and sends the newest first", func(s *server) {
		var mu sync.Mutex
		waiting := map[*peer][][]byte{}
		flush := func(to *peer) {
			mu.Lock()
			list := waiting[to]
			waiting[to] = nil
			mu.Unlock()
			slices.Reverse(list)
			to.conn.Write(bytes.Join(list, nil))
		}
		s.send = func(_ *server, to *peer, b []byte) {
			mu.Lock()
			defer mu.Unlock()
			if waiting[to] = append(waiting[to], b); len(waiting[to]) == 1 {
				time.AfterFunc(70*time.Millisecond, func() { flush(to) })
			}
		}
	}},

	{"ascii-only", "server.utf8", "replaces what is not ASCII", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			speak(s, p, bytes.Map(func(r rune) rune {
				if r > 0x7F {
					return '?'
				}
				return r
			}, data))
		}
	}},
	{"latin-1", "server.utf8", "decodes as Latin-1 and encodes as UTF-8", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			text := ""
			for _, b := range data {
				text += string(rune(b))
			}
			speak(s, p, []byte(text))
		}
	}},
	{"characters-for-bytes", "server.utf8", "sends as many bytes as there are characters", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { speak(s, p, data[:len([]rune(string(data)))]) }
	}},
}

// unheard keeps a text from the others.
func unheard(text string) func(s *server) {
	return func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if string(data) != text {
				speak(s, p, data)
			}
		}
	}
}

// wrongLeavings do not treat who leaves as they should, or count wrongly.
var wrongLeavings = []serverFault{
	{"leaving-untold", "server.left", "does not tell the others", func(s *server) {
		s.leave = func(s *server, p *peer, _ error) { s.remove(p); s.n--; s.print(s, s.left(p.name)) }
	}},
	{"leaving-unprinted", "server.left", "tells the others and prints nothing", func(s *server) {
		s.leave = func(s *server, p *peer, _ error) { s.remove(p); s.n--; s.sendAll(p, s.left(p.name)) }
	}},
	{"leaving-with-wrong-arrow", "server.left", "begins the text with > and not with <", func(s *server) {
		s.leave = func(s *server, p *peer, _ error) { s.remove(p); s.n--; s.tell(p, ">"+s.left(p.name)[1:]) }
	}},
	{"leaving-told-to-one", "server.left", "tells one of the others", func(s *server) {
		s.leave = func(s *server, p *peer, _ error) {
			s.remove(p)
			s.n--
			s.print(s, s.left(p.name))
			if len(s.peers) > 0 {
				s.send(s, s.peers[0], []byte(s.left(p.name)))
			}
		}
	}},
	{"leaving-told-twice", "server.left", "tells it where recv() gives nothing and where the connection is closed", func(s *server) {
		s.leave = func(s *server, p *peer, err error) { leave(s, p, err); s.tell(p, s.left(p.name)) }
	}},
	{"leaving-with-newest-name", "server.left", "tells that who came last has left", func(s *server) {
		s.leave = func(s *server, p *peer, _ error) {
			name := s.peers[len(s.peers)-1].name
			s.remove(p)
			s.count(s, -1)
			s.tell(p, s.left(name))
		}
	}},
	{"leaving-ends-all", "server.left", "ends when a client leaves", func(s *server) {
		s.leave = func(s *server, p *peer, err error) { leave(s, p, err); s.stop = true }
	}},
	{"leaving-unseen", "server.left", "reads on when a client has left", func(s *server) { s.leave = func(*server, *peer, error) {} }},
	{"leaving-closes-the-last", "server.left", "closes the connection of who came last", func(s *server) {
		s.leave = func(s *server, p *peer, err error) {
			leave(s, p, err)
			if len(s.peers) > 0 {
				s.remove(s.peers[len(s.peers)-1])
			}
		}
	}},
	{"counts-joins", "server.count", "subtracts nobody", func(s *server) {
		s.count = func(s *server, by int) { s.n += max(0, by) }
	}},
	{"counts-late", "server.count", "subtracts after it has told the others", func(s *server) {
		s.leave = func(s *server, p *peer, _ error) { s.remove(p); s.tell(p, s.left(p.name)); s.n-- }
	}},
	{"counts-down-twice", "server.count", "subtracts once for recv() and once for the list", func(s *server) {
		s.count = func(s *server, by int) {
			if s.n += by; by < 0 {
				s.n += by
			}
		}
	}},
	{"counts-from-zero", "server.count", "begins to count again when somebody leaves", func(s *server) {
		s.count = func(s *server, by int) {
			if s.n += by; by < 0 {
				s.n = 0
			}
		}
	}},
	{"counts-to-four", "server.count", "has an end to its count", func(s *server) {
		s.online = func(n int) string { return online(min(n, 4)) }
	}},
	{"ends-when-empty", "server.count", "ends when the last client has left", func(s *server) {
		s.leave = func(s *server, p *peer, err error) { leave(s, p, err); s.stop = len(s.peers) == 0 }
	}},
	{"takes-ten", "server.many", "has room for ten clients", func(s *server) {
		s.came = func(s *server, p *peer) {
			if len(s.peers) > 10 {
				s.remove(p)
				return
			}
			came(s, p)
		}
	}},
	{"one-at-a-time", "server.many", "lets the next client in when the one before has left", func(s *server) {
		var waiting []*peer
		s.came = func(s *server, p *peer) {
			if waiting = append(waiting, p); len(waiting) == 1 {
				came(s, p)
			}
		}
		s.leave = func(s *server, p *peer, err error) {
			leave(s, p, err)
			if waiting = waiting[1:]; len(waiting) > 0 {
				came(s, waiting[0])
			}
		}
	}},
	{"waits-for-the-first-word", "server.many", "reads from a newcomer before it looks at the others", func(s *server) {
		var held []event
		var silent *peer
		s.came = func(s *server, p *peer) { came(s, p); silent = p }
		s.heard = func(s *server, p *peer, data []byte) {
			if silent != nil && p != silent {
				held = append(held, event{p, data, nil})
				return
			}
			silent = nil
			heard(s, p, data)
			for _, e := range held {
				heard(s, e.from, e.data)
			}
			held = nil
		}
	}},
	{"reset-dies", "server.reset", "does not catch the error of recv()", func(s *server) {
		s.leave = func(s *server, p *peer, err error) {
			if isReset(err) {
				panic(err)
			}
			leave(s, p, err)
		}
	}},
	{"reset-unseen", "server.reset", "catches the error of recv() and forgets the client", func(s *server) {
		s.leave = func(s *server, p *peer, err error) {
			if isReset(err) {
				s.remove(p)
				return
			}
			leave(s, p, err)
		}
	}},
	{"decode-dies", "server.not-utf8", "does not catch the error of decode()", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) { speak(s, p, decoded(data)) }
	}},
	{"waits-for-readers", "server.stalled-reader", "sends without a limit", func(s *server) {
		s.send = func(_ *server, to *peer, b []byte) { to.conn.Write(b) }
	}},
}
