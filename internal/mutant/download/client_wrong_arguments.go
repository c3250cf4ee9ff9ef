package download

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"
)

// wrongArguments misread the command line, overwrite a file or cannot connect.
var wrongArguments = []clientFault{
	{"takes-two-arguments", "client.args", "has a name of its own for when none is given", func(c *client) {
		c.count = func(args []string) error {
			if len(args) == 2 {
				return nil
			}
			return checkCount(args)
		}
	}},
	{"takes-four-arguments", "client.args", "ignores what is too much", func(c *client) {
		c.count = func(args []string) error { return checkCount(args[:min(3, len(args))]) }
	}},
	{"counts-no-arguments", "client.no-traceback", "indexes the arguments without counting them", func(c *client) {
		c.count = func([]string) error { return nil }
	}},
	{"refuses-silently", "client.args", "exits without a message when the count is wrong", func(c *client) { c.fail = silentOn(errCount) }},
	{"takes-port-64001", "client.port-range", "upper limit off by one", func(c *client) { c.port = portBetween(1024, 64001) }},
	{"takes-port-1023", "client.port-range", "lower limit off by one", func(c *client) { c.port = portBetween(1023, 64000) }},
	{"refuses-port-1024", "client.port-range", "takes the lower limit for excluded", func(c *client) { c.port = portBetween(1025, 64000) }},
	{"refuses-port-64000", "client.port-range", "takes the upper limit for excluded", func(c *client) { c.port = portBetween(1024, 63999) }},
	{"checks-no-port", "client.port-range", "takes any number", func(c *client) { c.port = strconv.Atoi }},
	{"port-has-a-default", "client.port-range", "takes a port of its own for what is no number, where perhaps nobody listens", func(c *client) {
		c.port = func(arg string) (int, error) {
			if _, err := strconv.Atoi(arg); err != nil {
				return 5000, nil
			}
			return parsePort(arg)
		}
	}},
	{"port-refused-silently", "client.port-range", "exits without a message at a wrong port", func(c *client) {
		c.fail = func(s *session, err error) {
			if len(s.Args) != 3 {
				s.say("Error: %v.", err)
				return
			}
			if _, wrong := parsePort(s.Args[1]); wrong == nil {
				s.say("Error: %v.", err)
			}
		}
	}},
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
	{"long-name-uncaught", "client.no-traceback", "does not catch the error of a name that is too long", func(c *client) {
		c.fail = panicOn(errName)
	}},
	{"unresolved-uncaught", "client.no-traceback", "does not catch the error of a host that does not resolve", func(c *client) {
		c.fail = panicOn(errResolve)
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
	{"exists-unchecked", "client.exists", "does not look for a local file, and cannot make one", func(c *client) {
		c.exists = func(*session, string) error { return nil }
	}},
	{"exists-overwritten", "client.exists", "overwrites a local file", func(c *client) {
		c.exists = func(*session, string) error { return nil }
		c.create = opened(os.O_TRUNC)
	}},
	{"exists-appended", "client.exists", "appends to a local file", func(c *client) {
		c.exists = func(*session, string) error { return nil }
		c.create = opened(os.O_APPEND)
	}},
	{"exists-if-not-empty", "client.exists", "takes an empty local file for none", func(c *client) {
		c.exists = func(s *session, name string) error {
			if info, err := os.Stat(s.path(name)); err == nil && info.Size() == 0 {
				return nil
			}
			return checkExists(s, name)
		}
		c.create = opened(os.O_TRUNC)
	}},
	{"exists-emptied", "client.exists", "finds that there is a local file by opening it to write", func(c *client) {
		c.exists = func(s *session, name string) error {
			err := checkExists(s, name)
			if err != nil {
				os.Truncate(s.path(name), 0)
			}
			return err
		}
	}},
	{"exists-silent", "client.exists", "ends without a message when there is a local file", func(c *client) { c.fail = silentOn(errExists) }},
	{"exists-connects", "client.exists", "connects, and looks for a local file then", func(c *client) {
		c.exists = func(*session, string) error { return nil }
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			conn, err := dialServer(s, host, port)
			if err == nil && checkExists(s, s.Args[2]) != nil {
				conn.Close()
				err = errExists
			}
			return conn, err
		}
	}},
	{"exists-renamed", "client.exists", "saves under another name when there is a local file", func(c *client) {
		c.exists = func(*session, string) error { return nil }
		c.create = func(s *session, name string) (io.WriteCloser, error) {
			if checkExists(s, name) != nil {
				name += ".1"
			}
			return createFile(s, name)
		}
	}},
	{"exists-uncaught", "client.no-traceback", "raises an exception when there is a local file", func(c *client) { c.fail = panicOn(errExists) }},
	{"refused-silent", "client.connect-error", "says nothing when it is refused", func(c *client) { c.fail = silentOn(errConnect) }},
	{"refused-uncaught", "client.no-traceback", "does not catch the error of connect", func(c *client) { c.fail = panicOn(errConnect) }},
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

// opened makes a file, or opens one that is there in its own way.
func opened(how int) func(*session, string) (io.WriteCloser, error) {
	return func(s *session, name string) (io.WriteCloser, error) {
		f, err := os.OpenFile(s.path(name), os.O_WRONLY|os.O_CREATE|how, 0o644)
		if err != nil {
			return nil, errCreate
		}
		return f, nil
	}
}

// silentOn prints all errors but one.
func silentOn(silent error) func(*session, error) {
	return func(s *session, err error) {
		if err != silent {
			s.say("Error: %v.", err)
		}
	}
}

// panicOn does not catch some errors.
func panicOn(uncaught ...error) func(*session, error) {
	return func(s *session, err error) {
		for _, e := range uncaught {
			if err == e {
				panic(err)
			}
		}
		s.say("Error: %v.", err)
	}
}

// sleep waits, unless the program is stopped.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
