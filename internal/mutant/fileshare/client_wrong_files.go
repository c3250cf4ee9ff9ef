package fileshare

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// wrongConnections connect and leave badly.
var wrongConnections = []clientFault{
	{"connects-to-30001", "connect", "connects to the usual port, whatever is typed", func(u *console) {
		u.target = func(host, _ string) (string, error) { return net.JoinHostPort(host, "30001"), nil }
	}},
	{"connects-to-loopback", "connect", "connects to its own machine, whatever is typed", func(u *console) {
		u.target = func(_, port string) (string, error) { return net.JoinHostPort("127.0.0.1", port), nil }
	}},
	{"connects-late", "connect", "connects when the first command comes", func(u *console) {
		u.dial = func(u *console, address string) error { u.memo["address"] = address; return nil }
	}},
	{"refused-uncaught", "connect-refused", "does not catch the error of connect()", func(u *console) {
		u.dial = func(u *console, address string) error {
			if err := dialServer(u, address); err != nil {
				panic(err)
			}
			return nil
		}
	}},
	{"refused-silent", "connect-refused", "says nothing when nobody listens", func(u *console) {
		u.fail = silent(func(err error) bool { op := (*net.OpError)(nil); return errors.As(err, &op) })
	}},
	{"bye-says-so-only", "bye", "says goodbye and keeps the connection", func(u *console) {
		u.bye = func(u *console) error {
			if u.conn != nil {
				u.write(u, []byte{cmdBye})
			}
			u.say("Bye.")
			return nil
		}
	}},
	{"bye-waits", "bye", "waits for the server to close", func(u *console) {
		u.bye = func(u *console) error {
			if u.conn != nil {
				u.write(u, []byte{cmdBye})
				io.Copy(io.Discard, u.conn)
			}
			return sayBye(u)
		}
	}},
	{"bye-after-commands-only", "bye", "keeps a connection that was used", func(u *console) {
		u.bye = func(u *console) error {
			if u.memo["used"] != "" {
				return nil
			}
			return sayBye(u)
		}
		u.after = func(u *console, word string, _ error) {
			if word == "rlist" || word == "get" {
				u.memo["used"] = "yes"
			}
		}
	}},
	{"closes-after-put", "sequence", "closes after it has sent a file", closingAfter("put")},
	{"closes-after-get", "sequence", "closes after it has fetched a file", closingAfter("get")},
	{"closes-after-llist", "sequence", "closes when it shows its own files", closingAfter("llist")},
	{"closes-after-rlist", "rlist", "closes after it has shown a list", closingAfter("rlist")},
	{"one-mib-at-most", "sequence", "sends and fetches one MiB at most", func(u *console) {
		changing(u, func(b []byte) []byte { return b[:min(len(b), 1<<20)] })
	}},
	{"one-write", "sequence", "uses send() and does not look at what it gives back", func(u *console) {
		u.write = func(u *console, b []byte) error { _, err := u.conn.Write(b[:min(len(b), 64<<10)]); return err }
	}},
	{"gone-unnoticed", "server-gone", "goes on reading when the server has closed", func(u *console) {
		u.fill = func(u *console, r io.Reader, b []byte) error {
			for u.ctx.Err() == nil {
				if fillFrom(u, r, b) == nil {
					return nil
				}
				rest(u)
			}
			return errServerGone
		}
	}},
	{"sends-for-ever", "server-gone", "tries again for ever when it cannot send", func(u *console) {
		u.write = func(u *console, b []byte) error {
			for u.ctx.Err() == nil {
				if _, err := u.conn.Write(b); err == nil {
					return nil
				}
				rest(u)
			}
			return errServerGone
		}
	}},
	{"cut-files-await-the-rest", "server-gone", "waits for the rest of a file when the server has closed", func(u *console) {
		u.take = func(u *console, name string, size uint64) ([]byte, error) {
			b, err := takeFile(u, name, size)
			for name != "" && err != nil && u.ctx.Err() == nil {
				rest(u)
			}
			return b, err
		}
	}},
}

// rest waits a little, unless the program is to end.
func rest(u *console) {
	select {
	case <-time.After(100 * time.Millisecond):
	case <-u.ctx.Done():
	}
}

// silent tells nothing of certain errors.
func silent(of func(error) bool) func(*console, error) {
	return func(u *console, err error) {
		if !of(err) {
			u.say("Error: %v", err)
		}
	}
}

func closingAfter(word string) func(*console) {
	return func(u *console) {
		u.after = func(u *console, w string, _ error) {
			if w == word {
				u.hangUp()
			}
		}
	}
}

// changing applies a change to what a file holds, in both directions.
func changing(u *console, change func([]byte) []byte) {
	u.load = func(u *console, name string) ([]byte, error) {
		b, err := os.ReadFile(u.path(name))
		return change(b), err
	}
	u.store = func(u *console, name string, data []byte) error {
		return os.WriteFile(u.path(name), change(data), 0o644)
	}
}

func savingWith(flag int) func(*console, string, []byte) error {
	return func(u *console, name string, data []byte) error {
		f, err := os.OpenFile(u.path(name), os.O_CREATE|os.O_WRONLY|flag, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Write(data)
		return err
	}
}

// wrongFiles send and store something else.
var wrongFiles = []clientFault{
	{"puts-paths", "put", "sends the path of the file for its name", func(u *console) { u.wired = func(n string) string { return folderName + "/" + n } }},
	{"lowers-lines", "put", "lowers the whole line", func(u *console) {
		u.parse = func(line string) (string, string) { return parseLine(strings.ToLower(line)) }
	}},
	{"put-size-on-disk", "put", "counts blocks", func(u *console) {
		u.size = func(n int) []byte { return size64((n + 4095) / 4096 * 4096) }
	}},
	{"put-size-as-text", "put", "writes the size as a text of eight digits", func(u *console) {
		u.size = func(n int) []byte { return fmt.Appendf(nil, "%08d", n) }
	}},
	{"put-keeps-data", "put", "sends again what it sent first of a name", func(u *console) {
		u.load = func(u *console, name string) ([]byte, error) {
			if b, known := u.memo["sent "+name]; known {
				return []byte(b), nil
			}
			b, err := os.ReadFile(u.path(name))
			if err == nil {
				u.memo["sent "+name] = string(b)
			}
			return b, err
		}
	}},
	{"size-little-endian", "put", "writes the size low byte first", func(u *console) {
		u.size = func(n int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }
	}},
	{"size-of-16-bits", "put", "keeps the size in 16 bits", func(u *console) { u.size = func(n int) []byte { return size64(n & 0xFFFF) } }},
	{"put-first-block", "put", "sends 1,023 bytes at most", func(u *console) {
		u.load = func(u *console, name string) ([]byte, error) {
			b, err := os.ReadFile(u.path(name))
			return b[:min(1023, len(b))], err
		}
	}},
	{"put-empty-refused", "put", "takes an empty file for one that is not there", func(u *console) {
		u.load = func(u *console, name string) ([]byte, error) {
			b, err := os.ReadFile(u.path(name))
			if len(b) == 0 {
				return nil, errNoFile
			}
			return b, err
		}
	}},
	{"put-leaves-out-1-byte", "put", "leaves out the last byte", func(u *console) {
		u.load = func(u *console, name string) ([]byte, error) {
			b, err := os.ReadFile(u.path(name))
			return b[:max(0, len(b)-1)], err
		}
	}},
	{"get-elsewhere", "get", "stores beside its folder", func(u *console) {
		u.store = func(u *console, name string, data []byte) error {
			return os.WriteFile(filepath.Join(u.Dir, name), data, 0o644)
		}
	}},
	{"get-in-lower-case", "get", "stores under the name in lower case", func(u *console) {
		u.store = func(u *console, name string, data []byte) error {
			return os.WriteFile(u.path(strings.ToLower(name)), data, 0o644)
		}
	}},
	{"get-as-new", "get", "puts new_ before the name", func(u *console) {
		u.store = func(u *console, name string, data []byte) error {
			return os.WriteFile(u.path("new_"+name), data, 0o644)
		}
	}},
	{"get-stored-at-bye", "get", "stores what it has fetched when it ends", func(u *console) {
		u.store = func(u *console, name string, data []byte) error { u.memo[name] = string(data); return nil }
		u.bye = func(u *console) error {
			for name, data := range u.memo {
				os.WriteFile(u.path(name), []byte(data), 0o644)
			}
			return sayBye(u)
		}
	}},
	{"get-first-block", "get", "stores 1,023 bytes at most", func(u *console) {
		u.store = func(u *console, name string, data []byte) error {
			return os.WriteFile(u.path(name), data[:min(1023, len(data))], 0o644)
		}
	}},
	{"get-appends", "get", "appends to the file that is there", func(u *console) { u.store = savingWith(os.O_APPEND) }},
	{"get-does-not-truncate", "get", "writes over the beginning of the old file", func(u *console) { u.store = savingWith(0) }},
	{"get-empty-unstored", "get", "makes no file if nothing comes", func(u *console) {
		u.store = func(u *console, name string, data []byte) error {
			if len(data) == 0 {
				return nil
			}
			return os.WriteFile(u.path(name), data, 0o644)
		}
	}},
	{"get-leaves-out-1-byte", "get", "leaves out the last byte", func(u *console) {
		u.store = func(u *console, name string, data []byte) error {
			return os.WriteFile(u.path(name), data[:max(0, len(data)-1)], 0o644)
		}
	}},
	{"text-mode", "get", "opens files as text, which changes the ends of lines", func(u *console) { changing(u, replacing("\r\n", "\n")) }},
	{"strings-of-c", "put", "takes data for strings that end with NUL", func(u *console) {
		changing(u, func(b []byte) []byte { b, _, _ = bytes.Cut(b, []byte{0}); return b })
	}},
	{"utf8-replaced", "get", "decodes what it sends and stores", func(u *console) {
		changing(u, func(b []byte) []byte { return []byte(strings.ToValidUTF8(string(b), "\uFFFD")) })
	}},
	{"strips-space", "put", "strips white space", func(u *console) { changing(u, bytes.TrimSpace) }},
	{"one-recv-for-data", "get", "reads a file with one recv()", func(u *console) {
		u.take = func(u *console, _ string, size uint64) ([]byte, error) {
			b := make([]byte, min(size, u.limit))
			n, _ := u.conn.Read(b)
			return b[:n], nil
		}
	}},
	{"one-recv-for-lists", "rlist", "reads a list with one recv()", func(u *console) {
		u.rlist = func(u *console) error {
			u.write(u, []byte{cmdList})
			b := make([]byte, 4096)
			n, err := u.conn.Read(b)
			if err != nil {
				return errServerGone
			}
			u.show(u, u.split(b[min(8, n):n]))
			return nil
		}
	}},
	{"missing-stays-empty", "get-missing", "makes the file before it knows that it comes", func(u *console) {
		u.early = func(u *console, name string) { os.WriteFile(u.path(name), nil, 0o644) }
	}},
	{"missing-silent", "get-missing", "says nothing when the server has no such file", func(u *console) {
		u.fail = silent(func(err error) bool { return errors.Is(err, errServerGone) })
	}},
	{"missing-ends", "get-missing", "ends when the server has no such file", func(u *console) {
		u.fail = func(u *console, err error) { u.say("Error: %v", err); u.over = errors.Is(err, errServerGone) }
	}},
	{"no-file-silent", "put-missing", "says nothing of a file that is not there", func(u *console) {
		u.fail = silent(func(err error) bool { return errors.Is(err, errNoFile) })
	}},
	{"no-file-ends", "put-missing", "ends at a file that is not there", func(u *console) {
		u.fail = func(u *console, err error) { u.say("Error: %v", err); u.over = errors.Is(err, errNoFile) }
	}},
}

// wrongReplies take what a server sends for something else.
var wrongReplies = []clientFault{
	{"rlist-first-only", "rlist", "shows the first name", func(u *console) {
		u.split = func(b []byte) []string { return strings.Split(string(b), "\n")[:1] }
	}},
	{"rlist-shows-1024-bytes", "rlist", "reads all of the list and shows 1,024 bytes of it", func(u *console) {
		u.split = func(b []byte) []string { return strings.Split(string(b[:min(len(b), 1024)]), "\n") }
	}},
	{"rlist-ascii", "rlist", "decodes names as ASCII", func(u *console) {
		u.split = func(b []byte) []string { return strings.Split(ascii(string(b)), "\n") }
	}},
	{"rlist-counts", "rlist", "shows how many files there are", func(u *console) {
		u.split = func(b []byte) []string { return []string{string(rune('0' + bytes.Count(b, []byte("\n"))))} }
	}},
	{"rlist-kept", "rlist", "asks for the list once", func(u *console) {
		u.rlist = func(u *console) error {
			if u.memo["list"] == "" {
				u.write(u, []byte{cmdList})
				b, err := u.sized("")
				if err != nil {
					return err
				}
				u.memo["list"] = string(b)
			}
			u.show(u, u.split([]byte(u.memo["list"])))
			return nil
		}
	}},
	{"rlist-adds-up", "rlist", "shows what it has been told before, too", func(u *console) {
		u.split = func(b []byte) []string {
			u.memo["list"] += string(b) + "\n"
			return strings.Split(u.memo["list"], "\n")
		}
	}},
	{"rlist-of-100-bytes", "rlist", "has a buffer of 50 bytes for the list", func(u *console) {
		u.split = func(b []byte) []string { return strings.Split(string(b[:min(50, len(b))]), "\n") }
	}},
	{"list-uncaught", "no-traceback", "does not catch the error of decode() in a list", func(u *console) {
		u.split = func(b []byte) []string {
			if !utf8.Valid(b) {
				panic("UnicodeDecodeError")
			}
			return strings.Split(string(b), "\n")
		}
	}},
	{"size-believed", "no-traceback", "makes a buffer of the announced size", func(u *console) {
		u.take = func(u *console, _ string, size uint64) ([]byte, error) {
			b := make([]byte, int64(size))
			err := u.fill(u, u.conn, b)
			return b, err
		}
	}},
	{"close-uncaught", "no-traceback", "does not catch that the server has closed", func(u *console) {
		u.fill = func(u *console, r io.Reader, b []byte) error {
			if err := fillFrom(u, r, b); err != nil && u.ctx.Err() == nil {
				panic(err)
			}
			return u.ctx.Err()
		}
	}},
}
