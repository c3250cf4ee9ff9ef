package transfer

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// wrongServing are servers whose loop is wrong.
var wrongServing = []serverFault{
	{"one-client-only", "server.survives", "has no loop around accept()", func(s *server) {
		s.end = func(s *server, c net.Conn) { c.Close(); s.over = true }
	}},
	{"ten-clients-only", "server.survives", "counts its clients", func(s *server) {
		n := 0
		s.end = func(s *server, c net.Conn) { c.Close(); n++; s.over = n == 10 }
	}},
	{"ends-after-refusal", "server.survives", "exits when there is something to complain of", func(s *server) {
		missing := s.missing
		s.missing = func(name string) string { s.over = true; return missing(name) }
	}},
	{"accept-times-out", "server.survives", "sets a timeout for the listening socket as well", func(s *server) {
		s.serve = func(s *server, l net.Listener) {
			if d, can := l.(interface{ SetDeadline(time.Time) error }); can {
				d.SetDeadline(time.Now().Add(2 * time.Second))
			} else {
				stop := time.AfterFunc(2*time.Second, func() { l.Close() })
				defer stop.Stop()
			}
			acceptLoop(s, l)
		}
	}},
	{"ends-when-left", "server.disconnect", "recv() gives nothing, and the program ends", func(s *server) {
		s.failed = func(s *server, _ net.Conn, _ error) { s.over = true }
	}},
	{"ends-when-left-at-once", "server.disconnect", "does not think of a client without a command", func(s *server) {
		s.command = func(c net.Conn) (string, error) {
			command, err := readCommand(c)
			s.over = s.over || err != nil
			return command, err
		}
	}},
	{"ends-when-reset", "server.disconnect", "does not catch ConnectionResetError", func(s *server) {
		s.failed = func(s *server, _ net.Conn, err error) {
			s.over = !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errLeft)
		}
	}},
	{"ends-when-left-before-ready", "server.disconnect", "does not think of a client that leaves after OK", func(s *server) {
		s.readies = func(c net.Conn) error {
			err := hears("READY")(c)
			s.over = s.over || err != nil
			return err
		}
	}},
	{"ends-when-left-before-size", "server.disconnect", "does not think of a client that leaves before the size", func(s *server) {
		s.size = func(c net.Conn) (int64, error) {
			size, err := readSize(c)
			s.over = s.over || err != nil
			return size, err
		}
	}},
	{"spins-when-left", "server.disconnect", "reads nothing for ever while bytes are missing", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			err := receiveBlocks(c, file, size)
			if err != nil {
				sleep(s.ctx, time.Hour)
			}
			return err
		}
	}},
	{"threads", "server.one-client", "serves every client in a thread of its own", func(s *server) {
		s.serve = func(s *server, l net.Listener) {
			var clients sync.WaitGroup
			defer clients.Wait()
			for {
				s.waiting(l)
				c, err := l.Accept()
				if err != nil {
					return
				}
				clients.Go(func() { s.client(c) })
			}
		}
	}},
	{"greets-at-once", "server.one-client", "greets whoever comes, and serves them later", func(s *server) {
		s.greet = func(*server, net.Conn) error { return nil }
		s.serve = func(s *server, l net.Listener) {
			queue := make(chan net.Conn, 100)
			go func() {
				defer close(queue)
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					say(c, "READY")
					queue <- c
				}
			}()
			s.waiting(l)
			for c := range queue {
				s.client(c)
				s.waiting(l)
			}
		}
	}},
	{"ends-on-unknown", "server.unknown-command", "exits where it should wait for the next one", func(s *server) {
		s.unknown = func(s *server, _ net.Conn, _ string) error { s.over = true; return nil }
	}},
	{"panics-on-short-command", "server.unknown-command", "command.split()[1]", func(s *server) {
		s.choose = func(command string) (string, string) {
			parts := strings.SplitN(command, " ", 2)
			return parts[0], parts[1]
		}
	}},
	{"hangs-on-unknown", "server.unknown-command", "waits for a command that it knows", func(s *server) {
		s.unknown = func(s *server, c net.Conn, _ string) error { sleep(s.ctx, time.Hour); return nil }
	}},
}

// wrongLogs are servers that print something else.
var wrongLogs = []serverFault{
	{"always-verbose", "server.quiet", "does not look at -v", func(s *server) {
		s.log = func(s *server, line string) { fmt.Fprintln(s.env.Out, line) }
	}},
	{"prints-banner", "server.quiet", "says that it runs", func(s *server) {
		s.serve = func(s *server, l net.Listener) {
			fmt.Fprintln(s.env.Out, "File server 1.0")
			acceptLoop(s, l)
		}
	}},
	{"prints-refusals", "server.quiet", "prints errors without -v", func(s *server) {
		missing := s.missing
		s.missing = func(name string) string { fmt.Fprintln(s.env.Out, missing(name)); return missing(name) }
	}},
	{"waiting-capital", "server.verbose-waiting", "begins with a capital letter", func(s *server) { s.lines.waiting = "Server waiting on port %d" }},
	{"waiting-not-said", "server.verbose-waiting", "does not say it", func(s *server) { s.lines.waiting = "" }},
	{"waiting-once", "server.verbose-waiting", "says it before the loop", func(s *server) {
		said := false
		s.log = func(s *server, line string) {
			waiting := strings.Contains(line, "waiting on port")
			if s.verbose && !(said && waiting) {
				fmt.Fprintln(s.env.Out, line)
			}
			said = said || waiting
		}
	}},
	{"never-verbose", "server.verbose-waiting", "does not look for -v", func(s *server) {
		s.log = func(*server, string) {}
	}},
	{"connected-capital", "server.verbose-connected", "begins with a capital letter", func(s *server) { s.lines.connected = "Server connected to client at %s:%s" }},
	{"connected-as-tuple", "server.verbose-connected", "prints the tuple of accept()", func(s *server) { s.lines.connected = "server connected to client at ('%s', %s)" }},
	{"connected-not-said", "server.verbose-connected", "does not say it", func(s *server) { s.lines.connected = "" }},
	{"connected-own-port", "server.verbose-connected", "prints its own port", func(s *server) {
		s.lines.connected = "server connected to client at %s:12345"
		s.log = func(s *server, line string) {
			line, _, _ = strings.Cut(line, "%!(EXTRA")
			if s.verbose {
				fmt.Fprintln(s.env.Out, line)
			}
		}
	}},
	{"request-without-name", "server.verbose-request", "prints the command's first word", func(s *server) {
		s.lines.request = ""
		choose := s.choose
		s.choose = func(command string) (string, string) {
			verb, name := choose(command)
			s.log(s, "server receiving request: "+verb)
			return verb, name
		}
	}},
	{"request-not-said", "server.verbose-request", "does not say it", func(s *server) { s.lines.request = "" }},
	{"request-as-bytes", "server.verbose-request", "prints b'…'", func(s *server) { s.lines.request = "server receiving request: b'%s'" }},
	{"receiving-without-count", "server.verbose-receiving", "does not say how many", func(s *server) { s.lines.receiving = "server receiving %.0[1]dbytes" }},
	{"receiving-not-said", "server.verbose-receiving", "does not say it", func(s *server) { s.lines.receiving = "" }},
	{"receiving-file", "server.verbose-receiving", "prints another text", func(s *server) { s.lines.receiving = "server receiving file (%d bytes)" }},
	{"sending-not-said", "server.verbose-sending", "does not say it", func(s *server) { s.lines.sending = "" }},
	{"sending-capital", "server.verbose-sending", "begins with a capital letter", func(s *server) { s.lines.sending = "Server sending %d bytes" }},
	{"sending-full-stop", "server.verbose-sending", "ends with a full stop", func(s *server) { s.lines.sending = "server sending %d bytes." }},
	{"deleting-not-said", "server.verbose-deleting", "does not say it", func(s *server) { s.lines.deleting = "" }},
	{"deleting-without-file", "server.verbose-deleting", "prints another text", func(s *server) { s.lines.deleting = "server deleting %s" }},
}

// wrongNames are servers that take names wrongly.
var wrongNames = []serverFault{
	{"name-up-to-space", "server.names", "command.split()[1]", func(s *server) {
		s.choose = func(command string) (string, string) {
			verb, name := splitCommand(command)
			name, _, _ = strings.Cut(name, " ")
			return verb, name
		}
	}},
	{"verb-anywhere", "server.names", "if \"GET\" in command", func(s *server) {
		s.choose = func(command string) (string, string) {
			_, name := splitCommand(command)
			for _, verb := range []string{"GET", "PUT", "DEL"} {
				if strings.Contains(command, verb) {
					return verb, name
				}
			}
			return "", name
		}
	}},
	{"name-ascii", "server.names", "decodes as ASCII", func(s *server) {
		s.choose = func(command string) (string, string) {
			verb, name := splitCommand(command)
			return verb, strings.Map(func(r rune) rune {
				if r > 0x7F {
					return '?'
				}
				return r
			}, name)
		}
	}},
	{"name-in-lower-case", "server.names", "lowers the whole command", func(s *server) {
		s.choose = func(command string) (string, string) {
			verb, name := splitCommand(command)
			return verb, strings.ToLower(name)
		}
	}},
	{"name-outside", "server.traversal", "takes a name for a path", func(s *server) {
		s.open = func(s *server, name string) (io.ReadCloser, int64, error) {
			return openAt(filepath.Join(s.env.Dir, name))
		}
	}},
	{"name-outside-put", "server.traversal", "takes a name for a path", func(s *server) {
		s.create = func(s *server, name string) (io.WriteCloser, error) {
			if !filepath.IsLocal(name) {
				return createAnywhere(filepath.Join(s.env.Dir, name))
			}
			return createFile(s, name)
		}
	}},
	{"name-outside-del", "server.traversal", "takes a name for a path", func(s *server) {
		s.del = func(s *server, c net.Conn, name string) error {
			if os.Remove(filepath.Join(s.env.Dir, name)) != nil {
				return say(c, s.missing(name))
			}
			return say(c, "DONE")
		}
	}},
}
