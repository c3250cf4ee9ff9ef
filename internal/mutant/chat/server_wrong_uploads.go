package chat

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

func isReset(err error) bool { return errors.Is(err, syscall.ECONNRESET) }

// decoded is what decode() gives, or raises.
func decoded(b []byte) []byte {
	if !utf8.Valid(b) {
		panic("invalid start byte")
	}
	return b
}

// A filter is a file that changes what is written to it.
type filter struct {
	io.WriteCloser
	change func(b []byte) []byte
}

func (f filter) Write(b []byte) (int, error) {
	f.WriteCloser.Write(f.change(b))
	return len(b), nil
}

// An ended file has a line's end behind what is written.
type ended struct{ io.WriteCloser }

func (e ended) Close() error {
	io.WriteString(e.WriteCloser, "\n")
	return e.WriteCloser.Close()
}

// filtered replaces how a file is opened.
func filtered(change func(b []byte) []byte) func(s *server) {
	return func(s *server) {
		s.open = func(s *server, path string) (io.WriteCloser, error) {
			f, err := create(s, path)
			return filter{f, change}, err
		}
	}
}

// opened replaces the flags that a file is opened with.
func opened(flags int) func(s *server) {
	return func(s *server) {
		s.open = func(_ *server, path string) (io.WriteCloser, error) {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flags, 0o644)
			if err != nil {
				return nil, err
			}
			return f, nil
		}
	}
}

// wrongUploads do not keep files as they should.
var wrongUploads = []serverFault{
	{"upload-single-recv", "server.upload", "takes one recv() for the whole file", func(s *server) {
		s.take = func(s *server, p *peer, data []byte) { p.left = min(p.left, len(data)); take(s, p, data) }
	}},
	{"upload-as-text", "server.upload", "opens the file as text", filtered(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) })},
	{"upload-decoded", "server.upload", "decodes the file", filtered(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("\uFFFD")) })},
	{"upload-to-the-first-zero", "server.upload", "writes up to the first zero byte of a piece", filtered(func(b []byte) []byte { return bytes.SplitN(b, []byte{0}, 2)[0] })},
	{"upload-stripped", "server.upload", "strips the pieces of a file", filtered(bytes.TrimSpace)},
	{"upload-of-64-kib", "server.upload", "takes 64 KiB at most", func(s *server) {
		s.open = func(s *server, path string) (io.WriteCloser, error) {
			f, err := create(s, path)
			room := 64 << 10
			return filter{f, func(b []byte) []byte {
				b = b[:min(len(b), room)]
				room -= len(b)
				return b
			}}, err
		}
	}},
	{"upload-in-the-wrong-folder", "server.upload", "stores files in the working directory", func(s *server) { s.path = filepath.Base }},
	{"upload-with-quotes", "server.upload", "keeps the quotes in the name", func(s *server) {
		s.path = func(name string) string { return filepath.Join(uploadFolder, "'"+filepath.Base(name)+"'") }
	}},
	{"upload-not-stored", "server.upload", "takes the bytes and forgets them", func(s *server) {
		s.open = func(*server, string) (io.WriteCloser, error) { return discard{}, nil }
	}},
	{"upload-one-byte-short", "server.upload", "stops one byte before the end", func(s *server) {
		s.begin = func(s *server, p *peer, u upload) { u.size = max(0, u.size-1); begin(s, p, u) }
	}},
	{"upload-empty-waits", "server.upload", "waits for bytes of an empty file", func(s *server) {
		s.begin = func(s *server, p *peer, u upload) { u.size = max(1, u.size); begin(s, p, u) }
	}},
	{"upload-with-commands", "server.upload", "looks for commands in the bytes of a file", func(s *server) {
		s.heard = func(s *server, p *peer, data []byte) {
			if p.file != nil && bytes.HasPrefix(data, []byte("#upload")) {
				p.file = nil
			}
			heard(s, p, data)
		}
	}},
	{"upload-with-announcements", "server.upload", "looks for announcements in the bytes of a file", func(s *server) {
		s.heard = func(s *server, p *peer, data []byte) {
			if p.file != nil && string(data) == "I will upload a file" {
				speak(s, p, data)
				return
			}
			heard(s, p, data)
		}
	}},
	{"upload-to-a-short-piece", "server.upload", "takes a piece that does not fill its buffer for the last one", func(s *server) {
		s.take = func(s *server, p *peer, data []byte) {
			if len(data) < 4096 {
				p.left = min(p.left, len(data))
			}
			take(s, p, data)
		}
	}},
	{"upload-name-in-lower-case", "server.upload", "lowers the command", func(s *server) {
		right := s.path
		s.path = func(name string) string { return right(strings.ToLower(name)) }
	}},
	{"upload-name-to-its-dot", "server.upload", "takes name and ending apart at the first dot", func(s *server) {
		right := s.path
		s.path = func(name string) string {
			parts := strings.Split(name, ".")
			return right(strings.Join(parts[:min(2, len(parts))], "."))
		}
	}},
	{"upload-with-a-line-end", "server.upload", "writes as print() does", func(s *server) {
		s.open = func(s *server, path string) (io.WriteCloser, error) {
			f, err := create(s, path)
			return ended{f}, err
		}
	}},
	{"upload-once", "server.upload", "takes one upload only", func(s *server) {
		done := false
		s.begin = func(s *server, p *peer, u upload) {
			begin(s, p, u)
			if done {
				p.file = discard{}
			}
			done = true
		}
	}},
	{"upload-of-the-first", "server.upload", "lets the first client upload and nobody else", func(s *server) {
		s.begin = func(s *server, p *peer, u upload) {
			if p == s.peers[0] {
				begin(s, p, u)
			}
		}
	}},

	{"overwrites-by-appending", "server.upload-overwrites", "opens the file for appending", opened(os.O_APPEND)},
	{"overwrites-in-place", "server.upload-overwrites", "does not make the file empty first", opened(0)},
	{"overwrites-nothing", "server.upload-overwrites", "keeps the old file", func(s *server) {
		opened(os.O_EXCL)(s)
	}},
	{"overwrites-under-a-new-name", "server.upload-overwrites", "gives the second file another name", func(s *server) {
		s.open = func(s *server, path string) (io.WriteCloser, error) {
			if _, err := os.Stat(path); err == nil {
				path += ".1"
			}
			return create(s, path)
		}
	}},
	{"overwrites-longer-ones-only", "server.upload-overwrites", "keeps the old file if it is as long", func(s *server) {
		s.begin = func(s *server, p *peer, u upload) {
			info, err := os.Stat(s.file(s.path(u.name)))
			begin(s, p, u)
			if err == nil && info.Size() == int64(u.size) {
				p.file = discard{}
			}
		}
	}},

	{"path-as-it-comes", "server.traversal", "joins folder and name", func(s *server) {
		s.path = func(name string) string { return uploadFolder + "/" + name }
		s.open = func(s *server, path string) (io.WriteCloser, error) { return create(s, filepath.Clean(path)) }
	}},
}

// wrongUploadNews tell too much or too little of an upload, or fail in one.
var wrongUploadNews = []serverFault{
	{"upload-untold", "server.upload-info", "does not tell the others", func(s *server) {
		s.uploaded = func(s *server, p *peer) { s.print(s, hasUploaded(p.name)) }
	}},
	{"upload-unprinted", "server.upload-info", "tells the others and prints nothing", func(s *server) {
		s.uploaded = func(s *server, p *peer) { s.sendAll(p, hasUploaded(p.name)) }
	}},
	{"upload-told-with-name", "server.upload-info", "tells the name of the file", func(s *server) {
		s.uploaded = func(s *server, p *peer) { s.tell(p, hasUploaded(p.name)+": file") }
	}},
	{"upload-told-to-one", "server.upload-info", "tells one of the others", func(s *server) {
		s.uploaded = func(s *server, p *peer) {
			s.print(s, hasUploaded(p.name))
			if to := others(s, p); len(to) > 0 {
				s.send(s, to[0], []byte(hasUploaded(p.name)))
			}
		}
	}},
	{"upload-told-twice", "server.upload-info", "tells it in the loop and behind it", func(s *server) {
		s.uploaded = func(s *server, p *peer) { uploaded(s, p); time.Sleep(20 * time.Millisecond); uploaded(s, p) }
	}},
	{"upload-told-early", "server.upload-info", "tells the others when the command comes", func(s *server) {
		s.begin = func(s *server, p *peer, u upload) { uploaded(s, p); begin(s, p, u) }
		s.uploaded = func(*server, *peer) {}
	}},
	{"upload-told-at-the-first-piece", "server.upload-info", "tells the others when the first bytes come", func(s *server) {
		told := map[*peer]bool{}
		s.take = func(s *server, p *peer, data []byte) {
			if !told[p] {
				told[p] = true
				uploaded(s, p)
			}
			take(s, p, data)
		}
		s.uploaded = func(s *server, p *peer) {
			if !told[p] {
				uploaded(s, p)
			}
			told[p] = false
		}
	}},
	{"command-relayed", "server.upload-private", "relays the command", func(s *server) {
		s.begin = func(s *server, p *peer, u upload) {
			speak(s, p, []byte("#upload '"+u.name+"' "+strconv.Itoa(u.size)))
			begin(s, p, u)
		}
	}},
	{"bytes-relayed", "server.upload-private", "relays the file", func(s *server) {
		s.take = func(s *server, p *peer, data []byte) { speak(s, p, data); take(s, p, data) }
	}},
	{"text-relayed", "server.upload-private", "relays what can be decoded of a file", func(s *server) {
		s.take = func(s *server, p *peer, data []byte) {
			if utf8.Valid(data) {
				speak(s, p, data)
			}
			take(s, p, data)
		}
	}},
	{"binary-relayed", "server.upload-private", "takes what cannot be decoded for another message", func(s *server) {
		s.take = func(s *server, p *peer, data []byte) {
			if !utf8.Valid(data) {
				speak(s, p, data)
			}
			take(s, p, data)
		}
	}},
	{"upload-goes-on", "server.chat-after-upload", "writes the next message into the file, too", func(s *server) {
		last := map[*peer]string{}
		s.begin = func(s *server, p *peer, u upload) { last[p] = s.file(s.path(u.name)); begin(s, p, u) }
		s.speak = func(s *server, p *peer, data []byte) {
			if f, err := os.OpenFile(last[p], os.O_WRONLY|os.O_APPEND, 0); err == nil {
				f.Write(data)
				f.Close()
			}
			speak(s, p, data)
		}
	}},
	{"upload-swallows", "server.chat-after-upload", "takes the next message for a part of the upload", func(s *server) {
		deaf := map[*peer]bool{}
		s.uploaded = func(s *server, p *peer) { uploaded(s, p); deaf[p] = true }
		s.speak = func(s *server, p *peer, data []byte) {
			if deaf[p] {
				deaf[p] = false
				return
			}
			speak(s, p, data)
		}
	}},
	{"upload-is-the-end", "server.chat-after-upload", "closes the connection after an upload", func(s *server) {
		s.uploaded = func(s *server, p *peer) { uploaded(s, p); s.leave(s, p, nil) }
	}},
	{"upload-goes-with-its-owner", "server.chat-after-upload", "removes the file when the uploader leaves", func(s *server) {
		last := map[*peer]string{}
		s.begin = func(s *server, p *peer, u upload) { last[p] = s.file(s.path(u.name)); begin(s, p, u) }
		s.leave = func(s *server, p *peer, err error) {
			if last[p] != "" {
				os.Remove(last[p])
			}
			leave(s, p, err)
		}
	}},
	{"upload-abort-spins", "server.upload-aborted", "reads on for ever when the uploader leaves", func(s *server) {
		s.aborted = func(s *server, _ *peer) { <-s.ctx.Done() }
	}},
	{"upload-abort-dies", "server.upload-aborted", "ends when the uploader leaves", func(s *server) {
		s.aborted = func(*server, *peer) { panic("unexpected end") }
	}},
	{"upload-abort-unseen", "server.upload-aborted", "forgets an uploader that leaves", func(s *server) {
		s.leave = func(s *server, p *peer, err error) {
			if p.file != nil {
				s.remove(p)
				return
			}
			leave(s, p, err)
		}
	}},
	{"command-parts-die", "server.upload-malformed", "unpacks the command without counting its parts", func(s *server) { s.parse = uncaught(errParts) }},
	{"command-size-dies", "server.upload-malformed", "does not catch the error of int()", func(s *server) { s.parse = uncaught(errSize) }},
	{"negative-size-taken", "server.upload-malformed", "waits for a file of less than no bytes, and nobody else is heard", func(s *server) {
		s.parse = func(s *server, data []byte) (upload, error) {
			if bytes.Contains(data, []byte("' -")) {
				<-s.ctx.Done()
			}
			return parse(s, data)
		}
	}},
}

// uncaught does not catch one error of a command.
func uncaught(fatal error) func(s *server, data []byte) (upload, error) {
	return func(s *server, data []byte) (upload, error) {
		u, err := parse(s, data)
		if err == fatal {
			panic(err)
		}
		return u, err
	}
}

// wrongEndings do not end as they should.
var wrongEndings = []serverFault{
	{"interrupt-silent", "server.interrupt", "ends without a word", func(s *server) { s.interrupt = func(*server) {} }},
	{"interrupt-uncaught", "server.interrupt", "does not catch the interrupt", func(s *server) { s.interrupt = func(*server) { panic("KeyboardInterrupt") } }},
	{"interrupt-says-exit-and-dies", "server.interrupt", "prints exit and is then not caught", func(s *server) {
		s.interrupt = func(s *server) { s.print(s, "exit"); panic("KeyboardInterrupt") }
	}},
	{"interrupt-ignored", "server.interrupt", "goes on", func(s *server) { s.interrupt = func(s *server) { s.stop = false } }},
	{"interrupt-waits-for-clients", "server.interrupt", "prints exit and ends when all have left", func(s *server) {
		s.interrupt = func(s *server) { s.print(s, "exit"); s.stop = len(s.peers) == 0 }
	}},
	{"interrupt-in-other-words", "server.interrupt", "says goodbye instead", func(s *server) {
		s.interrupt = func(s *server) { s.print(s, strings.ToUpper("bye")) }
	}},
}
