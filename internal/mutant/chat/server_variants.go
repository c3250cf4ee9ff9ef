package chat

import (
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"netproctor/internal/mutant"
)

// ServerVariants are right servers that go about it in their own way.
var ServerVariants = serverVariants([]serverVariant{
	{"as-it-is", "the right parts", func(*server) {}},
	{"newline-behind", "each message ends with a newline", sends(func(b []byte) [][]byte { return [][]byte{append(b, '\n')} })},
	{"newline-before", "each message begins with a newline", sends(func(b []byte) [][]byte { return [][]byte{append([]byte("\n"), b...)} })},
	{"newline-alone", "the newline is sent alone", sends(func(b []byte) [][]byte { return [][]byte{b, []byte("\r\n")} })},
	{"in-two-pieces", "each message is sent in two pieces", sends(func(b []byte) [][]byte { return [][]byte{b[:len(b)/2], b[len(b)/2:]} })},
	{"byte-by-byte", "each message is sent byte by byte", sends(func(b []byte) [][]byte {
		var pieces [][]byte
		for i := range min(len(b), 100) {
			pieces = append(pieces, b[i:i+1])
		}
		return append(pieces, b[min(len(b), 100):])
	})},
	{"slow", "takes its time for everything", func(s *server) {
		right, here := s.heard, s.came
		s.heard = func(s *server, p *peer, data []byte) {
			if p.file == nil {
				time.Sleep(50 * time.Millisecond)
			}
			right(s, p, data)
		}
		s.came = func(s *server, p *peer) { time.Sleep(150 * time.Millisecond); here(s, p) }
	}},
	{"one-upload-at-a-time", "the others wait while a file comes in", func(s *server) {
		var held []event
		busy := func() *peer {
			for _, p := range s.peers {
				if p.file != nil {
					return p
				}
			}
			return nil
		}
		s.heard = func(s *server, p *peer, data []byte) {
			if up := busy(); up != nil && up != p {
				held = append(held, event{p, data, nil})
				return
			}
			heard(s, p, data)
			for busy() == nil && len(held) > 0 {
				e := held[0]
				held = held[1:]
				heard(s, e.from, e.data)
			}
		}
	}},
	{"buffers-of-4096", "reads 4096 bytes at once", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			for ; len(data) > 4096; data = data[4096:] {
				speak(s, p, data[:4096])
			}
			speak(s, p, data)
		}
	}},
	{"drops-who-does-not-read", "waits two seconds for a client that does not read, and drops it", func(s *server) {
		s.send = func(s *server, to *peer, b []byte) {
			to.conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
			if _, err := to.conn.Write(b); err != nil {
				to.conn.Close()
			}
		}
	}},
	{"moves-files", "writes under another name, and moves what is whole", func(s *server) {
		s.open = func(_ *server, path string) (io.WriteCloser, error) {
			f, err := os.Create(path + ".part")
			return moved{f, path}, err
		}
	}},
	{"refuses-paths", "takes a command with a path for a message", func(s *server) {
		s.parse = func(s *server, data []byte) (upload, error) {
			u, err := parse(s, data)
			if strings.ContainsAny(u.name, `/\`) {
				return u, errNoUpload
			}
			return u, err
		}
	}},
	{"drops-odd-commands", "drops commands that are not right", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if !strings.HasPrefix(string(data), "#upload") {
				speak(s, p, data)
			}
		}
	}},
	{"closes-on-odd-commands", "closes the connection on commands that are not right", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if strings.HasPrefix(string(data), "#upload") {
				s.leave(s, p, nil)
				return
			}
			speak(s, p, data)
		}
	}},
	{"needs-an-announcement", "takes a command only behind the announcement", func(s *server) {
		announced := map[*peer]bool{}
		s.parse = parse
		s.heard = func(s *server, p *peer, data []byte) {
			if p.file == nil && !announced[p] {
				announced[p] = string(data) == "I will upload a file"
				p.said++
				s.speak(s, p, data)
				return
			}
			announced[p] = false
			heard(s, p, data)
		}
	}},
	{"replaces-what-is-not-utf8", "replaces what is not UTF-8", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			speak(s, p, []byte(strings.ToValidUTF8(string(data), string(utf8.RuneError))))
		}
	}},
	{"buffers-of-1024", "reads 1024 bytes at once", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			for ; len(data) > 1024; data = data[1024:] {
				speak(s, p, data[:1024])
			}
			speak(s, p, data)
		}
	}},
	{"tells-the-others-first", "tells the others of a newcomer before it greets", func(s *server) {
		s.came = func(s *server, p *peer) {
			s.count(s, 1)
			s.enter(s, p)
			time.Sleep(20 * time.Millisecond)
			s.greet(s, p)
		}
	}},
	{"drops-in-its-own-words", "drops who sends what is not right, and prints that in its own words", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if utf8.Valid(data) && !strings.HasPrefix(string(data), "#upload") {
				speak(s, p, data)
				return
			}
			s.remove(p)
			s.count(s, -1)
			s.print(s, "! "+p.name+" was dropped: "+s.online(s.n))
			s.sendAll(p, s.left(p.name))
		}
	}},
	{"says-goodbye", "tells its clients that it ends", func(s *server) {
		s.interrupt = func(s *server) {
			s.sendAll(nil, "> The server is going down")
			s.print(s, "exit")
			time.Sleep(20 * time.Millisecond)
		}
	}},
	{"prints-the-time", "prints the time of day before each line", func(s *server) {
		s.print = func(s *server, text string) { printLine(s, time.Now().Format(time.TimeOnly)+" "+text) }
	}},
	{"folder-a-moment-later", "listens before it makes its folder", func(s *server) {
		s.folder = func(*server) error { return nil }
		s.started = func(s *server, port string) {
			time.Sleep(200 * time.Millisecond)
			makeFolder(s)
			s.print(s, "Chat server started on port "+port+".")
		}
	}},
	{"closes-files-late", "tells of an upload before the last bytes are on disk", func(s *server) {
		s.open = func(s *server, path string) (io.WriteCloser, error) {
			f, err := os.Create(path)
			return &tardy{s: s, f: f}, err
		}
	}},
	{"exit-behind-a-cursor-sequence", "overwrites the ^C", func(s *server) {
		s.interrupt = func(s *server) { s.print(s, "\x1b[F\n exit") }
	}},
})

// bulky are the variants that are tried with much data.
var bulky = []string{"drops-who-does-not-read", "buffers-of-1024"}

type serverVariant struct {
	name, why string
	replace   func(s *server)
}

func serverVariants(list []serverVariant) []mutant.Variant {
	var all []mutant.Variant
	for _, v := range list {
		all = append(all, mutant.Variant{Name: "server-" + v.name, Role: "server", Why: v.why, Bulk: slices.Contains(bulky, v.name), Main: serverMain(v.replace)})
	}
	return all
}

// sends replaces the pieces in which a message is sent.
func sends(pieces func(b []byte) [][]byte) func(s *server) {
	return func(s *server) {
		s.send = func(s *server, to *peer, b []byte) {
			for _, piece := range pieces(b[:len(b):len(b)]) {
				queue(s, to, piece)
			}
		}
	}
}

// A moved file gets its name when it is whole.
type moved struct {
	*os.File
	name string
}

func (f moved) Close() error {
	f.File.Close()
	return os.Rename(f.File.Name(), f.name)
}

// A tardy file is written a moment after it was closed.
type tardy struct {
	s    *server
	f    *os.File
	data []byte
}

func (t *tardy) Write(b []byte) (int, error) {
	t.data = append(t.data, b...)
	return len(b), nil
}

func (t *tardy) Close() error {
	go func() {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.s.over:
		}
		t.f.Write(t.data)
		t.f.Close()
	}()
	return nil
}
