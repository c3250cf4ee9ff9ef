package download

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// wrongReading misread a response that is right, or wait wrongly.
var wrongReading = []clientFault{
	{"header-in-one-recv", "client.fragments", "reads the header with a single recv()", func(c *client) { c.fill = fillOnce }},
	{"two-recvs", "client.fragments", "takes a header in two pieces, and in no third one", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			n, err := r.Read(b)
			if err == nil && n < len(b) {
				_, err = r.Read(b[n:])
			}
			return readError(err)
		}
	}},
	{"data-in-one-recv", "client.fragments", "reads the data with a single recv()", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			b := make([]byte, min(n, 1<<20))
			if err := fillOnce(r, b); err != nil && n > 0 {
				return err
			}
			_, err := w.Write(b)
			return err
		}
	}},
	{"total-timer", "client.fragments", "allows one second for the whole response", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			conn.SetReadDeadline(time.Now().Add(clientGap))
			return conn
		}
	}},
	{"timer-per-part", "client.fragments", "allows one second for the header and one for the data", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return conn }
		c.fill = func(r io.Reader, b []byte) error {
			r.(net.Conn).SetReadDeadline(time.Now().Add(clientGap))
			return fillAll(r, b)
		}
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			r.(net.Conn).SetReadDeadline(time.Now().Add(clientGap))
			return saveData(w, r, n)
		}
	}},
	{"no-timer", "client.gap-header", "waits for ever for a silent server", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return conn }
	}},
	{"timer-of-3-seconds", "client.gap-header", "waits for three seconds", func(c *client) { c.timer = gapTimer(3 * time.Second) }},
	{"timer-of-half-a-second", "client.gap-header", "waits for half a second", func(c *client) { c.timer = gapTimer(500 * time.Millisecond) }},
	{"timer-of-900-ms", "client.gap-data", "gives up a tenth of a second early", func(c *client) { c.timer = gapTimer(900 * time.Millisecond) }},
	{"timer-of-the-header", "client.gap-data", "watches the header alone", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			conn := r.(gapConn).Conn
			conn.SetReadDeadline(time.Time{})
			return saveData(w, conn, n)
		}
	}},
	{"timer-of-the-data", "client.gap-header", "watches the data alone", func(c *client) {
		c.fill = func(r io.Reader, b []byte) error { return fillAll(r.(gapConn).Conn, b) }
	}},
	{"gap-silent", "client.gap-header", "gives up without a message", func(c *client) { c.fail = silentOn(errSilent) }},
	{"gap-is-the-end", "client.gap-data", "takes a silence for the end of the data", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			if err := saveData(w, r, n); err != errSilent {
				return err
			}
			return nil
		}
	}},
	{"gap-tries-again", "client.gap-header", "reads again after a time-out, three times", func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return stubborn{gapConn{conn, clientGap}} }
	}},
}

// fillOnce reads what one read gives. What does not come is taken for zero.
func fillOnce(r io.Reader, b []byte) error {
	n, err := r.Read(b)
	if n == 0 && len(b) > 0 {
		return readError(err)
	}
	return nil
}

// wrongSaving save something else than came, or report it badly.
var wrongSaving = []clientFault{
	{"saves-line-ends", "client.saves", "writes the file as text, with line ends of one kind", func(c *client) {
		c.save = changing(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) })
	}},
	{"saves-line-ends-crlf", "client.saves", "writes line ends of another system", func(c *client) {
		c.save = changing(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) })
	}},
	{"saves-utf8", "client.saves", "decodes the data and writes ? for what is not UTF-8", func(c *client) {
		c.save = changing(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("?")) })
	}},
	{"saves-stripped", "client.saves", "strips the data", func(c *client) { c.save = changing(bytes.TrimSpace) }},
	{"saves-to-nul", "client.saves", "writes up to the first NUL", func(c *client) { c.save = changing(upTo(0)) }},
	{"saves-to-ctrl-z", "client.saves", "writes up to the mark that ends files on another system", func(c *client) { c.save = changing(upTo(0x1A)) }},
	{"saves-without-bom", "client.saves", "leaves a byte order mark out", func(c *client) {
		c.save = changing(func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) })
	}},
	{"saves-newline", "client.saves", "writes a newline behind the data", func(c *client) {
		c.save = changing(func(b []byte) []byte { return append(b, '\n') })
	}},
	{"saves-twice", "client.saves", "writes what it has read over again", func(c *client) {
		c.save = changing(func(b []byte) []byte { return append(slices.Clip(b), b...) })
	}},
	{"saves-without-headers", "client.saves", "leaves out of the data what looks like a header", func(c *client) {
		c.save = changing(func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\x49\x7E\x02\x01")) })
	}},
	{"saves-elsewhere", "client.saves", "saves under a name of its own", func(c *client) {
		c.create = func(s *session, name string) (io.WriteCloser, error) {
			return createFile(s, "download-"+filepath.Base(name))
		}
	}},
	{"saves-nothing", "client.saves", "forgets to write the data", func(c *client) { c.save = changing(func([]byte) []byte { return nil }) }},
	{"empty-not-saved", "client.empty-file", "makes no file when there are no data", func(c *client) {
		c.create = func(s *session, name string) (io.WriteCloser, error) { return &lazyFile{s: s, name: name}, nil }
	}},
	{"empty-is-missing", "client.empty-file", "takes an empty file for none", func(c *client) {
		c.header = func(h []byte) error {
			err := checkHeader(h)
			if dataLength(h) == 0 {
				h[3] = 0
			}
			return err
		}
	}},
	{"empty-not-reported", "client.empty-file", "says nothing of an empty file", func(c *client) {
		report := c.report
		c.report = func(s *session, name string, n int64) {
			if n > 0 {
				report(s, name, n)
			}
		}
	}},
	{"empty-is-short", "client.empty-file", "waits for data when there are none", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error { return saveData(w, r, max(n, 1)) }
	}},
	{"saves-4096", "client.any-size", "reads 4096 bytes of the data", func(c *client) { c.save = saveAtMost(4096) }},
	{"saves-64-kib", "client.any-size", "reads 64 KiB of the data", func(c *client) { c.save = saveAtMost(64 << 10) }},
	{"saves-4-mib", "client.any-size", "reads 4 MiB of the data", func(c *client) { c.save = saveAtMost(4 << 20) }},
	{"saves-whole-blocks", "client.any-size", "leaves the last block out if it is not full", func(c *client) {
		c.save = changing(func(b []byte) []byte { return b[:len(b)/4096*4096] })
	}},
	{"saves-padded-blocks", "client.any-size", "fills the last block with what was there before", func(c *client) {
		c.save = changing(func(b []byte) []byte { return append(b, make([]byte, (4096-len(b)%4096)%4096)...) })
	}},
	{"saves-4095-of-a-block", "client.any-size", "its buffer is a byte too small for a block that is full", func(c *client) {
		c.save = changing(func(b []byte) []byte {
			if len(b)%4096 == 0 {
				return b[:max(0, len(b)-1)]
			}
			return b
		})
	}},
	{"saves-not-4095", "client.any-size", "takes a read that is almost full for the last but one", func(c *client) {
		c.save = changing(func(b []byte) []byte {
			if len(b)%4096 == 4095 {
				return b[:len(b)-1]
			}
			return b
		})
	}},
	{"saves-not-a-single-byte", "client.any-size", "its loop ends one byte early", func(c *client) {
		c.save = changing(func(b []byte) []byte {
			if len(b) == 1 {
				return nil
			}
			return b
		})
	}},
	{"length-16-bits", "client.any-size", "reads the lower half of DataLength", func(c *client) {
		c.length = func(h []byte) int64 { return dataLength(h) & 0xFFFF }
	}},
	{"length-little", "client.saves", "reads DataLength in the other byte order", func(c *client) {
		c.length = func(h []byte) int64 { return dataLength([]byte{0, 0, 0, 0, h[7], h[6], h[5], h[4]}) }
	}},
	{"no-information", "client.info", "says nothing when the file is saved", func(c *client) { c.report = func(*session, string, int64) {} }},
	{"no-number", "client.info", "says that the file is saved, and not how many bytes", func(c *client) {
		c.report = func(s *session, name string, _ int64) { s.say("%s was saved.", name) }
	}},
	{"number-of-kib", "client.info", "prints how many KiB were received", func(c *client) {
		c.report = func(s *session, name string, n int64) { s.say("%s: %d KiB received.", name, n>>10) }
	}},
	{"cut-is-success", "client.truncated", "takes the end of the connection for that of the file", func(c *client) {
		saved := int64(0)
		report := c.report
		c.save = func(w io.Writer, r io.Reader, n int64) (err error) {
			saved, err = io.Copy(w, io.LimitReader(r, n))
			return readError(err)
		}
		c.report = func(s *session, name string, _ int64) { report(s, name, saved) }
	}},
	{"cut-is-announced", "client.truncated", "reports DataLength whatever came", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			_, err := io.Copy(w, io.LimitReader(r, n))
			return readError(err)
		}
	}},
	{"cut-by-one-is-success", "client.truncated", "compares the lengths with < and not with <=", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			done, err := io.Copy(w, io.LimitReader(r, n))
			if err == nil && done < n-1 {
				err = io.EOF
			}
			return readError(err)
		}
	}},
	{"cut-to-nothing-is-success", "client.truncated", "takes no data at all for an empty file", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			done, err := io.Copy(w, io.LimitReader(r, n))
			if err == nil && done < n && done > 0 {
				err = io.EOF
			}
			return readError(err)
		}
	}},
	{"cut-spins", "client.truncated", "waits for ever for the rest of the data", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error { return c.spin(saveData(w, r, n)) }
	}},
	{"excess-unseen", "client.excess", "reads no further than it must", func(c *client) { c.excess = func(io.Reader) error { return nil } }},
	{"excess-saved", "client.excess", "saves all that comes", func(c *client) {
		c.save = func(w io.Writer, r io.Reader, n int64) error {
			done, err := io.Copy(w, r)
			if err == nil && done < n {
				err = io.EOF
			}
			return readError(err)
		}
	}},
	{"excess-of-an-empty-file-unseen", "client.excess", "reads nothing at all of an empty file", func(c *client) {
		none := false
		c.length = func(h []byte) int64 { none = dataLength(h) == 0; return dataLength(h) }
		c.excess = func(r io.Reader) error {
			if none {
				return nil
			}
			return checkExcess(r)
		}
	}},
	{"excess-of-one-unseen", "client.excess", "takes one byte more for a newline", func(c *client) {
		c.excess = func(r io.Reader) error {
			if n, _ := io.ReadFull(r, make([]byte, 2)); n > 1 {
				return errExcess
			}
			return nil
		}
	}},
	{"excess-silent", "client.excess", "ends without a message when there are too many data", func(c *client) { c.fail = silentOn(errExcess) }},
	{"excess-late-unseen", "client.excess-late", "looks only at what came with the data", func(c *client) {
		c.excess = func(r io.Reader) error { return checkExcess(gapConn{r.(gapConn).Conn, time.Millisecond}) }
	}},
	{"create-silent", "client.unable-create", "says nothing when it cannot make the local file", func(c *client) { c.fail = silentOn(errCreate) }},
	{"create-makes-folders", "client.unable-create", "makes the folders of a local file", func(c *client) {
		c.create = func(s *session, name string) (io.WriteCloser, error) {
			os.MkdirAll(filepath.Dir(s.path(name)), 0o755)
			return createFile(s, name)
		}
	}},
	{"create-in-a-folder", "client.unable-create", "saves within a folder that has the file's name", func(c *client) {
		c.exists = func(s *session, name string) error {
			if info, err := os.Stat(s.path(name)); err == nil && info.IsDir() {
				return nil
			}
			return checkExists(s, name)
		}
		c.create = func(s *session, name string) (io.WriteCloser, error) {
			if info, err := os.Stat(s.path(name)); err == nil && info.IsDir() {
				name += "/data"
			}
			return createFile(s, name)
		}
	}},
}

// A lazyFile is made with its first byte.
type lazyFile struct {
	s    *session
	name string
	f    io.WriteCloser
}

func (l *lazyFile) Write(b []byte) (n int, err error) {
	if l.f == nil {
		if l.f, err = createFile(l.s, l.name); err != nil {
			return 0, err
		}
	}
	return l.f.Write(b)
}

func (l *lazyFile) Close() error {
	if l.f == nil {
		return nil
	}
	return l.f.Close()
}

// changing saves something else than came.
func changing(change func([]byte) []byte) func(io.Writer, io.Reader, int64) error {
	return func(w io.Writer, r io.Reader, n int64) error {
		var all bytes.Buffer
		if err := saveData(&all, r, n); err != nil {
			return err
		}
		_, err := w.Write(change(all.Bytes()))
		return err
	}
}

// saveAtMost reads all and saves so many bytes of it.
func saveAtMost(most int64) func(io.Writer, io.Reader, int64) error {
	return changing(func(b []byte) []byte { return b[:min(int64(len(b)), most)] })
}
