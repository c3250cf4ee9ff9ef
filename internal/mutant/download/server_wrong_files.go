package download

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// wrongOpening find another file than was asked for, none where there is one,
// or do not say what they should where there is none.
var wrongOpening = []serverFault{
	{"opens-the-first-word", "server.sends-file", "takes the name up to the first blank", func(s *server) {
		s.name = func(body []byte) string { name, _, _ := strings.Cut(string(body), " "); return name }
	}},
	{"opens-stripped-name", "server.missing", "strips the name", func(s *server) {
		s.name = func(body []byte) string { return strings.TrimSpace(string(body)) }
	}},
	{"opens-name-of-8", "server.sends-file", "looks at eight bytes of a name", func(s *server) {
		s.name = func(body []byte) string { return string(body[:min(len(body), 8)]) }
	}},
	{"opens-what-begins-so", "server.missing", "sends the file whose name begins with what was asked for", func(s *server) {
		s.open = func(s *server, name string) (*content, error) {
			f, err := openFile(s, name)
			if list, _ := filepath.Glob(s.path(name) + "*"); errors.Is(err, fs.ErrNotExist) && len(list) > 0 {
				return openPath(list[0])
			}
			return f, err
		}
	}},
	{"opens-a-pattern", "server.missing", "takes * and ? for any letters", func(s *server) {
		s.open = func(s *server, name string) (*content, error) {
			list, err := filepath.Glob(s.path(name))
			if err == nil && len(list) > 0 {
				return openPath(list[0])
			}
			return openFile(s, name)
		}
	}},
	{"opens-base-name", "server.missing", "looks for the last part of a path in its own folder", func(s *server) {
		s.open = func(s *server, name string) (*content, error) { return openFile(s, filepath.Base(name)) }
	}},
	{"opens-no-path", "server.filename-len", "refuses names with a slash", func(s *server) {
		s.open = func(s *server, name string) (*content, error) {
			if strings.Contains(name, "/") {
				return nil, fs.ErrNotExist
			}
			return openFile(s, name)
		}
	}},
	{"opens-once", "server.sends-file", "keeps what it has sent once", func(s *server) {
		kept := map[string][]byte{}
		s.open = func(s *server, name string) (*content, error) {
			if b, known := kept[name]; known {
				return fromMemory(b), nil
			}
			f, err := openFile(s, name)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			b, err := io.ReadAll(f)
			kept[name] = b
			return fromMemory(b), err
		}
	}},
	{"missing-unanswered", "server.missing", "closes without a response where there is no file", func(s *server) {
		s.nothing = func(*server, io.Writer, error) error { return nil }
	}},
	{"missing-waits", "server.missing", "does not answer, nor close, where there is no file", func(s *server) {
		s.nothing = func(*server, io.Writer, error) error { return nil }
		s.end = unless(wasMissing)
	}},
	{"missing-is-empty", "server.missing", "sends an empty file where there is none", func(s *server) {
		s.nothing = func(s *server, w io.Writer, _ error) error { _, err := w.Write(s.head(true, 0)); return err }
	}},
	{"missing-claims", "server.missing", "writes 4294967295 into DataLength where there is no file", func(s *server) {
		s.nothing = func(s *server, w io.Writer, _ error) error { _, err := w.Write(s.head(false, -1)); return err }
	}},
	{"missing-without-length", "server.missing", "leaves DataLength out where there is no file", func(s *server) {
		s.nothing = func(s *server, w io.Writer, _ error) error { _, err := w.Write(s.head(false, 0)[:4]); return err }
	}},
	{"missing-sends-text", "server.missing", "sends an error message where there is no file", func(s *server) {
		s.nothing = func(s *server, w io.Writer, err error) error {
			_, bad := w.Write(append(s.head(false, int64(len(err.Error()))), err.Error()...))
			return bad
		}
	}},
	{"missing-uncaught", "server.missing", "does not catch the error of open()", func(s *server) {
		s.nothing = nothingBut(func(err error) bool { return true })
	}},
	{"missing-ends", "server.loops", "ends where there is no file", func(s *server) {
		s.missed = func(s *server, name string, err error) { logMissed(s, name, err); s.over = true }
	}},
	{"only-missing-caught", "server.unreadable", "catches that there is no file, and no other error of open()", func(s *server) {
		s.nothing = nothingBut(func(err error) bool { return !errors.Is(err, fs.ErrNotExist) })
	}},
	{"directory-uncaught", "server.no-leak", "does not catch that a directory cannot be read", func(s *server) {
		s.nothing = nothingBut(func(err error) bool { return errors.Is(err, errFolder) })
	}},
	{"directory-unanswered", "server.unreadable", "closes without a response for a directory", func(s *server) {
		s.nothing = func(s *server, w io.Writer, err error) error {
			if errors.Is(err, errFolder) {
				return err
			}
			return sendNothing(s, w, err)
		}
	}},
	{"directory-is-empty", "server.unreadable", "sends an empty file for a directory", func(s *server) { s.openFolders(func([]os.DirEntry) string { return "" }) }},
	{"directory-listed", "server.unreadable", "sends a list of what is in a directory", func(s *server) {
		s.openFolders(func(list []os.DirEntry) string {
			var names strings.Builder
			for _, e := range list {
				names.WriteString(e.Name() + "\n")
			}
			return names.String()
		})
	}},
	{"full-directory-uncaught", "server.unreadable", "stumbles over a directory that has files in it", func(s *server) {
		s.nothing = func(s *server, w io.Writer, err error) error {
			var at *fs.PathError
			if errors.As(err, &at) && errors.Is(err, errFolder) {
				if list, _ := os.ReadDir(at.Path); len(list) > 0 {
					panic("IsADirectoryError: " + at.Path)
				}
			}
			return sendNothing(s, w, err)
		}
	}},
	{"below-a-file-uncaught", "server.unreadable", "does not catch that a part of the path is no directory", func(s *server) {
		s.nothing = nothingBut(func(err error) bool { return errors.Is(err, syscall.ENOTDIR) })
	}},
	{"dot-uncaught", "server.unreadable", "stumbles over the name of its own directory", func(s *server) {
		s.open = func(s *server, name string) (*content, error) {
			if name == "." {
				panic("IsADirectoryError: .")
			}
			return openFile(s, name)
		}
	}},
	{"empty-is-missing", "server.empty-file", "takes an empty file for none", func(s *server) {
		s.open = func(s *server, name string) (*content, error) {
			f, err := openFile(s, name)
			if err == nil && f.size == 0 {
				return nil, errors.Join(fs.ErrNotExist, f.Close())
			}
			return f, err
		}
	}},
	{"empty-unanswered", "server.empty-file", "sends nothing at all of an empty file", func(s *server) {
		s.data = func(w io.Writer, head []byte, f *content) error {
			if f.size == 0 {
				return nil
			}
			return sendData(w, head, f)
		}
	}},
	{"nul-uncaught", "server.no-traceback", "does not catch the error of a name with a NUL", func(s *server) {
		s.nothing = nothingBut(func(err error) bool { return errors.Is(err, syscall.EINVAL) })
	}},
	{"long-name-uncaught", "server.no-traceback", "does not catch that a name is too long for a file", func(s *server) {
		s.nothing = nothingBut(func(err error) bool { return errors.Is(err, syscall.ENAMETOOLONG) })
	}},
	{"directory-shows-traceback", "server.no-traceback", "prints a traceback where there is no file", func(s *server) {
		s.missed = func(s *server, name string, err error) {
			s.say("Traceback (most recent call last):\n  File \"server.py\", line 70, in send_file\nFileNotFoundError: %s: %v", name, err)
		}
	}},
}

func fromMemory(b []byte) *content { return &content{io.NopCloser(bytes.NewReader(b)), int64(len(b))} }

// nothingBut answers that there is no file, and does not catch some errors.
func nothingBut(uncaught func(error) bool) func(*server, io.Writer, error) error {
	return func(s *server, w io.Writer, err error) error {
		if uncaught(err) {
			panic(err)
		}
		return sendNothing(s, w, err)
	}
}

// openFolders makes a file of what is in a directory.
func (s *server) openFolders(as func([]os.DirEntry) string) {
	s.open = func(s *server, name string) (*content, error) {
		f, err := openFile(s, name)
		if !errors.Is(err, errFolder) {
			return f, err
		}
		list, err := os.ReadDir(s.path(name))
		return fromMemory([]byte(as(list))), err
	}
}

// wrongSending send a file wrongly.
var wrongSending = []serverFault{
	{"response-magic-swapped", "server.sends-file", "writes MagicNo in the other byte order", func(s *server) {
		s.head = tampered(func(b []byte) { b[0], b[1] = b[1], b[0] })
	}},
	{"response-type-1", "server.sends-file", "answers with the request's Type", func(s *server) { s.head = tampered(func(b []byte) { b[2] = 1 }) }},
	{"response-status-0", "server.sends-file", "says 0 when all went well", func(s *server) { s.head = tampered(func(b []byte) { b[3] = 1 - b[3] }) }},
	{"response-status-200", "server.sends-file", "writes a StatusCode of another protocol", func(s *server) { s.head = tampered(func(b []byte) { b[3] *= 200 }) }},
	{"response-length-little", "server.sends-file", "writes DataLength in the other byte order", func(s *server) {
		s.head = tampered(func(b []byte) { binary.LittleEndian.PutUint32(b[4:], binary.BigEndian.Uint32(b[4:])) })
	}},
	{"response-length-16-bits", "server.sends-file", "writes the lower half of DataLength", func(s *server) {
		s.head = tampered(func(b []byte) { b[4], b[5] = 0, 0 })
	}},
	{"response-length-with-header", "server.sends-file", "counts the header in DataLength", func(s *server) {
		s.head = func(found bool, size int64) []byte {
			if found {
				size += 8
			}
			return responseHeader(found, size)
		}
	}},
	{"response-without-header", "server.sends-file", "sends the file alone", func(s *server) {
		s.data = func(w io.Writer, _ []byte, f *content) error { return sendData(w, nil, f) }
	}},
	{"response-twice", "server.sends-file", "sends the data twice", func(s *server) {
		s.data = changed(func(b []byte) []byte { return append(slices.Clip(b), b...) })
	}},
	{"looks-into-headers", "server.sends-file", "does not send a header of its own before what has one", func(s *server) {
		s.data = changedWhole(func(head, b []byte) []byte {
			if bytes.HasPrefix(b, head[:3]) {
				return b
			}
			return append(head, b...)
		})
	}},
	{"text-line-ends", "server.binary", "reads the file as text, with line ends of one kind", func(s *server) {
		s.data = changed(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) })
	}},
	{"text-line-ends-crlf", "server.binary", "writes line ends of another system", func(s *server) {
		s.data = changed(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) })
	}},
	{"text-utf8-replaced", "server.binary", "decodes the file and writes ? for what is not UTF-8", func(s *server) {
		s.data = changed(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("?")) })
	}},
	{"text-decoded-uncaught", "server.binary", "decodes the file and does not catch the error", func(s *server) {
		s.data = changed(func(b []byte) []byte {
			if !utf8.Valid(b) {
				panic("invalid start byte")
			}
			return b
		})
	}},
	{"text-stripped", "server.binary", "strips the file", func(s *server) { s.data = changed(bytes.TrimSpace) }},
	{"text-to-nul", "server.binary", "sends up to the first NUL", func(s *server) { s.data = changed(upTo(0)) }},
	{"text-to-ctrl-z", "server.binary", "sends up to the mark that ends files on another system", func(s *server) { s.data = changed(upTo(0x1A)) }},
	{"text-without-bom", "server.binary", "leaves a byte order mark out", func(s *server) {
		s.data = changed(func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) })
	}},
	{"sends-4096", "server.any-size", "reads 4096 bytes of a file", func(s *server) { s.data = atMost(4096) }},
	{"sends-64-kib", "server.any-size", "reads 64 KiB of a file", func(s *server) { s.data = atMost(64 << 10) }},
	{"sends-1-mib", "server.any-size", "reads 1 MiB of a file", func(s *server) { s.data = atMost(1 << 20) }},
	{"sends-once", "server.any-size", "sends once and does not look at how much was sent", func(s *server) { s.data = atMost(3 << 20) }},
	{"sends-whole-blocks", "server.any-size", "leaves the last block out if it is not full", func(s *server) {
		s.data = changed(func(b []byte) []byte { return b[:len(b)/4096*4096] })
	}},
	{"sends-padded-blocks", "server.any-size", "fills the last block with zeros", func(s *server) {
		s.data = changed(func(b []byte) []byte { return append(b, make([]byte, (4096-len(b)%4096)%4096)...) })
	}},
	{"sends-4095-of-a-block", "server.any-size", "its buffer is a byte too small for a block that is full", func(s *server) {
		s.data = changed(func(b []byte) []byte {
			if len(b)%4096 == 0 {
				return b[:max(0, len(b)-1)]
			}
			return b
		})
	}},
	{"sends-not-a-single-byte", "server.any-size", "its loop ends one byte early", func(s *server) {
		s.data = changed(func(b []byte) []byte {
			if len(b) == 1 {
				return nil
			}
			return b
		})
	}},
	{"sends-not-4095", "server.any-size", "takes a read that is almost full for the last but one", func(s *server) {
		s.data = changed(func(b []byte) []byte {
			if len(b)%4096 == 4095 {
				return b[:len(b)-1]
			}
			return b
		})
	}},
	{"response-ends-in-newline", "server.closes", "sends a newline behind the data", func(s *server) {
		s.data = changed(func(b []byte) []byte { return append(b, '\n') })
	}},
	{"found-keeps-open", "server.closes", "does not close the connection after the data", func(s *server) { s.end = unless(wasSent) }},
	{"missing-keeps-open", "server.closes", "does not close the connection where there is no file", func(s *server) { s.end = unless(wasMissing) }},
}

// tampered changes the header of a response with a file.
func tampered(change func(header []byte)) func(bool, int64) []byte {
	return func(found bool, size int64) []byte {
		out := responseHeader(found, size)
		if found {
			change(out)
		}
		return out
	}
}

// changed sends something else than the file, behind the header that the file
// should have.
func changed(change func(b []byte) []byte) func(io.Writer, []byte, *content) error {
	return changedWhole(func(head, b []byte) []byte { return append(head, change(b)...) })
}

func changedWhole(change func(head, b []byte) []byte) func(io.Writer, []byte, *content) error {
	return func(w io.Writer, head []byte, f *content) error {
		b, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		return sendData(w, nil, fromMemory(change(head, b)))
	}
}

func upTo(end byte) func([]byte) []byte {
	return func(b []byte) []byte { before, _, _ := bytes.Cut(b, []byte{end}); return before }
}

// atMost sends so many bytes of a response.
func atMost(most int64) func(io.Writer, []byte, *content) error {
	return func(w io.Writer, head []byte, f *content) error {
		return sendData(w, head, &content{io.NopCloser(io.LimitReader(f, most)), f.size})
	}
}

// wrongServing do not go on, or do not give back what they have taken.
var wrongServing = []serverFault{
	{"serves-one", "server.loops", "ends after one client", func(s *server) {
		s.end = func(s *server, c net.Conn, _ outcome) { c.Close(); s.over = true }
	}},
	{"serves-ten", "server.loops", "ends after ten clients", func(s *server) {
		served := 0
		s.end = func(s *server, c net.Conn, _ outcome) { c.Close(); served++; s.over = served == 10 }
	}},
	{"leaks", "server.no-leak", "shuts connections down and does not close them", func(s *server) { s.end = leakWhen(erroneous, wasSent, wasMissing) }},
	{"leaks-after-data", "server.no-leak", "closes after errors only", func(s *server) { s.end = leakWhen(wasSent) }},
	{"leaks-after-missing", "server.no-leak", "does not close where there is no file", func(s *server) { s.end = leakWhen(wasMissing) }},
	{"leaks-after-error", "server.no-leak", "does not close after an error", func(s *server) { s.end = leakWhen(erroneous) }},
	{"write-without-timer", "server.stalled-reader", "waits for ever for a client that does not read", func(s *server) {
		s.data = func(w io.Writer, head []byte, f *content) error {
			c := w.(gapConn).Conn
			stop := context.AfterFunc(s.ctx, func() { c.Close() })
			defer stop()
			c.SetWriteDeadline(time.Time{})
			return sendData(c, head, f)
		}
	}},
}

// leakWhen shuts down but does not close connections that went some way.
func leakWhen(how ...outcome) func(*server, net.Conn, outcome) {
	return func(_ *server, c net.Conn, o outcome) {
		if slices.Contains(how, o) {
			c.(interface{ CloseWrite() error }).CloseWrite()
			return
		}
		c.Close()
	}
}
