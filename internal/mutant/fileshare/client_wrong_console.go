package fileshare

import (
	"net"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// wrongConsoles talk badly with their user.
var wrongConsoles = []clientFault{
	{"no-prompt", "prompt", "reads commands without asking for them", func(u *console) { u.prompt = func(*console) {} }},
	{"one-command", "prompt", "ends after a command", func(u *console) {
		u.after = func(u *console, _ string, _ error) { u.over = true }
	}},
	{"three-commands", "prompt", "ends after three commands", func(u *console) {
		n := 0
		u.after = func(u *console, _ string, _ error) { n++; u.over = n == 3 }
	}},
	{"llist-of-the-start", "llist", "reads its folder at its start", func(u *console) {
		var known []string
		u.prompt = func(u *console) {
			if known == nil {
				known = localNames(u)
			}
			u.say("Enter a command: ")
		}
		u.names = func(*console) []string { return known }
	}},
	{"llist-of-the-working-directory", "llist", "lists the folder that it was started in", func(u *console) {
		u.names = func(u *console) []string {
			entries, _ := os.ReadDir(u.Dir)
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			return names
		}
	}},
	{"llist-first-only", "llist", "shows one file", func(u *console) {
		u.names = func(u *console) []string { n := localNames(u); return n[:min(1, len(n))] }
	}},
	{"llist-txt-only", "llist", "shows names that end in .txt", func(u *console) {
		u.names = func(u *console) []string {
			return slices.DeleteFunc(localNames(u), func(n string) bool { return !strings.HasSuffix(n, ".txt") })
		}
	}},
	{"llist-counts", "llist", "shows how many files there are", func(u *console) {
		u.show = func(u *console, names []string) { u.say("%d files", len(names)) }
	}},
	{"unknown-ignored", "invalid", "says nothing of an unknown command", func(u *console) { u.unknown = func(*console, string) error { return nil } }},
	{"unknown-ends", "invalid", "ends at an unknown command", func(u *console) {
		u.unknown = func(u *console, _ string) error { u.over = true; return errInvalid }
	}},
	{"empty-line-uncaught", "no-traceback", "takes the first word of a line that has none", func(u *console) {
		u.parse = func(line string) (string, string) {
			fields := strings.Fields(line)
			return strings.ToLower(fields[0]), strings.Join(fields[1:], " ")
		}
	}},
	{"errors-uncaught", "no-traceback", "catches no exception", func(u *console) { u.fail = func(_ *console, err error) { panic(err) } }},
	{"unconnected-uncaught", "no-traceback", "uses a connection that it does not have", func(u *console) {
		u.fail = func(u *console, err error) {
			if err == errNotConnected {
				panic(err)
			}
			u.say("Error: %v", err)
		}
	}},
	{"not-utf8-uncaught", "no-traceback", "does not catch the error of decode()", func(u *console) {
		u.parse = func(line string) (string, string) {
			if !utf8.ValidString(line) {
				panic("UnicodeDecodeError")
			}
			return parseLine(line)
		}
	}},
	{"long-line-uncaught", "no-traceback", "has a buffer of 1,024 bytes for a line", func(u *console) {
		u.parse = func(line string) (string, string) { var b [1024]byte; _ = b[len(line)]; return parseLine(line) }
	}},
	{"bye-unconnected-uncaught", "no-traceback", "closes a connection that it does not have", func(u *console) {
		u.bye = func(u *console) error {
			if u.conn == nil {
				panic("AttributeError: 'NoneType' object has no attribute 'close'")
			}
			return sayBye(u)
		}
	}},
}

// wrongScans look for servers badly.
var wrongScans = []clientFault{
	{"scans-one-address", "scan", "asks 127.0.0.1 instead of everybody", func(u *console) {
		u.to = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: discoveryPort}
	}},
	{"scans-another-port", "scan", "asks at the port of file sharing", func(u *console) {
		u.to = &net.UDPAddr{IP: net.IPv4bcast, Port: sharingPort}
	}},
	{"scans-with-newline", "scan", "ends the request with a newline", func(u *console) { u.question += "\n" }},
	{"scans-with-quotes", "scan", "sends the quotes, too", func(u *console) { u.question = "'" + u.question + "'" }},
	{"shows-bytes", "scan", "shows the name as Python writes bytes", func(u *console) {
		u.answer = func(u *console, b []byte, from *net.UDPAddr) { u.say("%+q found at %s", b, from.IP) }
	}},
	{"scans-in-lower-case", "scan", "asks in lower case", func(u *console) { u.question = "service discovery" }},
	{"shows-no-address", "scan", "shows the name of the service alone", func(u *console) {
		u.answer = func(u *console, b []byte, _ *net.UDPAddr) { u.say("Found %s", b) }
	}},
	{"shows-no-name", "scan", "shows the address of the service alone", func(u *console) {
		u.answer = func(u *console, _ []byte, from *net.UDPAddr) { u.say("Found a service at %s", from.IP) }
	}},
	{"shows-one-service", "scan", "stops at the first answer", func(u *console) { u.enough = func(u *console) bool { return u.found > 0 } }},
	{"shows-known-address", "scan", "shows 127.0.0.1, whoever answers", func(u *console) {
		u.answer = func(u *console, b []byte, _ *net.UDPAddr) { u.say("%s found at 127.0.0.1", b) }
	}},
	{"shows-64-bytes", "scan", "has a buffer of 64 bytes for the name", func(u *console) { u.buffer = 64 }},
	{"shows-ascii", "scan", "decodes the name as ASCII", func(u *console) {
		u.answer = func(u *console, b []byte, from *net.UDPAddr) { u.say("%s found at %s", ascii(string(b)), from.IP) }
	}},
	{"shows-long-names-only", "scan", "takes a short name for none", func(u *console) {
		u.answer = func(u *console, b []byte, from *net.UDPAddr) {
			if len(b) > 4 {
				u.say("%s found at %s", b, from.IP)
			}
		}
	}},
	{"waits-100-ms", "scan", "waits for a tenth of a second", func(u *console) { u.wait = 100 * time.Millisecond }},
	{"waits-for-ever", "scan-none", "has no timeout", func(u *console) { u.wait = 0 }},
	{"none-unsaid", "scan-none", "says nothing when nobody answers", func(u *console) { u.nobody = func(*console) {} }},
	{"none-ends", "scan-none", "ends when nobody answers", func(u *console) {
		u.nobody = func(u *console) { u.say("No service found."); u.over = true }
	}},
	{"none-always", "scan-none", "says in the end that there is none, whatever it has found", func(u *console) {
		u.after = func(u *console, word string, _ error) {
			if word == "scan" && u.found > 0 {
				u.say("No service found.")
			}
		}
	}},
	{"scans-once", "scan-again", "cannot use its socket again", func(u *console) {
		u.socket = func(u *console) (net.PacketConn, error) {
			if u.memo["scanned"] != "" {
				return nil, net.ErrClosed
			}
			u.memo["scanned"] = "yes"
			return u.ListenPacket("udp4", ":0")
		}
	}},
	{"remembers-services", "scan-again", "shows what it has found before, too", func(u *console) {
		var known []string
		u.answer = func(u *console, b []byte, from *net.UDPAddr) {
			known = append(known, string(b))
			u.say("%s found at %s", strings.Join(known, ", "), from.IP)
		}
	}},
	{"scans-until-none", "scan-again", "gives up scanning once nobody has answered", func(u *console) {
		u.nobody = func(u *console) { u.say("No service found."); u.memo["none"] = "yes" }
		u.socket = func(u *console) (net.PacketConn, error) {
			if u.memo["none"] != "" {
				return nil, net.ErrClosed
			}
			return u.ListenPacket("udp4", ":0")
		}
	}},
	{"names-uncaught", "no-traceback", "does not catch the error of decode() in a scan", func(u *console) {
		u.answer = func(u *console, b []byte, from *net.UDPAddr) {
			if !utf8.Valid(b) {
				panic("UnicodeDecodeError")
			}
			u.say("%s found at %s", b, from.IP)
		}
	}},
	{"empty-name-uncaught", "no-traceback", "looks at the first letter of the name", func(u *console) {
		u.answer = func(u *console, b []byte, from *net.UDPAddr) { u.say("%c%s found at %s", b[0], b[1:], from.IP) }
	}},
	{"long-name-uncaught", "no-traceback", "copies the name to a buffer of 1,024 bytes", func(u *console) {
		u.answer = func(u *console, b []byte, from *net.UDPAddr) {
			var name [1024]byte
			_ = name[len(b)]
			u.say("%s found at %s", b, from.IP)
		}
	}},
}
