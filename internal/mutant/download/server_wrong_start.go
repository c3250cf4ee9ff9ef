package download

import (
	"errors"
	"net"
	"strings"
	"time"
)

// wrongCommandLines misread the command line or cannot have their port.
var wrongCommandLines = []serverFault{
	{"takes-no-argument", "server.args", "has a port of its own for when none is given", func(s *server) {
		s.args = func(args []string) (int, error) {
			if len(args) == 0 {
				return 5000, nil
			}
			return parseArgs(args)
		}
	}},
	{"takes-two-arguments", "server.args", "ignores what is too much", func(s *server) {
		s.args = func(args []string) (int, error) { return parseArgs(args[:min(1, len(args))]) }
	}},
	{"counts-no-arguments", "server.args", "indexes the arguments without counting them", func(s *server) {
		s.args = func(args []string) (int, error) { return parseArgs([]string{args[0]}) }
	}},
	{"letters-uncaught", "server.args", "does not catch the error of int()", func(s *server) { s.refuse = panicOver(errNumber) }},
	{"port-like-atoi", "server.args", "reads the digits in front and ignores the rest", func(s *server) {
		s.args = func(args []string) (int, error) {
			if len(args) == 1 {
				args = strings.Split(args[0], ".")[:1]
			}
			return parseArgs(args)
		}
	}},
	{"arguments-refused-silently", "server.args", "exits without a message when the count is wrong", func(s *server) { s.refuse = silentOver(errArgs) }},
	{"arguments-only-reported", "server.args", "prints its usage and goes on to wait", func(s *server) {
		s.refuse = func(s *server, err error) {
			if refuse(s, err); err == errArgs {
				<-s.ctx.Done()
			}
		}
	}},
	{"takes-port-1023", "server.port-range", "lower limit off by one", func(s *server) { s.args = withPorts(1023, 64000) }},
	{"takes-port-64001", "server.port-range", "upper limit off by one", func(s *server) { s.args = withPorts(1024, 64001) }},
	{"refuses-port-1024", "server.port-range", "takes the lower limit for excluded", func(s *server) { s.args = withPorts(1025, 64000) }},
	{"refuses-port-64000", "server.port-range", "takes the upper limit for excluded", func(s *server) { s.args = withPorts(1024, 63999) }},
	{"checks-no-port", "server.port-range", "takes any number that the system takes", func(s *server) { s.args = withPorts(0, 65535) }},
	{"range-refused-silently", "server.port-range", "exits without a message at a port out of range", func(s *server) { s.refuse = silentOver(errRange) }},
	{"bind-uncaught", "server.bind-error", "does not catch the error of bind()", func(s *server) {
		s.refuse = func(s *server, err error) {
			if isNetError(err) {
				panic(err)
			}
			refuse(s, err)
		}
	}},
	{"bind-silent", "server.bind-error", "says nothing when its port is in use", func(s *server) {
		s.refuse = func(s *server, err error) {
			if !isNetError(err) {
				refuse(s, err)
			}
		}
	}},
	{"bind-tries-again", "server.bind-error", "waits until its port is free", func(s *server) {
		s.listen = func(s *server, port int) (l net.Listener, err error) {
			for s.ctx.Err() == nil {
				if l, err = listenEverywhere(s, port); err == nil {
					return l, nil
				}
				s.say("Error: %v, trying again.", err)
				sleep(s.ctx, time.Second)
			}
			return nil, s.ctx.Err()
		}
	}},
	{"bind-elsewhere", "server.bind-error", "takes the next port when its own is in use", func(s *server) {
		s.listen = func(s *server, port int) (net.Listener, error) {
			l, err := listenEverywhere(s, port)
			for err != nil && s.ctx.Err() == nil {
				port++
				l, err = listenEverywhere(s, port)
			}
			return l, err
		}
	}},
}

// withPorts takes other ports than the assignment says.
func withPorts(least, most int) func([]string) (int, error) {
	return func(args []string) (int, error) {
		port, err := parseArgs(args)
		if err != nil && err != errRange {
			return 0, err
		}
		if port < least || port > most {
			return 0, errRange
		}
		return port, nil
	}
}

// silentOver refuses one thing without a word.
func silentOver(silent error) func(*server, error) {
	return func(s *server, err error) {
		if err != silent {
			refuse(s, err)
		}
	}
}

// panicOver does not catch one error.
func panicOver(uncaught error) func(*server, error) {
	return func(s *server, err error) {
		if err == uncaught {
			panic(err)
		}
		refuse(s, err)
	}
}

func isNetError(err error) bool {
	var e *net.OpError
	return errors.As(err, &e)
}

// wrongLogs print too little of what they do.
var wrongLogs = []serverFault{
	{"accept-not-logged", "server.accept-log", "does not say who connects", func(s *server) { s.accepted = func(*server, net.Conn) {} }},
	{"accept-logs-no-port", "server.accept-log", "prints the address without the port", func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("%s: connection from %s.", clock(), host(c.RemoteAddr())) }
	}},
	{"accept-logs-no-address", "server.accept-log", "prints the port without the address", func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("%s: connection from port %s.", clock(), port(c.RemoteAddr())) }
	}},
	{"accept-logs-itself", "server.accept-log", "prints its own address in place of the client's", func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("%s: connection at %s.", clock(), c.LocalAddr()) }
	}},
	{"accept-logs-no-time", "server.accept-log", "prints who connects and not when", func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("Connection from %s.", c.RemoteAddr()) }
	}},
	{"accept-logs-valid-ones", "server.accept-log", "says who connected when the request was right", func(s *server) {
		var from net.Conn
		s.accepted = func(_ *server, c net.Conn) { from = c }
		s.sent = func(s *server, name string, f *content) { logAccepted(s, from); logSent(s, name, f) }
		s.missed = func(s *server, name string, err error) { logAccepted(s, from); logMissed(s, name, err) }
	}},
	{"accept-logs-found-files", "server.accept-log", "says who connected when there is a file to send", func(s *server) {
		var from net.Conn
		s.accepted = func(_ *server, c net.Conn) { from = c }
		s.sent = func(s *server, name string, f *content) { logAccepted(s, from); logSent(s, name, f) }
	}},
	{"transfer-not-logged", "server.transfer-log", "prints nothing of a transfer", func(s *server) { s.sent = func(*server, string, *content) {} }},
	{"transfer-logs-no-count", "server.transfer-log", "says that a file was sent, and not how many bytes", func(s *server) {
		s.sent = func(s *server, name string, _ *content) { s.say("%q sent.", name) }
	}},
	{"transfer-logs-kib", "server.transfer-log", "prints how many KiB were sent", func(s *server) {
		s.sent = func(s *server, name string, f *content) { s.say("%d KiB of %q sent.", f.size>>10, name) }
	}},
	{"missing-not-logged", "server.missing-log", "prints nothing when there is no file", func(s *server) { s.missed = func(*server, string, error) {} }},
	{"directory-not-logged", "server.missing-log", "prints nothing when a directory is asked for", func(s *server) {
		s.missed = func(s *server, name string, err error) {
			if !errors.Is(err, errFolder) {
				logMissed(s, name, err)
			}
		}
	}},
}

func host(a net.Addr) string { host, _, _ := net.SplitHostPort(a.String()); return host }

func port(a net.Addr) string { _, port, _ := net.SplitHostPort(a.String()); return port }

func clock() string { return time.Now().Format(time.TimeOnly) }
