package mailbox

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"unicode/utf8"
)

// wrongKeeping lose or change what they are to keep, or answer a create.
var wrongKeeping = []serverFault{
	{"keeps-for-the-sender", "server.create-stores", "keeps a message under the sender's name", func(s *server) {
		s.keep = changedLetter(func(l *letter) { l.receiver = l.name })
	}},
	{"keeps-nothing", "server.create-stores", "logs a message and forgets it", func(s *server) { s.keep = func(*server, letter) {} }},
	{"keeps-stripped-text", "server.create-stores", "strips the message", func(s *server) {
		s.keep = changedLetter(func(l *letter) { l.text = strings.TrimSpace(l.text) })
	}},
	{"keeps-receiver-as-sender", "server.create-stores", "notes the wrong name as the sender's", func(s *server) {
		s.keep = changedLetter(func(l *letter) { l.name = l.receiver })
	}},
	{"keeps-a-text-once", "server.create-stores", "does not keep the same message twice", func(s *server) {
		s.keep = func(s *server, l letter) {
			if !slices.Contains(s.boxes[l.receiver], l) {
				keep(s, l)
			}
		}
	}},
	{"keeps-the-newest", "server.read-fifo", "keeps one message for each user", func(s *server) {
		s.keep = func(s *server, l letter) { delete(s.boxes, l.receiver); keep(s, l) }
	}},
	{"keeps-one-a-sender", "server.read-fifo", "keeps messages in a dictionary by sender", func(s *server) {
		s.keep = func(s *server, l letter) {
			s.boxes[l.receiver] = slices.DeleteFunc(s.boxes[l.receiver], func(o letter) bool { return o.name == l.name })
			keep(s, l)
		}
	}},
	{"keeps-255", "server.read-rest", "keeps 255 messages for a user and drops those that come later", func(s *server) {
		s.keep = func(s *server, l letter) {
			if len(s.boxes[l.receiver]) < mostItems {
				keep(s, l)
			}
		}
	}},
	{"keeps-lower-case", "server.read-isolated", "does not tell capital letters from small ones", func(s *server) { s.named(strings.ToLower) }},
	{"keeps-stripped-names", "server.read-isolated", "strips names", func(s *server) { s.named(strings.TrimSpace) }},
	{"keeps-composed-names", "server.read-isolated", "takes two ways to write é for one", func(s *server) {
		s.named(func(name string) string { return strings.ReplaceAll(name, "e\u0301", "\u00e9") })
	}},
	{"keeps-names-without-accents", "server.read-isolated", "takes é for e", func(s *server) {
		s.named(func(name string) string { return strings.ReplaceAll(name, "\u00e9", "e") })
	}},
	{"create-answered", "server.create-silent", "sends an empty response to a create", func(s *server) {
		s.end = func(s *server, c net.Conn, o outcome) {
			if o == wasCreated {
				s.write(c, encode(batch{}))
			}
			c.Close()
		}
	}},
	{"create-acknowledged", "server.create-silent", "sends OK to a create", func(s *server) {
		s.end = func(_ *server, c net.Conn, o outcome) {
			if o == wasCreated {
				io.WriteString(c, "OK")
			}
			c.Close()
		}
	}},
	{"create-keeps-open", "server.create-silent", "does not close the connection after a create", func(s *server) { s.end = unless(wasCreated) }},
}

// changedLetter keeps something else than came.
func changedLetter(change func(l *letter)) func(*server, letter) {
	return func(s *server, l letter) { change(&l); keep(s, l) }
}

// named keeps and finds messages under another form of a name.
func (s *server) named(form func(string) string) {
	s.keep = func(s *server, l letter) { l.receiver = form(l.receiver); keep(s, l) }
	s.take = func(s *server, user string) batch { return take(s, form(user)) }
}

// wrongTaking give or remove the wrong messages.
var wrongTaking = []serverFault{
	{"takes-the-newest-first", "server.read-fifo", "answers in reverse", func(s *server) {
		s.take = func(s *server, user string) batch {
			b := take(s, user)
			b.letters = slices.Clone(b.letters)
			slices.Reverse(b.letters)
			return b
		}
	}},
	{"takes-one", "server.read-fifo", "sends one message for each read", func(s *server) { s.take = takeAtMost(1) }},
	{"removes-nothing", "server.read-removes", "sends messages again and again", func(s *server) {
		s.take = func(s *server, user string) batch {
			return batch{s.boxes[user][:min(mostItems, len(s.boxes[user]))], 0}
		}
	}},
	{"removes-one", "server.read-removes", "removes only the first of the messages that it sends", func(s *server) {
		s.take = func(s *server, user string) batch {
			box := s.boxes[user]
			b := take(s, user)
			s.boxes[user] = box[min(1, len(box)):]
			return b
		}
	}},
	{"removes-everybodys", "server.read-isolated", "removes the messages of all users", func(s *server) {
		s.take = func(s *server, user string) batch { b := take(s, user); clear(s.boxes); return b }
	}},
	{"takes-everybodys", "server.read-isolated", "sends the messages of all users", func(s *server) {
		s.take = func(s *server, user string) batch {
			var all batch
			for _, name := range s.order {
				all.letters = append(all.letters, take(s, name).letters...)
			}
			return all
		}
	}},
	{"takes-by-prefix", "server.read-isolated", "sends what is for names that begin like the user's", func(s *server) {
		s.take = func(s *server, user string) batch {
			b := take(s, user)
			for _, name := range s.order {
				if user != "" && strings.HasPrefix(name, user) {
					b.letters = append(b.letters, take(s, name).letters...)
				}
			}
			return b
		}
	}},
	{"nobody-uncaught", "server.read-empty", "does not catch the error of a dictionary without the name", func(s *server) {
		s.take = func(s *server, user string) batch {
			if _, known := s.boxes[user]; !known {
				panic("KeyError: " + user)
			}
			return take(s, user)
		}
	}},
	{"nobody-unanswered", "server.read-empty", "closes without a response when there are no messages", func(s *server) {
		s.encode = func(b batch) []byte {
			if len(b.letters) == 0 {
				return nil
			}
			return encode(b)
		}
	}},
	{"nobody-refused", "server.read-empty", "takes a user without messages for an error", func(s *server) {
		s.take = func(s *server, user string) batch {
			b := take(s, user)
			if len(b.letters) == 0 {
				s.say("Error: no messages.")
				s.encode = func(batch) []byte { s.encode = encode; return nil }
			}
			return b
		}
	}},
	{"takes-254", "server.read-limit", "limit off by one", func(s *server) { s.take = takeAtMost(254) }},
	{"takes-100", "server.read-limit", "has a limit of its own", func(s *server) { s.take = takeAtMost(100) }},
	{"takes-all", "server.read-limit", "sends more than NumItems can say", func(s *server) { s.take = takeAtMost(1 << 20) }},
	{"takes-the-newest", "server.read-limit", "sends the newest 255", func(s *server) {
		s.take = func(s *server, user string) batch {
			box := s.boxes[user]
			n := min(len(box), mostItems)
			s.boxes[user] = box[:len(box)-n]
			return batch{box[len(box)-n:], len(box) - n}
		}
	}},
	{"drops-the-rest", "server.read-rest", "drops what does not fit into the response", func(s *server) {
		s.take = func(s *server, user string) batch { b := take(s, user); delete(s.boxes, user); return b }
	}},
	{"rest-reversed", "server.read-rest", "puts back what did not fit, one by one", func(s *server) {
		s.take = func(s *server, user string) batch {
			b := take(s, user)
			s.boxes[user] = slices.Clone(s.boxes[user])
			slices.Reverse(s.boxes[user])
			return b
		}
	}},
	{"rest-lacks-one", "server.read-rest", "removes one more than it sends", func(s *server) {
		s.take = func(s *server, user string) batch {
			b := take(s, user)
			s.boxes[user] = s.boxes[user][min(1, b.left):]
			return b
		}
	}},
}

// takeAtMost has another limit than 255.
func takeAtMost(most int) func(*server, string) batch {
	return func(s *server, user string) batch {
		box := s.boxes[user]
		n := min(len(box), most)
		s.boxes[user] = box[n:]
		return batch{box[:n:n], len(box) - n}
	}
}

// wrongEncoding write a response wrongly.
var wrongEncoding = []serverFault{
	{"more-at-255", "server.more-msgs", "says that there are more when the response is full", func(s *server) {
		s.encode = withMore(func(b batch) int { return len(b.letters) / mostItems })
	}},
	{"more-as-count", "server.more-msgs", "writes into MoreMsgs how many there are", func(s *server) {
		s.encode = withMore(func(b batch) int { return b.left })
	}},
	{"more-never", "server.more-msgs", "never says that there are more", func(s *server) { s.encode = withMore(func(batch) int { return 0 }) }},
	{"more-before-removing", "server.more-msgs", "counts what it sends as still there", func(s *server) {
		s.encode = withMore(func(b batch) int { return min(1, b.left+len(b.letters)) })
	}},
	{"more-from-257", "server.more-msgs", "limit off by one", func(s *server) { s.encode = withMore(func(b batch) int { return min(1, b.left/2) }) }},
	{"more-of-anybody", "server.more-msgs", "says that there are more when anybody has messages", func(s *server) {
		s.encode = withMore(func(batch) int {
			for _, box := range s.boxes {
				if len(box) > 0 {
					return 1
				}
			}
			return 0
		})
	}},
	{"response-magic-swapped", "server.response-fields", "writes MagicNo in the other byte order", func(s *server) {
		s.encode = tampered(func(b []byte) { b[0], b[1] = b[1], b[0] })
	}},
	{"response-id-1", "server.response-fields", "answers with the request's ID", func(s *server) { s.encode = tampered(func(b []byte) { b[2] = 1 }) }},
	{"response-more-first", "server.response-fields", "writes MoreMsgs before NumItems", func(s *server) {
		s.encode = tampered(func(b []byte) { b[3], b[4] = b[4], b[3] })
	}},
	{"response-lengths-little", "server.response-fields", "writes MessageLen in the other byte order", func(s *server) {
		s.encode = withItems(func(out []byte, l letter) []byte {
			out = append(out, byte(len(l.name)))
			return append(binary.LittleEndian.AppendUint16(out, uint16(len(l.text))), l.name+l.text...)
		})
	}},
	{"response-lengths-one-byte", "server.response-fields", "writes one byte of MessageLen", func(s *server) {
		s.encode = withItems(func(out []byte, l letter) []byte {
			return append(append(out, byte(len(l.name)), 0, byte(len(l.text))), l.name+l.text...)
		})
	}},
	{"response-lengths-first", "server.response-fields", "writes MessageLen before SenderLen", func(s *server) {
		s.encode = withItems(func(out []byte, l letter) []byte {
			return append(append(bigEndian(out, len(l.text)), byte(len(l.name))), l.name+l.text...)
		})
	}},
	{"response-texts-mixed-up", "server.response-fields", "writes the text before the sender", func(s *server) {
		s.encode = withItems(func(out []byte, l letter) []byte {
			return append(bigEndian(append(out, byte(len(l.name))), len(l.text)), l.text+l.name...)
		})
	}},
	{"response-lengths-in-characters", "server.response-fields", "counts characters", func(s *server) {
		s.encode = withItems(func(out []byte, l letter) []byte {
			out = append(out, byte(utf8.RuneCountInString(l.name)))
			return append(bigEndian(out, utf8.RuneCountInString(l.text)), l.name+l.text...)
		})
	}},
	{"response-in-ascii", "server.utf8", "writes ? for what is not ASCII", func(s *server) {
		ascii := func(text string) string {
			return strings.Map(func(c rune) rune { return min(c, 0x7E) }, text)
		}
		s.keep = changedLetter(func(l *letter) { l.name, l.text = ascii(l.name), ascii(l.text) })
	}},
	{"response-text-of-1024", "server.max-lengths", "sends 1024 bytes of a message at most", func(s *server) {
		s.keep = changedLetter(func(l *letter) { l.text = l.text[:min(len(l.text), 1024)] })
	}},
	{"response-ends-in-newline", "server.read-closes", "sends a newline behind the response", func(s *server) {
		s.encode = func(b batch) []byte { return append(encode(b), '\n') }
	}},
	{"response-keeps-open", "server.read-closes", "does not close the connection after a response", func(s *server) { s.end = unless(wasRead) }},
	{"response-once", "server.big-response", "sends once and does not look at how much was sent", func(s *server) {
		s.write = func(w io.Writer, b []byte) error { _, err := w.Write(b[:min(len(b), 2<<20)]); return err }
	}},
	{"response-of-64-kib", "server.max-lengths", "sends 64 KiB of a response at most", func(s *server) {
		s.write = func(w io.Writer, b []byte) error { _, err := w.Write(b[:min(len(b), 65535)]); return err }
	}},
}

// withMore writes something else into MoreMsgs.
func withMore(more func(b batch) int) func(batch) []byte {
	return func(b batch) []byte {
		out := encode(b)
		out[4] = byte(more(b))
		return out
	}
}

// tampered changes the header of a response.
func tampered(change func(header []byte)) func(batch) []byte {
	return func(b batch) []byte {
		out := encode(b)
		change(out)
		return out
	}
}

// withItems writes the messages of a response in its own way.
func withItems(item func(out []byte, l letter) []byte) func(batch) []byte {
	return func(b batch) []byte {
		out := responseHeader(len(b.letters), min(b.left, 1))
		for _, l := range b.letters {
			out = item(out, l)
		}
		return out
	}
}

// wrongServing do not go on, or do not give back what they have taken.
var wrongServing = []serverFault{
	{"serves-one", "server.loops", "ends after one client", func(s *server) {
		s.end = func(s *server, c net.Conn, _ outcome) { c.Close(); s.over = true }
	}},
	{"serves-ten", "server.loops", "ends after ten clients", func(s *server) {
		served := 0
		s.end = func(s *server, c net.Conn, _ outcome) { c.Close(); served++; s.over = served == 10 }
	}},
	{"begins-anew", "server.loops", "makes its store inside the loop", func(s *server) {
		s.accepted = func(s *server, c net.Conn) { logAccepted(s, c); clear(s.boxes) }
	}},
	{"leaks", "server.no-leak", "shuts connections down and does not close them", func(s *server) { s.end = leakWhen(erroneous, wasRead, wasCreated) }},
	{"leaks-after-create", "server.no-leak", "closes where it answers, and not where it stores", func(s *server) { s.end = leakWhen(wasCreated) }},
	{"leaks-after-read", "server.no-leak", "closes where it stores, and not where it answers", func(s *server) { s.end = leakWhen(wasRead) }},
	{"leaks-after-error", "server.no-leak", "does not close after an error", func(s *server) { s.end = leakWhen(erroneous) }},
	{"write-without-timer", "server.stalled-reader", "waits for ever for a client that does not read", func(s *server) {
		s.write = func(w io.Writer, b []byte) error {
			_, err := w.(gapConn).Conn.Write(b)
			return err
		}
	}},
}

// leakWhen shuts down but does not close connections that went some way.
func leakWhen(how ...outcome) func(*server, net.Conn, outcome) {
	return func(_ *server, c net.Conn, o outcome) {
		if slices.Contains(how, o) {
			c.(interface{ CloseWrite() error }).CloseWrite()
			return
		}
		c.Close()
	}
}
