package fileshare

import (
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// wrongLists list badly.
var wrongLists = []serverFault{
	{"list-of-the-start", "list", "lists the files that there were at the start", func(s *server) {
		s.begin = func(s *server) error { s.memo["names"] = strings.Join(namesNow(s), "\n"); return nil }
		s.list = func(s *server, _ *client) []byte { return s.encodeNames([]string{s.memo["names"]}, "\n") }
	}},
	{"list-size-little-endian", "list", "writes the size low byte first", func(s *server) {
		s.list = func(s *server, _ *client) []byte {
			b := []byte(strings.Join(s.names(s), "\n"))
			return append(binary.LittleEndian.AppendUint64(nil, uint64(len(b))), b...)
		}
	}},
	{"list-of-ten", "list", "lists ten names at most", func(s *server) {
		s.names = func(s *server) []string { n := namesNow(s); return n[:min(10, len(n))] }
	}},
	{"list-without-separator", "list", "puts names one behind the other", func(s *server) {
		s.list = func(s *server, _ *client) []byte { return s.encodeNames(s.names(s), "") }
	}},
	{"list-with-commas", "list", "separates names by commas", func(s *server) {
		s.list = func(s *server, _ *client) []byte { return s.encodeNames(s.names(s), ", ") }
	}},
	{"list-of-paths", "list", "lists paths", func(s *server) {
		s.names = func(s *server) []string {
			n := namesNow(s)
			for i := range n {
				n[i] = "server/" + n[i]
			}
			return n
		}
	}},
	{"list-of-4096-bytes", "list", "sends as much of the list as fits a buffer", func(s *server) {
		s.list = func(s *server, k *client) []byte { b := listNow(s, k); return b[:min(len(b), 4096)] }
	}},
	{"list-of-nothing-unsent", "list", "sends nothing if there are no files", func(s *server) {
		s.list = func(s *server, k *client) []byte {
			if len(s.names(s)) == 0 {
				return nil
			}
			return listNow(s, k)
		}
	}},
	{"list-size-in-characters", "list", "counts the characters of the list", func(s *server) {
		s.list = func(s *server, _ *client) []byte {
			b := []byte(strings.Join(s.names(s), "\n"))
			return append(size64(utf8.RuneCount(b)), b...)
		}
	}},
	{"list-of-words", "list", "splits names at spaces", func(s *server) {
		s.list = func(s *server, _ *client) []byte {
			return s.encodeNames(strings.Fields(strings.Join(s.names(s), " ")), "\n")
		}
	}},
	{"list-without-hidden-endings", "list", "lists only names that have an ending", func(s *server) {
		s.names = func(s *server) []string {
			return slices.DeleteFunc(namesNow(s), func(n string) bool { return !strings.Contains(n, ".") })
		}
	}},
	{"list-ends-at-a-folder", "list", "ends its list at the first folder", func(s *server) {
		s.names = func(s *server) []string {
			entries, _ := os.ReadDir(s.folder())
			var names []string
			for _, e := range entries {
				if e.IsDir() {
					break
				}
				names = append(names, e.Name())
			}
			return names
		}
	}},
	{"list-twice", "list", "lists every name twice", func(s *server) {
		s.list = func(s *server, _ *client) []byte { n := s.names(s); return s.encodeNames(slices.Concat(n, n), "\n") }
	}},
	{"list-and-more", "list", "sends a byte more than the size says", func(s *server) {
		s.list = func(s *server, k *client) []byte { return append(listNow(s, k), 'x') }
	}},
	{"list-of-the-connection", "put-listed", "reads the folder when a client connects", func(s *server) {
		s.list = func(s *server, k *client) []byte {
			if k.memo == nil {
				k.memo = s.names(s)
			}
			return s.encodeNames(k.memo, "\n")
		}
	}},
	{"uploads-not-listed", "put-listed", "does not list what clients have put", func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			s.memo[name] = "put"
			return storeWhole(s, name, data)
		}
		s.names = func(s *server) []string {
			return slices.DeleteFunc(namesNow(s), func(n string) bool { return s.memo[n] != "" })
		}
	}},
	{"uploads-listed-privately", "put-listed", "lists an upload to its own client only", func(s *server) {
		s.put = func(s *server, k *client, name string) (bool, error) {
			more, err := putFile(s, k, name)
			s.memo[name] = k.c.RemoteAddr().String()
			return more, err
		}
		s.list = func(s *server, k *client) []byte {
			return s.encodeNames(slices.DeleteFunc(s.names(s), func(n string) bool {
				return s.memo[n] != "" && s.memo[n] != k.c.RemoteAddr().String()
			}), "\n")
		}
	}},
}
