package transfer

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// wrongExchanges are clients that say something else.
var wrongExchanges = []clientFault{
	{"get-with-newline", "client.get", "println() instead of print()", func(c *client) {
		c.command = func(verb, name string) string {
			if verb == "GET" {
				name += "\n"
			}
			return verb + " " + name
		}
	}},
	{"get-in-lower-case", "client.get", "does not write the word as it stands", func(c *client) {
		c.command = func(verb, name string) string {
			if verb == "GET" {
				verb = "get"
			}
			return verb + " " + name
		}
	}},
	{"get-without-ready", "client.get", "waits for the size right behind OK", func(c *client) { c.readies = "" }},
	{"get-without-ok", "client.get", "waits for the data right behind the size", func(c *client) { c.okays = "" }},
	{"get-ready-twice", "client.get", "says READY where it should say OK", func(c *client) { c.okays = "READY" }},
	{"get-ok-with-ready", "client.get", "says both words at once", func(c *client) { c.readies, c.okays = "READYOK", "" }},
	{"get-writes-nothing", "client.get", "forgets to write", func(c *client) {
		c.receive = func(conn net.Conn, _ io.Writer, size int64) error { return receiveBlocks(conn, io.Discard, size) }
	}},
	{"get-writes-full-blocks", "client.get", "drops what is not a full block", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			full := size / blockSize * blockSize
			if err := receiveBlocks(conn, file, full); err != nil {
				return err
			}
			return receiveBlocks(conn, io.Discard, size-full)
		}
	}},
	{"get-appends", "client.get", "opens with \"ab\"", func(c *client) { c.create = reopened(os.O_APPEND) }},
	{"get-does-not-truncate", "client.get", "opens with \"r+b\" what is there", func(c *client) { c.create = reopened(0) }},
	{"get-block-edge-waits", "client.get", "waits for a short last block", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			if err := receiveBlocks(conn, file, size); err != nil || size == 0 || size%blockSize != 0 {
				return err
			}
			return oneRead(conn, io.Discard, 1)
		}
	}},
	{"put-with-path", "client.put", "sends another name", func(c *client) {
		c.command = func(verb, name string) string {
			if verb == "PUT" {
				name = "./" + name
			}
			return verb + " " + name
		}
	}},
	{"put-size-little-endian", "client.put", "uses the order of its own machine", func(c *client) {
		c.announce = func(size int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(size)) }
	}},
	{"put-size-in-digits", "client.put", "sends str(size)", func(c *client) {
		c.announce = func(size int64) []byte { return strconv.AppendInt(nil, size, 10) }
	}},
	{"put-size-of-4-bytes", "client.put", "thinks of an int as of 4 bytes", func(c *client) {
		c.announce = func(size int64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(size)) }
	}},
	{"put-full-blocks", "client.put", "sends full blocks only", func(c *client) {
		c.send = func(conn net.Conn, file io.Reader, size int64) error {
			return sendBlocks(conn, io.LimitReader(file, size/blockSize*blockSize), size)
		}
	}},
	{"put-one-block", "client.put", "has no loop", func(c *client) {
		c.send = func(conn net.Conn, file io.Reader, size int64) error {
			return sendBlocks(conn, io.LimitReader(file, blockSize), size)
		}
	}},
	{"put-with-done", "client.put", "says DONE behind its data", func(c *client) {
		c.send = func(conn net.Conn, file io.Reader, size int64) error {
			if err := sendBlocks(conn, file, size); err != nil {
				return err
			}
			return say(conn, "DONE")
		}
	}},
	{"del-in-full", "client.del", "says DELETE", func(c *client) {
		c.command = func(verb, name string) string { return strings.Replace(verb, "DEL", "DELETE", 1) + " " + name }
	}},
	{"del-without-name", "client.del", "sends the verb alone", func(c *client) {
		c.command = func(verb, name string) string {
			if verb == "DEL" {
				return verb
			}
			return verb + " " + name
		}
	}},
	{"del-deletes-here", "client.del", "deletes its own file", func(c *client) {
		c.command = func(verb, name string) string {
			if verb == "DEL" {
				removeLocal(c, name)
			}
			return verb + " " + name
		}
	}},
	{"del-waits-for-ok", "client.del", "waits for OK and DONE", func(c *client) {
		c.done = func(c *client, conn net.Conn) error {
			if c.verb == "DEL" {
				return answers("OKDONE")(c, conn)
			}
			return answers("DONE")(c, conn)
		}
	}},
}

// wrongTurns are clients that do not wait for the other side.
var wrongTurns = []clientFault{
	{"command-before-ready", "client.waits", "sends the command as soon as it is connected", func(c *client) {
		command := c.command
		c.dial = func(c *client) (net.Conn, error) {
			conn, err := dialServer(c)
			if err == nil {
				err = say(conn, command(c.verb, c.name))
			}
			return conn, err
		}
		c.command = func(string, string) string { return "" }
	}},
	{"size-before-ok", "client.waits", "sends the size right behind the command", func(c *client) {
		c.okay = func(c *client, conn net.Conn) error {
			if c.verb == "PUT" {
				return nil
			}
			return answers("OK")(c, conn)
		}
		c.second = func(c *client, conn net.Conn) error { return answers("OKOK")(c, conn) }
	}},
	{"data-before-ok", "client.waits", "sends the data right behind the size", func(c *client) {
		c.second = func(*client, net.Conn) error { return nil }
		c.done = func(c *client, conn net.Conn) error {
			if c.verb == "PUT" {
				return answers("OKDONE")(c, conn)
			}
			return answers("DONE")(c, conn)
		}
	}},
	{"ready-before-ok", "client.get", "sends READY right behind the command", func(c *client) {
		c.command = func(verb, name string) string {
			if verb == "GET" {
				name += "READY"
			}
			return verb + " " + name
		}
		c.readies = ""
	}},
	{"ready-a-moment-later", "client.get", "waits for OK no longer than 100 ms", func(c *client) {
		c.okay = func(c *client, conn net.Conn) error {
			if c.verb == "GET" {
				conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
				defer conn.SetReadDeadline(time.Time{})
			}
			err := answers("OK")(c, conn)
			if isTimeout(err) {
				return nil
			}
			return err
		}
	}},
}

// wrongReceiving are clients that receive wrongly what comes in its own pieces.
var wrongReceiving = []clientFault{
	{"size-single-read", "client.fragments", "recv(8) gives eight bytes, or does it", func(c *client) {
		c.size = func(conn net.Conn) (int64, error) {
			b := make([]byte, sizeBytes)
			n, err := conn.Read(b)
			if n < sizeBytes || err != nil {
				return 0, errWord
			}
			return int64(binary.BigEndian.Uint64(b)), nil
		}
	}},
	{"data-single-read", "client.fragments", "has one recv() for all of a small file", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			if size > blockSize {
				return receiveBlocks(conn, file, size)
			}
			if size == 0 {
				return nil
			}
			return oneRead(conn, file, size)
		}
	}},
	{"data-counts-reads", "client.fragments", "thinks that every recv(1024) gives 1024 bytes", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			for left := size; left > 0; left -= blockSize {
				if err := oneRead(conn, file, min(left, blockSize)); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{"data-with-done", "client.fragments", "writes DONE, too, where it comes with the data", func(c *client) {
		done := false
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			b := make([]byte, blockSize)
			for left := size; left > 0; {
				n, err := conn.Read(b)
				if err != nil {
					return errLeft
				}
				file.Write(b[:n])
				left -= int64(n)
				done = left <= -4
			}
			return nil
		}
		c.done = func(c *client, conn net.Conn) error {
			if done {
				return nil
			}
			return answers("DONE")(c, conn)
		}
	}},
	{"done-lost-with-data", "client.fragments", "throws away what comes with the last block", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			b := make([]byte, blockSize)
			for left := size; left > 0; {
				n, err := conn.Read(b)
				if err != nil {
					return errLeft
				}
				file.Write(b[:min(int64(n), left)])
				left -= int64(n)
			}
			return nil
		}
	}},
	{"done-single-read", "client.fragments", "recv() gives all of DONE, or does it", func(c *client) { c.done = singleRead("DONE") }},
	{"ready-single-read", "client.tokens-split", "recv() gives all of READY, or does it", func(c *client) { c.ready = singleRead("READY") }},
	{"ok-single-read", "client.tokens-split", "recv() gives all of OK, or does it", func(c *client) { c.okay, c.second = singleRead("OK"), singleRead("OK") }},
	{"second-ok-single-read", "client.tokens-split", "recv() gives OK and nothing else, or does it", func(c *client) { c.second = singleRead("OK") }},
	{"data-up-to-done", "client.binary", "reads until the data ends with DONE", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, _ int64) error {
			var all []byte
			b := make([]byte, blockSize)
			for !bytes.HasSuffix(all, []byte("DONE")) {
				n, err := conn.Read(b)
				if err != nil {
					return errLeft
				}
				all = append(all, b[:n]...)
			}
			file.Write(bytes.TrimSuffix(all, []byte("DONE")))
			return nil
		}
		c.done = func(c *client, conn net.Conn) error {
			if c.verb == "GET" {
				return nil
			}
			return answers("DONE")(c, conn)
		}
	}},
	{"data-cut-at-done", "client.binary", "looks for DONE in the data", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			b, err := readAll(conn, size)
			b, _, _ = bytes.Cut(b, []byte("DONE"))
			file.Write(b)
			return err
		}
	}},
	{"data-looks-for-error", "client.binary", "takes data that begins with ERROR for an error", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			b, err := readAll(conn, size)
			if bytes.HasPrefix(b, []byte("ERROR: ")) {
				return refusal(b)
			}
			file.Write(b)
			return err
		}
	}},
	{"get-in-text-mode", "client.binary", "opens the file as text", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			b, err := readAll(conn, size)
			file.Write(bytes.ToValidUTF8(b, []byte("?")))
			return err
		}
	}},
	{"get-translates-newlines", "client.binary", "opens the file as text: CRLF becomes LF", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			b, err := readAll(conn, size)
			file.Write(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")))
			return err
		}
	}},
	{"get-strips", "client.binary", "strips what it has received", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			b, err := readAll(conn, size)
			file.Write(bytes.TrimRight(b, "\n\x00"))
			return err
		}
	}},
	{"size-of-32-bits-read", "client.large-size", "takes the low 32 bits", func(c *client) {
		c.size = func(conn net.Conn) (int64, error) {
			size, err := readSize(conn)
			return int64(uint32(size)), err
		}
	}},
	{"size-signed-32-bits-read", "client.large-size", "keeps the size in a signed 32-bit int", func(c *client) {
		c.size = func(conn net.Conn) (int64, error) {
			size, err := readSize(conn)
			return int64(int32(size)), err
		}
	}},
	{"get-empty-waits", "client.empty-file", "reads once before it looks at what is left", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			if size == 0 {
				return oneRead(conn, file, blockSize)
			}
			return receiveBlocks(conn, file, size)
		}
	}},
	{"get-empty-not-made", "client.empty-file", "opens the file when the first block comes", func(c *client) {
		c.create = func(c *client, name string) (io.WriteCloser, error) { return &lateFile{path: c.path(name)}, nil }
	}},
}

// singleRead takes what one read gives for a word.
func singleRead(word string) func(c *client, conn net.Conn) error {
	return func(c *client, conn net.Conn) error {
		b := make([]byte, 1024)
		n, err := conn.Read(b)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(string(b[:n]), "ERROR"):
			return refusal(b[:n])
		case string(b[:n]) != word:
			return errWord
		}
		return nil
	}
}
