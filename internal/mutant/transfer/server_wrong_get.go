package transfer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
)

// wrongTokens are servers that say something else, or at another moment.
var wrongTokens = []serverFault{
	{"ready-with-newline", "server.ready", "println() instead of print()", func(s *server) {
		s.greet = func(_ *server, c net.Conn) error { return say(c, "READY\n") }
	}},
	{"ready-in-lower-case", "server.ready", "does not write the word as it stands", func(s *server) {
		s.greet = func(_ *server, c net.Conn) error { return say(c, "ready") }
	}},
	{"ready-not-said", "server.ready", "waits for the command first", func(s *server) {
		s.greet = func(*server, net.Conn) error { return nil }
	}},
	{"ready-after-command", "server.ready", "says READY when it has the command", func(s *server) {
		s.greet = func(*server, net.Conn) error { return nil }
		s.command = func(c net.Conn) (string, error) {
			command, err := readCommand(c)
			say(c, "READY")
			return command, err
		}
	}},
	{"done-with-newline", "server.get", "println() instead of print()", func(s *server) { s.done = "DONE\n" }},
	{"done-not-said", "server.get", "thinks that the data says it all", func(s *server) { s.done = "" }},
	{"done-twice", "server.get", "says DONE in the loop's end and behind it", func(s *server) { s.done = "DONEDONE" }},
	{"done-in-lower-case", "server.get", "does not write the word as it stands", func(s *server) { s.done = "done" }},
}

// wrongGets are servers that send a file wrongly.
var wrongGets = []serverFault{
	{"get-without-the-rest", "server.get", "sends full blocks only", func(s *server) {
		s.send = func(c net.Conn, file io.Reader, size int64) error {
			return sendBlocks(c, io.LimitReader(file, size/blockSize*blockSize), size)
		}
	}},
	{"get-first-block-only", "server.block-edges", "has no loop", func(s *server) {
		s.send = func(c net.Conn, file io.Reader, size int64) error {
			return sendBlocks(c, io.LimitReader(file, blockSize), size)
		}
	}},
	{"get-last-block-padded", "server.block-edges", "sends the whole buffer every time", func(s *server) {
		s.send = func(c net.Conn, file io.Reader, _ int64) error {
			b := make([]byte, blockSize)
			for {
				n, err := file.Read(b)
				if n == 0 || err != nil {
					return nil
				}
				if _, err := c.Write(b); err != nil {
					return err
				}
			}
		}
	}},
	{"size-little-endian", "server.get-size", "uses the order of its own machine", func(s *server) {
		s.announce = func(size int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(size)) }
	}},
	{"size-of-4-bytes", "server.get-size", "thinks of an int as of 4 bytes", func(s *server) {
		s.announce = func(size int64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(size)) }
	}},
	{"size-in-digits", "server.get-size", "sends str(size)", func(s *server) {
		s.announce = func(size int64) []byte { return strconv.AppendInt(nil, size, 10) }
	}},
	{"size-with-done", "server.get-size", "counts DONE as well", func(s *server) {
		s.announce = func(size int64) []byte { return bigEndian(size + 4) }
	}},
	{"size-on-disk", "server.get-size", "counts blocks", func(s *server) {
		s.announce = func(size int64) []byte { return bigEndian((size + blockSize - 1) / blockSize) }
	}},
	{"size-of-32-bits", "server.large-size", "packs the low 32 bits", func(s *server) {
		s.announce = func(size int64) []byte { return bigEndian(int64(uint32(size))) }
	}},
	{"size-at-most-31-bits", "server.large-size", "keeps the size in a signed 32-bit int", func(s *server) {
		s.announce = func(size int64) []byte { return bigEndian(int64(int32(size))) }
	}},
	{"size-before-ready", "server.get-waits", "sends the size right behind its OK", func(s *server) {
		s.readies = func(net.Conn) error { return nil }
		s.okays = func(c net.Conn) error { return errors.Join(hears("READY")(c), hears("OK")(c)) }
	}},
	{"data-before-ok", "server.get-waits", "sends the data right behind the size", func(s *server) {
		s.okays = func(net.Conn) error { return nil }
	}},
	{"get-empty-missing", "server.empty-file", "if size: ...", func(s *server) {
		s.open = func(s *server, name string) (io.ReadCloser, int64, error) {
			file, size, err := openFile(s, name)
			if err == nil && size == 0 {
				file.Close()
				err = os.ErrNotExist
			}
			return file, size, err
		}
	}},
	{"get-stops-at-nul", "server.binary", "treats data as a C string", func(s *server) {
		s.send = changed(func(b []byte) []byte {
			b, _, _ = bytes.Cut(b, []byte{0})
			return b
		})
	}},
	{"get-in-text-mode", "server.binary", "opens the file as text: bytes that are not UTF-8 are lost", func(s *server) {
		s.send = changed(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("?")) })
	}},
	{"get-translates-newlines", "server.binary", "opens the file as text: CRLF becomes LF", func(s *server) {
		s.send = changed(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) })
	}},
}

// changed sends a file after something was done to all of it.
func changed(change func([]byte) []byte) func(net.Conn, io.Reader, int64) error {
	return func(c net.Conn, file io.Reader, size int64) error {
		b, err := io.ReadAll(file)
		if err != nil {
			return err
		}
		return sendBlocks(c, bytes.NewReader(change(b)), size)
	}
}
