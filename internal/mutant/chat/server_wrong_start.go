package chat

import (
	"errors"
	"net"
	"os"
	"slices"
	"strings"
)

// wrongStarts misread the command line, or do not begin as they should.
var wrongStarts = []serverFault{
	{"counts-no-arguments", "server.args", "uses the arguments before it counts them", func(s *server) {
		s.enough = func(args []string) bool { return args[0] != "" && args[1] != "" }
	}},
	{"has-a-port-of-its-own", "server.args", "takes another port when none is given", func(s *server) {
		s.enough = func(args []string) bool {
			if len(args) == 1 {
				s.env.Args = append(slices.Clone(args), "9999")
			}
			return len(s.env.Args) >= 2
		}
	}},
	{"usage-in-other-words", "server.args", "prints a usage of its own", func(s *server) {
		s.usage = func(s *server) { s.print(s, "usage: srv HOST PORT") }
	}},
	{"usage-silent", "server.args", "ends without a word", func(s *server) { s.usage = func(*server) {} }},
	{"usage-goes-on", "server.args", "prints how to call it, and does not end", func(s *server) {
		s.usage = func(s *server) { s.print(s, "valid format : srv HOST PORT"); <-s.ctx.Done() }
	}},
	{"starts-silently", "server.started", "does not say that it has started", func(s *server) { s.started = func(*server, string) {} }},
	{"started-without-port", "server.started", "does not say at which port", func(s *server) {
		s.started = func(s *server, _ string) { s.print(s, "Chat server started.") }
	}},
	{"started-in-other-words", "server.started", "says it in other words", func(s *server) {
		s.started = func(s *server, port string) { s.print(s, "Server is listening on port "+port) }
	}},
	{"no-folder", "server.upload-dir", "does not make the folder", func(s *server) { s.folder = func(*server) error { return nil } }},
	{"folder-when-needed", "server.upload-dir", "makes the folder for the first file", func(s *server) {
		s.folder = func(*server) error { return nil }
		s.begin = func(s *server, p *peer, u upload) { makeFolder(s); begin(s, p, u) }
	}},
	{"folder-must-be-new", "server.upload-dir", "ends when the folder is there already", func(s *server) {
		s.folder = func(s *server) error { return os.Mkdir(s.file(uploadFolder), 0o755) }
	}},
	{"folder-emptied", "server.upload-dir", "begins with an empty folder", func(s *server) {
		s.folder = func(s *server) error { os.RemoveAll(s.file(uploadFolder)); return makeFolder(s) }
	}},
	{"port-kept", "server.restart", "cannot have its port again for a while", func(s *server) {
		s.listen = func(s *server, host, port string) (net.Listener, error) {
			if _, err := os.Stat(s.file(".port-kept")); err == nil {
				return nil, errors.New("address already in use")
			}
			return listenAt(s, host, port)
		}
		s.interrupt = func(s *server) { os.WriteFile(s.file(".port-kept"), nil, 0o644); s.print(s, "exit") }
	}},
	{"port-is-a-lock", "server.restart", "leaves a lock behind that only a clean end removes", func(s *server) {
		s.listen = func(s *server, host, port string) (net.Listener, error) {
			if err := os.Mkdir(s.file(".lock"), 0o755); err != nil {
				return nil, err
			}
			return listenAt(s, host, port)
		}
	}},
}

// wrongComings do not treat a newcomer as they should.
var wrongComings = []serverFault{
	{"no-greeting", "server.connected", "does not greet", func(s *server) { s.greet = func(*server, *peer) {} }},
	{"greets-at-the-first-word", "server.connected", "greets when a client has spoken", func(s *server) {
		s.greet = func(*server, *peer) {}
		s.speak = func(s *server, p *peer, data []byte) {
			if p.said == 1 {
				greet(s, p)
			}
			speak(s, p, data)
		}
	}},
	{"greets-without-newcomer", "server.connected", "counts before the newcomer is in", func(s *server) {
		s.greet = func(s *server, p *peer) { s.n--; greet(s, p); s.n++ }
	}},
	{"greets-in-other-words", "server.connected", "greets in other words", func(s *server) {
		s.greet = func(s *server, p *peer) {
			s.send(s, p, []byte("> Welcome to the chat server "+s.online(s.n)))
		}
	}},
	{"greets-the-first-two", "server.connected", "greets two clients only", func(s *server) {
		s.greet = func(s *server, p *peer) {
			if s.n < 3 {
				greet(s, p)
			}
		}
	}},
	{"greets-everybody", "server.connected", "sends the greeting to all", func(s *server) {
		s.greet = func(s *server, p *peer) { greet(s, p); s.sendAll(p, s.greeting()) }
	}},
	{"greets-twice", "server.connected", "greets again at the first word", func(s *server) {
		s.speak = func(s *server, p *peer, data []byte) {
			if p.said == 1 {
				greet(s, p)
			}
			speak(s, p, data)
		}
	}},
	{"always-users", "server.plural", "users whatever the count is", func(s *server) {
		s.online = func(n int) string { return strings.Replace(online(n), "user ", "users ", 1) }
	}},
	{"always-user", "server.plural", "user whatever the count is", func(s *server) {
		s.online = func(n int) string { return strings.Replace(online(n), "users ", "user ", 1) }
	}},
	{"zero-users", "server.plural", "0 users, as in English", func(s *server) {
		s.online = func(n int) string {
			if n == 0 {
				return "(0 users online)"
			}
			return online(n)
		}
	}},
	{"plural-from-three", "server.plural", "compares with 2 and not with 1", func(s *server) {
		s.online = func(n int) string {
			if n == 2 {
				return "(2 user online)"
			}
			return online(n)
		}
	}},
	{"plural-forgotten-at-leaving", "server.plural", "looks at the count before it is made less", func(s *server) {
		s.leave = func(s *server, p *peer, _ error) {
			s.remove(p)
			word := strings.Fields(s.online(s.n))[1]
			s.count(s, -1)
			s.tell(p, strings.Replace(strings.Replace(s.left(p.name), " users online", " user online", 1), " user online", " "+word+" online", 1))
		}
	}},
	{"entering-untold", "server.entered", "does not tell the others", func(s *server) {
		s.enter = func(s *server, p *peer) { s.print(s, s.entered(p.name)) }
	}},
	{"entering-unprinted", "server.entered", "tells the others and prints nothing", func(s *server) {
		s.enter = func(s *server, p *peer) { s.sendAll(p, s.entered(p.name)) }
	}},
	{"entering-with-own-address", "server.entered", "takes getsockname() for getpeername()", func(s *server) {
		s.enter = func(s *server, p *peer) { s.tell(p, s.entered(p.conn.LocalAddr().String())) }
	}},
	{"entering-without-port", "server.entered", "gives the address alone", func(s *server) {
		s.enter = func(s *server, p *peer) { s.tell(p, s.entered(strings.Split(p.name, ":")[0])) }
	}},
	{"entering-told-to-the-first", "server.entered", "tells one client only", func(s *server) {
		s.enter = func(s *server, p *peer) {
			s.print(s, s.entered(p.name))
			if s.peers[0] != p {
				s.send(s, s.peers[0], []byte(s.entered(p.name)))
			}
		}
	}},
	{"counts-its-own-socket", "server.connected", "counts the listening socket, too", func(s *server) {
		s.online = func(n int) string { return online(n + 1) }
	}},
	{"enters-with-the-first-word", "server.entered", "tells of a newcomer when it first speaks", func(s *server) {
		s.enter = func(*server, *peer) {}
		s.speak = func(s *server, p *peer, data []byte) {
			if p.said == 1 {
				enter(s, p)
			}
			speak(s, p, data)
		}
	}},
}
