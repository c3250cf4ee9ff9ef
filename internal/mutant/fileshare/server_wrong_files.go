package fileshare

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// wrongGets send another file, or none.
var wrongGets = []serverFault{
	{"gets-the-first", "get", "sends the first file of the folder", func(s *server) {
		s.load = func(s *server, _ string) ([]byte, error) { return loadFile(s, s.names(s)[0]) }
	}},
	{"gets-any-case", "get", "compares names without looking at case", func(s *server) {
		s.load = func(s *server, name string) ([]byte, error) {
			for _, n := range s.names(s) {
				if strings.EqualFold(n, name) {
					return loadFile(s, n)
				}
			}
			return nil, errMissing
		}
	}},
	{"gets-prefixes", "get-missing", "sends nothing and waits when only a longer name is there", func(s *server) {
		s.got = func(s *server, _ *client, name string, err error) (bool, error) {
			if slices.ContainsFunc(s.names(s), func(n string) bool { return strings.HasPrefix(n, name) }) {
				return true, nil
			}
			return false, err
		}
	}},
	{"gets-stem", "get", "takes the name up to its dot", func(s *server) {
		s.load = func(s *server, name string) ([]byte, error) {
			stem, _, _ := strings.Cut(name, ".")
			for _, n := range s.names(s) {
				if strings.HasPrefix(n, stem) {
					return loadFile(s, n)
				}
			}
			return nil, errMissing
		}
	}},
	{"gets-what-was", "get", "keeps files in memory once they are read", func(s *server) {
		s.load = func(s *server, name string) ([]byte, error) {
			if b, known := s.memo[name]; known {
				return []byte(b), nil
			}
			b, err := loadFile(s, name)
			if err == nil {
				s.memo[name] = string(b)
			}
			return b, err
		}
	}},
	{"gets-all-but-one", "get", "leaves out the last byte", func(s *server) {
		s.load = func(s *server, name string) ([]byte, error) {
			b, err := loadFile(s, name)
			return b[:max(0, len(b)-1)], err
		}
	}},
	{"get-names-in-lower-case", "get", "lowers the whole command", func(s *server) { getName(s, strings.ToLower) }},
	{"get-size-of-the-start", "get", "knows the sizes that files had at its start", func(s *server) {
		s.begin = func(s *server) error {
			for _, name := range namesNow(s) {
				b, _ := loadFile(s, name)
				s.memo[name] = string(b)
			}
			return nil
		}
		s.load = func(s *server, name string) ([]byte, error) {
			b, err := loadFile(s, name)
			if old, known := s.memo[name]; known {
				b = b[:min(len(b), len(old))]
			}
			return b, err
		}
	}},
	{"get-size-with-itself", "get", "counts the size's own bytes", func(s *server) {
		s.size = func(n int) []byte { return size64(n + 8) }
	}},
	{"get-names-split", "get", "takes the name up to a space", func(s *server) { getName(s, func(n string) string { n, _, _ = strings.Cut(n, " "); return n }) }},
	{"get-names-ascii", "get", "decodes names as ASCII", func(s *server) { getName(s, ascii) }},
	{"get-names-of-100-bytes", "get", "has a buffer of 100 bytes for the name", func(s *server) { getName(s, func(n string) string { return n[:min(100, len(n))] }) }},
	{"get-names-of-2-bytes", "get", "wants names of at least two bytes", func(s *server) {
		getName(s, func(n string) string {
			if len(n) < 2 {
				return "?"
			}
			return n
		})
	}},
	{"get-missing-silent", "get-missing", "sends nothing for a file that is not there, and waits", func(s *server) {
		s.got = func(*server, *client, string, error) (bool, error) { return true, nil }
	}},
	{"get-missing-stops", "get-missing", "ends at a file that is not there", func(s *server) {
		s.got = func(s *server, _ *client, _ string, err error) (bool, error) { s.stop(); return false, err }
	}},
}

func getName(s *server, change func(string) string) {
	s.load = func(s *server, name string) ([]byte, error) { return loadFile(s, change(name)) }
}

func putName(s *server, change func(string) string) {
	s.store = func(s *server, name string, data []byte) error { return storeWhole(s, change(name), data) }
}

// ascii replaces what is not ASCII.
func ascii(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, name)
}

// wrongPuts store badly.
var wrongPuts = []serverFault{
	{"puts-elsewhere", "put", "stores beside the folder", func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			return os.WriteFile(filepath.Join(s.env.Dir, name), data, 0o644)
		}
	}},
	{"puts-as-new", "put", "puts new_ before the name", func(s *server) { putName(s, func(n string) string { return "new_" + n }) }},
	{"puts-with-temporary", "put", "keeps a temporary file beside the upload", func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			if err := storeWhole(s, name+".tmp", data); err != nil {
				return err
			}
			return storeWhole(s, name, data)
		}
	}},
	{"puts-nothing", "put", "takes the file and forgets it", func(s *server) { s.store = func(*server, string, []byte) error { return nil } }},
	{"put-names-in-lower-case", "put", "lowers the whole command", func(s *server) { putName(s, strings.ToLower) }},
	{"put-names-without-ending", "put", "takes the name up to its last dot", func(s *server) {
		putName(s, func(n string) string { return strings.TrimSuffix(n, filepath.Ext(n)) })
	}},
	{"put-stored-at-the-end", "put", "stores what came when the client has left", func(s *server) {
		s.store = func(s *server, name string, data []byte) error { s.memo[name] = string(data); return nil }
		s.left = func(s *server, c net.Conn, err error) {
			for name, data := range s.memo {
				storeWhole(s, name, []byte(data))
			}
			left(s, c, err)
		}
	}},
	{"put-names-split", "put", "takes the name up to a space", func(s *server) { putName(s, func(n string) string { n, _, _ = strings.Cut(n, " "); return n }) }},
	{"put-names-ascii", "put", "decodes names as ASCII", func(s *server) { putName(s, ascii) }},
	{"put-names-of-100-bytes", "put", "has a buffer of 100 bytes for the name", func(s *server) { putName(s, func(n string) string { return n[:min(100, len(n))] }) }},
	{"put-names-of-2-bytes", "put", "wants names of at least two bytes", func(s *server) {
		putName(s, func(n string) string {
			if len(n) < 2 {
				return "?"
			}
			return n
		})
	}},
	{"put-appends", "put-overwrites", "opens the file for appending", func(s *server) {
		s.store = func(s *server, name string, data []byte) error { return writeWith(s, name, data, os.O_APPEND) }
	}},
	{"put-does-not-truncate", "put-overwrites", "writes over the beginning of the old file", func(s *server) {
		s.store = func(s *server, name string, data []byte) error { return writeWith(s, name, data, 0) }
	}},
	{"put-keeps-the-old", "put-overwrites", "keeps a file that is there already", func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			if _, err := os.Stat(s.path(s, name)); err == nil {
				return nil
			}
			return storeWhole(s, name, data)
		}
	}},
	{"put-renames", "put-overwrites", "stores under another name when there is a file already", func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			if _, err := os.Stat(s.path(s, name)); err == nil {
				name += " (1)"
			}
			return storeWhole(s, name, data)
		}
	}},
	{"put-once-from-clients", "put-overwrites", "keeps the first upload of a name", func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			if s.memo[name] != "" {
				return nil
			}
			s.memo[name] = "put"
			return storeWhole(s, name, data)
		}
	}},
	{"partial-files-stay", "remnant-exit", "writes to the file while it comes, and leaves it when it is interrupted", func(s *server) {
		s.take = func(s *server, k *client, name string, size uint64) ([]byte, error) {
			return takeInto(s, k, name, size, func() bool { return s.ctx.Err() == nil })
		}
	}},
	{"temporary-files-stay", "remnant-exit", "writes to a temporary file, and leaves it when it is interrupted", func(s *server) {
		s.take = func(s *server, k *client, name string, size uint64) ([]byte, error) {
			b, err := takeInto(s, k, name+".part", size, func() bool { return s.ctx.Err() == nil })
			if err == nil {
				os.Remove(s.path(s, name+".part"))
			}
			return b, err
		}
	}},
	{"cut-uploads-stay", "remnant-abort", "stores what came of an upload when the client leaves", func(s *server) {
		s.take = func(s *server, k *client, name string, size uint64) ([]byte, error) {
			return takeInto(s, k, name, size, func() bool { return false })
		}
	}},
}

// writeWith stores with other flags than those that truncate.
func writeWith(s *server, name string, data []byte, flag int) error {
	f, err := os.OpenFile(s.path(s, name), os.O_CREATE|os.O_WRONLY|flag, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(data)
	return err
}

// takeInto writes to a file while it comes. If it is cut, it is removed if
// clear says so.
func takeInto(s *server, k *client, name string, size uint64, clear func() bool) ([]byte, error) {
	if size > mostUpload {
		return nil, errCut
	}
	b := make([]byte, 0, size)
	piece := make([]byte, 4096)
	for uint64(len(b)) < size {
		n, err := k.r.Read(piece[:min(len(piece), int(size)-len(b))])
		b = append(b, piece[:n]...)
		if err := storeWhole(s, name, b); err != nil {
			return nil, err
		}
		if err != nil {
			if clear() {
				os.Remove(s.path(s, name))
			}
			return nil, errCut
		}
	}
	return b, nil
}

// wrongBytes change files on their way.
var wrongBytes = []serverFault{
	{"text-mode", "any-type", "opens files as text, which changes the ends of lines", func(s *server) { changed(s, replacing("\r\n", "\n")) }},
	{"strings-of-c", "any-type", "takes data for strings that end with NUL", func(s *server) {
		changed(s, func(b []byte) []byte { b, _, _ = bytes.Cut(b, []byte{0}); return b })
	}},
	{"utf8-replaced", "any-type", "decodes what it sends and stores", func(s *server) {
		changed(s, func(b []byte) []byte { return []byte(strings.ToValidUTF8(string(b), "\uFFFD")) })
	}},
	{"ascii-only", "any-type", "leaves out what is not ASCII", func(s *server) {
		changed(s, func(b []byte) []byte { return bytes.Map(func(r rune) rune { return asciiOrNone(r) }, b) })
	}},
	{"strips-space", "any-type", "strips white space", func(s *server) { changed(s, bytes.TrimSpace) }},
	{"ends-at-bye", "any-type", "looks for commands in data", func(s *server) {
		changed(s, func(b []byte) []byte { b, _, _ = bytes.Cut(b, []byte("bye")); return b })
	}},
	{"adds-newline", "any-type", "ends every file with a newline", func(s *server) {
		changed(s, func(b []byte) []byte {
			if bytes.HasSuffix(b, []byte("\n")) {
				return b
			}
			return append(b, '\n')
		})
	}},
	{"size-of-16-bits", "sizes", "keeps the size in 16 bits", func(s *server) {
		s.size = func(n int) []byte { return size64(n & 0xFFFF) }
		s.take = func(s *server, k *client, name string, size uint64) ([]byte, error) {
			return takeAll(s, k, name, size&0xFFFF)
		}
	}},
	{"whole-blocks-only", "sizes", "sends and stores whole blocks of 1,024 bytes", func(s *server) {
		changed(s, func(b []byte) []byte { return b[:len(b)/1024*1024] })
	}},
	{"waits-for-a-short-block", "sizes", "takes a short block for the end, which a file of whole blocks does not have", func(s *server) {
		changed(s, func(b []byte) []byte {
			if len(b)%1024 == 0 {
				return b[:max(0, len(b)-1024)]
			}
			return b
		})
	}},
	{"one-mib-at-most", "sizes", "takes and sends one MiB at most", func(s *server) {
		changed(s, func(b []byte) []byte { return b[:min(len(b), 1<<20)] })
	}},
	{"empty-files-unsent", "sizes", "takes an empty file for one that is not there", func(s *server) {
		s.load = func(s *server, name string) ([]byte, error) {
			b, err := loadFile(s, name)
			if len(b) == 0 {
				return nil, errMissing
			}
			return b, err
		}
	}},
	{"empty-files-unstored", "sizes", "makes no file if nothing comes", func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			if len(data) == 0 {
				return nil
			}
			return storeWhole(s, name, data)
		}
	}},
	{"one-write", "sizes", "uses send() and does not look at what it gives back", func(s *server) {
		s.write = func(s *server, c net.Conn, b []byte) error { return writeAll(s, c, b[:min(len(b), 60000)]) }
	}},
}

func asciiOrNone(r rune) rune {
	if r >= utf8.RuneSelf {
		return -1
	}
	return r
}

// wrongErrors go wrong when something else does.
var wrongErrors = []serverFault{
	{"stops-at-an-error", "unclean-close", "ends at any error of a connection", func(s *server) {
		s.left = func(s *server, c net.Conn, err error) {
			left(s, c, err)
			if err != nil {
				s.stop()
			}
		}
	}},
	{"stops-at-silent-clients", "unclean-close", "ends when a client leaves without having said anything", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) {
			b := make([]byte, 1)
			if n, _ := k.r.Read(b); n == 0 {
				if s.count++; s.count > 1 {
					s.stop()
				}
				return false, nil
			}
			return nextCommand(s, &client{c: k.c, r: prepended(b, k.r)})
		}
	}},
	{"stops-at-reset", "unclean-close", "ends when a client resets", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) {
			b := make([]byte, 1)
			if n, err := k.r.Read(b); n == 0 {
				if isNetError(err) {
					s.stop()
				}
				return false, nil
			}
			return nextCommand(s, &client{c: k.c, r: prepended(b, k.r)})
		}
	}},
	{"stops-at-an-unknown-command", "bad-command", "ends at a command that it does not know", func(s *server) {
		s.unknown = func(s *server, _ *client, _ byte) (bool, error) { s.stop(); return false, errUnknown }
	}},
	{"unknown-commands-block", "bad-command", "waits for ever at a command that it does not know, and so do all others", func(s *server) {
		s.unknown = func(s *server, _ *client, _ byte) (bool, error) {
			s.turn <- struct{}{}
			<-s.ctx.Done()
			return false, errUnknown
		}
		s.list = func(s *server, k *client) (b []byte) { s.alone(func() { b = listNow(s, k) }); return b }
	}},
	{"names-unchecked", "traversal", "puts the name behind the folder, whatever it is", func(s *server) { s.check = func(string) error { return nil } }},
	{"absolute-names", "traversal", "takes absolute names as os.path.join() does", func(s *server) {
		s.check = func(name string) error {
			if filepath.IsAbs(name) {
				return nil
			}
			return checkName(name)
		}
		s.path = func(s *server, name string) string {
			if filepath.IsAbs(name) {
				return name
			}
			return pathOf(s, name)
		}
	}},
	{"dots-in-front-only", "traversal", "looks for ../ at the beginning alone", func(s *server) {
		s.check = func(name string) error {
			if strings.HasPrefix(name, "../") || filepath.IsAbs(name) {
				return errName
			}
			return nil
		}
	}},
	{"leaks-sockets", "no-leak", "makes a socket for every client and never closes it", func(s *server) {
		s.accepted = func(s *server, c net.Conn) {
			s.say("Connection received from %s", c.RemoteAddr())
			s.env.ListenPacket("udp4", ":0")
		}
	}},
	{"leaks-at-gets", "no-leak", "makes a socket for every download and never closes it", func(s *server) {
		s.load = func(s *server, name string) ([]byte, error) {
			s.env.ListenPacket("udp4", ":0")
			return loadFile(s, name)
		}
	}},
	{"leaks-at-discovery", "no-leak", "makes a socket for every answer and never closes it", func(s *server) {
		s.answer = func(s *server, _ net.PacketConn, from net.Addr) {
			if pc, err := s.env.ListenPacket("udp4", ":0"); err == nil {
				pc.WriteTo([]byte(serviceName), from)
			}
		}
	}},
	{"errors-uncaught", "no-traceback", "catches no exception in a client's thread", func(s *server) {
		s.left = func(s *server, c net.Conn, err error) {
			if err != nil {
				s.traceback(err)
			}
			left(s, c, err)
		}
	}},
	{"eof-uncaught", "no-traceback", "catches no exception when a client resets", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) {
			b := make([]byte, 1)
			if n, err := k.r.Read(b); n == 0 {
				if isNetError(err) && s.ctx.Err() == nil {
					s.traceback(err)
				}
				return false, nil
			}
			return nextCommand(s, &client{c: k.c, r: prepended(b, k.r)})
		}
	}},
}

func isNetError(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op)
}
