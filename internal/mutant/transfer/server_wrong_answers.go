package transfer

import (
	"net"
	"os"
	"path/filepath"
)

// wrongDels are servers that delete wrongly.
var wrongDels = []serverFault{
	{"del-nothing", "server.del", "says DONE and forgets to delete", func(s *server) {
		s.remove = func(*server, string) error { return nil }
	}},
	{"del-says-ok", "server.del", "answers OK", func(s *server) {
		s.del = func(s *server, c net.Conn, name string) error { return del(s, instead{c, "DONE", "OK"}, name) }
	}},
	{"del-says-nothing", "server.del", "deletes and closes", func(s *server) {
		s.del = func(s *server, c net.Conn, name string) error { return del(s, instead{c, "DONE", ""}, name) }
	}},
	{"del-says-ok-first", "server.del", "answers OK as for the other commands", func(s *server) {
		s.del = func(s *server, c net.Conn, name string) error { return del(s, instead{c, "DONE", "OKDONE"}, name) }
	}},
	{"del-empties", "server.del", "truncates the file", func(s *server) {
		s.remove = func(_ *server, path string) error { return os.Truncate(path, 0) }
	}},
}

// instead says one token in place of another.
type instead struct {
	net.Conn
	token, says string
}

func (c instead) Write(b []byte) (int, error) {
	if string(b) != c.token {
		return c.Conn.Write(b)
	}
	if c.says == "" {
		return len(b), nil
	}
	_, err := c.Conn.Write([]byte(c.says))
	return len(b), err
}

// wrongRefusals are servers that say wrongly what they cannot do.
var wrongRefusals = []serverFault{
	{"get-missing-with-file", "server.get-missing", "follows the example and not the rule", func(s *server) {
		s.get = refusing(get, func(name string) string { return "ERROR: file " + name + " does not exist" })
	}},
	{"get-missing-without-name", "server.get-missing", "leaves the name out", func(s *server) {
		s.get = refusing(get, func(string) string { return "ERROR: file does not exist" })
	}},
	{"get-missing-silent", "server.get-missing", "closes without a word", func(s *server) {
		s.get = refusing(get, func(string) string { return "" })
	}},
	{"get-missing-ends", "server.get-missing", "does not catch the exception", func(s *server) {
		s.get = refusing(get, func(name string) string { panic("no such file: " + name) })
	}},
	{"get-missing-after-ok", "server.get-missing", "says OK before it looks", func(s *server) {
		s.get = refusing(get, func(name string) string { return "OKERROR: " + name + " does not exist" })
	}},
	{"get-missing-with-newline", "server.get-missing", "println() instead of print()", func(s *server) {
		s.get = refusing(get, func(name string) string { return "ERROR: " + name + " does not exist\n" })
	}},
	{"del-missing-with-file", "server.del-missing", "follows the example and not the rule", func(s *server) {
		s.del = refusing(del, func(name string) string { return "ERROR: file " + name + " does not exist" })
	}},
	{"del-missing-done", "server.del-missing", "does not care whether there was a file", func(s *server) {
		s.del = refusing(del, func(string) string { return "DONE" })
	}},
	{"del-missing-unable", "server.del-missing", "has one answer for all that goes wrong", func(s *server) {
		s.del = refusing(del, func(name string) string { return "ERROR: unable to delete " + name })
	}},
	{"del-missing-ends", "server.del-missing", "does not catch the exception", func(s *server) {
		s.del = refusing(del, func(name string) string { panic("no such file: " + name) })
	}},
	{"put-unable-without-file", "server.put-unable", "has another text", func(s *server) {
		s.unable = func(name string) string { return "ERROR: unable to create " + name }
	}},
	{"put-unable-missing", "server.put-unable", "has one answer for all that goes wrong", func(s *server) {
		s.unable = func(name string) string { return "ERROR: " + name + " does not exist" }
	}},
	{"put-unable-ends", "server.put-unable", "does not catch the exception", func(s *server) {
		s.unable = func(name string) string { panic("cannot open " + name) }
	}},
	{"put-unable-silent", "server.put-unable", "closes without a word", func(s *server) {
		s.unable = func(string) string { return "" }
	}},
	{"put-unable-after-ok", "server.put-unable", "says OK before it opens the file", func(s *server) {
		s.unable = func(name string) string { return "OKERROR: unable to create file " + name }
	}},
	{"put-makes-folders", "server.put-unable", "makes the folders that are missing", func(s *server) {
		s.put = func(s *server, c net.Conn, name string) error {
			if path, err := s.path(name); err == nil {
				os.MkdirAll(filepath.Dir(path), 0o777)
			}
			return put(s, c, name)
		}
	}},
}

// refusing is a command that refuses in another way what is missing.
func refusing(do func(*server, net.Conn, string) error, missing func(string) string) func(*server, net.Conn, string) error {
	return func(s *server, c net.Conn, name string) error {
		other := *s
		other.missing = missing
		return do(&other, c, name)
	}
}
