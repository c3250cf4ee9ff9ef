package mailbox

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// wrongArguments misread the command line or cannot connect.
var wrongArguments = []clientFault{
	{"takes-three-arguments", "client.args", "takes a missing operation for read", func(c *client) {
		c.count = func(args []string) error {
			if len(args) == 3 {
				return nil
			}
			return checkCount(args)
		}
	}},
	{"takes-five-arguments", "client.args", "ignores what is too much", func(c *client) {
		c.count = func(args []string) error { return checkCount(args[:min(4, len(args))]) }
	}},
	{"counts-no-arguments", "client.no-traceback", "indexes the arguments without counting them", func(c *client) {
		c.count = func([]string) error { return nil }
	}},
	{"refuses-silently", "client.args", "exits without a message when the count is wrong", func(c *client) {
		c.fail = func(s *session, err error) {
			if checkCount(s.Args) == nil {
				s.say("Error: %v.", err)
			}
		}
	}},
	{"takes-port-64001", "client.port-range", "upper limit off by one", func(c *client) { c.port = portBetween(1024, 64001) }},
	{"takes-port-1023", "client.port-range", "lower limit off by one", func(c *client) { c.port = portBetween(1023, 64000) }},
	{"refuses-port-1024", "client.port-range", "takes the lower limit for excluded", func(c *client) { c.port = portBetween(1025, 64000) }},
	{"refuses-port-64000", "client.port-range", "takes the upper limit for excluded", func(c *client) { c.port = portBetween(1024, 63999) }},
	{"checks-no-port", "client.port-range", "takes any number", func(c *client) { c.port = strconv.Atoi }},
	{"port-like-atoi", "client.port-range", "reads the digits in front and ignores the rest", func(c *client) {
		c.port = func(arg string) (int, error) {
			return parsePort(strings.TrimRightFunc(arg, func(r rune) bool { return r < '0' || r > '9' }))
		}
	}},
	{"port-word-uncaught", "client.no-traceback", "does not catch the error of a port that is no number", func(c *client) {
		c.port = func(arg string) (int, error) {
			if _, err := strconv.Atoi(arg); err != nil {
				panic(err)
			}
			return parsePort(arg)
		}
	}},
	{"takes-empty-user", "client.user", "no lower limit", func(c *client) {
		c.user = func(arg string) error { return checkUser("x" + arg) }
	}},
	{"takes-user-of-256", "client.user", "upper limit off by one", func(c *client) { c.user = atMost("user", 256) }},
	{"refuses-user-of-255", "client.user", "takes the upper limit for excluded", func(c *client) { c.user = atMost("user", 254) }},
	{"counts-user-in-characters", "client.user", "limits characters, not bytes", func(c *client) { c.user = charactersAtMost("user", 255) }},
	{"long-user-uncaught", "client.no-traceback", "does not catch the error of a length that does not fit its byte", func(c *client) {
		c.user = func(arg string) error {
			if len(arg) > 255 {
				panic("ubyte format requires 0 <= number <= 255")
			}
			return checkUser(arg)
		}
	}},
	{"refuses-short-user", "client.user", "wants two letters at least", func(c *client) {
		c.user = func(arg string) error { return checkUser(arg[min(1, len(arg)):]) }
	}},
	{"unknown-operation-reads", "client.operation", "everything but create is read", func(c *client) {
		c.operation = func(arg string) (byte, error) {
			if arg == "create" {
				return clientCreate, nil
			}
			return clientRead, nil
		}
	}},
	{"operation-by-prefix", "client.operation", "compares the beginning only", func(c *client) {
		c.operation = func(arg string) (byte, error) { return parseOperation(arg[:min(4, len(arg))]) }
	}},
	{"unresolved-uncaught", "client.no-traceback", "does not catch the error of a host that does not resolve", func(c *client) {
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			conn, err := dialServer(s, host, port)
			if err == errResolve {
				panic(err)
			}
			return conn, err
		}
	}},
	{"unresolved-silent", "client.host", "says nothing of a host that does not resolve", func(c *client) { c.fail = silentOn(errResolve) }},
	{"unresolved-is-local", "client.host", "connects to its own machine instead", func(c *client) {
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			conn, err := dialServer(s, host, port)
			if err == errResolve {
				return dialServer(s, "127.0.0.1", port)
			}
			return conn, err
		}
	}},
	{"takes-numbers-only", "client.host", "takes addresses, but no names", func(c *client) {
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			if _, err := netip.ParseAddr(host); err != nil {
				return nil, errResolve
			}
			return dialServer(s, host, port)
		}
	}},
	{"first-address-only", "client.localhost", "takes the first address of a name, which is of IPv6", func(c *client) {
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			if host == "localhost" {
				host = "::1"
			}
			return dialServer(s, host, port)
		}
	}},
	{"refused-silent", "client.connect-error", "says nothing when it is refused", func(c *client) { c.fail = silentOn(errConnect) }},
	{"refused-uncaught", "client.no-traceback", "does not catch the error of connect", func(c *client) {
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			conn, err := dialServer(s, host, port)
			if err == errConnect {
				panic(err)
			}
			return conn, err
		}
	}},
	{"refused-tries-again", "client.connect-error", "tries to connect for ever", func(c *client) {
		c.dial = func(s *session, host string, port int) (conn net.Conn, err error) {
			for s.ctx.Err() == nil {
				if conn, err = dialServer(s, host, port); err != errConnect {
					return conn, err
				}
				s.say("Error: %v, trying again.", err)
				sleep(s.ctx, time.Second)
			}
			return nil, err
		}
	}},
}

// silentOn prints all errors but one.
func silentOn(silent error) func(*session, error) {
	return func(s *session, err error) {
		if err != silent {
			s.say("Error: %v.", err)
		}
	}
}

// sleep waits, unless the program is stopped.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
