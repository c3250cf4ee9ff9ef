package mailbox

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
		s.accepted = func(s *server, c net.Conn) { s.say("Connection from %s.", host(c.RemoteAddr())) }
	}},
	{"accept-logs-no-address", "server.accept-log", "prints the port without the address", func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("Connection from port %s.", port(c.RemoteAddr())) }
	}},
	{"accept-logs-itself", "server.accept-log", "prints its own address in place of the client's", func(s *server) {
		s.accepted = func(s *server, c net.Conn) { s.say("Connection at %s.", c.LocalAddr()) }
	}},
	{"accept-logs-valid-ones", "server.accept-log", "says who connected when the request was right", func(s *server) {
		var from net.Addr
		s.accepted = func(_ *server, c net.Conn) { from = c.RemoteAddr() }
		s.created = func(s *server, l letter) { s.say("Connection from %s.", from); logCreated(s, l) }
		s.sent = func(s *server, user string, n int) { s.say("Connection from %s.", from); logSent(s, user, n) }
	}},
	{"create-not-logged", "server.create-log", "prints nothing of a create", func(s *server) { s.created = func(*server, letter) {} }},
	{"create-logs-no-sender", "server.create-log", "prints the receiver alone", func(s *server) {
		s.created = func(s *server, l letter) { s.say("A message for %s.", l.receiver) }
	}},
	{"create-logs-no-receiver", "server.create-log", "prints the sender alone", func(s *server) {
		s.created = func(s *server, l letter) { s.say("A message from %s.", l.name) }
	}},
	{"read-not-logged", "server.read-log", "prints nothing of a read", func(s *server) { s.sent = func(*server, string, int) {} }},
	{"read-logs-no-count", "server.read-log", "says that messages were sent, and not how many", func(s *server) {
		s.sent = func(s *server, user string, _ int) { s.say("Messages sent to %s.", user) }
	}},
	{"read-logs-what-is-left", "server.read-log", "prints how many messages are left", func(s *server) {
		s.sent = func(s *server, user string, _ int) { s.say("%d messages for %s.", len(s.boxes[user]), user) }
	}},
}

func host(a net.Addr) string { host, _, _ := net.SplitHostPort(a.String()); return host }

func port(a net.Addr) string { _, port, _ := net.SplitHostPort(a.String()); return port }
