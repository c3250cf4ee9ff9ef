package fileshare

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// wrongOutput print too little.
var wrongOutput = []serverFault{
	{"sdp-not-announced", "announces-discovery", "prints the port of file sharing alone", func(s *server) {
		s.announce = func(s *server) { s.say("Listening on port %d for %v", sharingPort, s.names(s)) }
	}},
	{"fsp-not-announced", "announces-sharing", "prints the port of discovery alone", func(s *server) {
		s.announce = func(s *server) { s.say("Listening on port %d for %v", discoveryPort, s.names(s)) }
	}},
	{"announces-nothing", "announces-discovery", "starts without a word", func(s *server) { s.announce = func(*server) {} }},
	{"announces-without-ports", "announces-sharing", "says that it listens, but not where", func(s *server) {
		s.announce = func(s *server) { s.say("Waiting for discovery and connections, sharing %v", s.names(s)) }
	}},
	{"files-not-listed", "lists-files", "prints no files at its start", func(s *server) {
		s.announce = func(s *server) { s.say("Listening on ports %d and %d", discoveryPort, sharingPort) }
	}},
	{"files-counted", "lists-files", "prints how many files there are", func(s *server) {
		s.announce = func(s *server) {
			s.say("Listening on ports %d and %d, %d files", discoveryPort, sharingPort, len(s.names(s)))
		}
	}},
	{"only-txt-listed", "lists-files", "prints only names that end in .txt", func(s *server) {
		s.announce = func(s *server) {
			for _, name := range s.names(s) {
				if strings.HasSuffix(name, ".txt") {
					s.say("  %s", name)
				}
			}
			s.say("Listening on ports %d and %d", discoveryPort, sharingPort)
		}
	}},
	{"no-connection-log", "connection-log", "does not print who connects", func(s *server) { s.accepted = func(*server, net.Conn) {} }},
	{"log-without-port", "connection-log", "prints the address alone", func(s *server) {
		s.accepted = func(s *server, c net.Conn) {
			host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
			s.say("Connection from %s", host)
		}
		s.left = func(s *server, c net.Conn, _ error) { s.conns.remove(c); c.Close(); s.say("Connection closed") }
	}},
	{"logs-first-only", "connection-log", "prints the first client alone", func(s *server) {
		s.accepted = func(s *server, c net.Conn) {
			if s.count++; s.count == 1 {
				s.say("Connection from %s", c.RemoteAddr())
			}
		}
		s.left = func(s *server, c net.Conn, _ error) { s.conns.remove(c); c.Close(); s.say("Connection closed") }
	}},
	{"logs-at-the-end", "connection-log", "prints a client when it leaves", func(s *server) {
		s.accepted = func(*server, net.Conn) {}
	}},
	{"no-close-log", "close-log", "does not print that a connection was closed", func(s *server) {
		s.left = func(s *server, c net.Conn, _ error) { s.conns.remove(c); c.Close() }
	}},
	{"logs-errors-only", "close-log", "prints that a connection was closed only after an error", func(s *server) {
		s.left = func(s *server, c net.Conn, err error) {
			s.conns.remove(c)
			c.Close()
			if err != nil {
				s.say("Connection closed: %v", err)
			}
		}
	}},
	{"lock-file", "restart", "makes a file at its start that keeps the next one from starting", func(s *server) {
		s.begin = func(s *server) error {
			f, err := os.OpenFile(filepath.Join(s.env.Dir, ".lock"), os.O_CREATE|os.O_EXCL, 0o600)
			if err == nil {
				f.Close()
			}
			return err
		}
	}},
}

// wrongDiscovery answers badly.
var wrongDiscovery = []serverFault{
	{"answers-to-sdp", "discovery", "answers to the discovery port instead of the sender's", func(s *server) {
		s.answer = func(s *server, pc net.PacketConn, from net.Addr) {
			pc.WriteTo([]byte(serviceName), &net.UDPAddr{IP: from.(*net.UDPAddr).IP, Port: discoveryPort + 2})
		}
	}},
	{"answers-twice", "discovery", "sends its name twice to be sure", func(s *server) {
		s.answer = func(s *server, pc net.PacketConn, from net.Addr) {
			answerOnce(s, pc, from)
			answerOnce(s, pc, from)
		}
	}},
	{"answers-empty", "discovery", "has no name", func(s *server) {
		s.answer = func(_ *server, pc net.PacketConn, from net.Addr) { pc.WriteTo(nil, from) }
	}},
	{"answers-in-latin-1", "discovery", "writes its name in Latin-1", func(s *server) {
		s.answer = func(_ *server, pc net.PacketConn, from net.Addr) { pc.WriteTo([]byte("Zo\xeb's files"), from) }
	}},
	{"answers-to-loopback", "discovery", "answers to 127.0.0.1, whoever asks", func(s *server) {
		s.answer = func(_ *server, pc net.PacketConn, from net.Addr) {
			pc.WriteTo([]byte(serviceName), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: from.(*net.UDPAddr).Port})
		}
	}},
	{"no-discovery", "discovery", "opens the socket and never reads from it", func(s *server) {
		s.datagram = func(*server, []byte, error) bool { return false }
	}},
	{"hears-no-broadcast", "discovery-broadcast", "binds the discovery socket to one address", func(s *server) { s.address = "127.0.0.1:30000" }},
	{"answers-once", "discovery-repeated", "answers one request and no more", func(s *server) { answersUpTo(s, 1) }},
	{"answers-three-times", "discovery-repeated", "answers three requests and no more", func(s *server) { answersUpTo(s, 3) }},
	{"answers-each-once", "discovery-repeated", "remembers whom it has answered", func(s *server) {
		s.answer = func(s *server, pc net.PacketConn, from net.Addr) {
			if s.memo[from.String()] == "" {
				answerOnce(s, pc, from)
			}
			s.memo[from.String()] = "answered"
		}
	}},
	{"answers-everything", "discovery-other", "answers whatever comes", func(s *server) { s.question = func([]byte) bool { return true } }},
	{"answers-prefixes", "discovery-other", "looks whether the datagram begins like a request", func(s *server) {
		s.question = func(b []byte) bool { return bytes.HasPrefix(b, []byte(discoveryText)) }
	}},
	{"answers-beginnings", "discovery-other", "compares as many bytes as have come", func(s *server) {
		s.question = func(b []byte) bool { return strings.HasPrefix(discoveryText, string(b)) }
	}},
	{"answers-containing", "discovery-other", "looks for the text somewhere in the datagram", func(s *server) {
		s.question = func(b []byte) bool { return bytes.Contains(b, []byte(discoveryText)) }
	}},
	{"buffer-of-17-bytes", "discovery-other", "reads 17 bytes, which cuts longer datagrams", func(s *server) { s.buffer = len(discoveryText) }},
	{"answers-by-length", "discovery-other", "looks at the length of the datagram", func(s *server) {
		s.question = func(b []byte) bool { return len(b) == len(discoveryText) }
	}},
	{"stops-at-garbage", "discovery-garbage", "does not catch the error of decode()", func(s *server) {
		s.datagram = func(s *server, b []byte, err error) bool { return err == nil && utf8.Valid(b) }
	}},
	{"stops-at-long-datagrams", "discovery-garbage", "ends when a datagram does not fit its buffer", func(s *server) {
		s.datagram = func(s *server, b []byte, err error) bool { return err == nil && len(b) <= 1024 }
	}},
	{"stops-at-empty-datagrams", "discovery-garbage", "takes an empty datagram for the end, as with TCP", func(s *server) {
		s.datagram = func(s *server, b []byte, err error) bool { return err == nil && len(b) > 0 }
	}},
	{"raises-at-garbage", "no-traceback", "shows a traceback for a datagram that is not UTF-8", func(s *server) {
		s.datagram = func(s *server, b []byte, err error) bool {
			if err == nil && !utf8.Valid(b) {
				s.traceback(errors.New("invalid start byte"))
			}
			return err == nil
		}
	}},
}

// answersUpTo answers so many requests.
func answersUpTo(s *server, n int) {
	s.answer = func(s *server, pc net.PacketConn, from net.Addr) {
		if s.count++; s.count <= n {
			answerOnce(s, pc, from)
		}
	}
}
