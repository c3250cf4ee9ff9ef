package transfer

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// wrongSending are clients that send a file wrongly.
var wrongSending = []clientFault{
	{"size-of-32-bits-sent", "client.large-size", "packs the low 32 bits", func(c *client) {
		c.announce = func(size int64) []byte { return bigEndian(int64(uint32(size))) }
	}},
	{"size-signed-32-bits-sent", "client.large-size", "keeps the size in a signed 32-bit int", func(c *client) {
		c.announce = func(size int64) []byte { return bigEndian(int64(int32(size))) }
	}},
	{"put-empty-missing", "client.empty-file", "if size: ...", func(c *client) {
		c.open = func(path string) (io.ReadCloser, int64, error) {
			file, size, err := openAt(path)
			if err == nil && size == 0 {
				file.Close()
				err = os.ErrNotExist
			}
			return file, size, err
		}
	}},
	{"put-empty-sends-something", "client.empty-file", "sends a block at least", func(c *client) {
		c.send = func(conn net.Conn, file io.Reader, size int64) error {
			if size == 0 {
				return say(conn, "\x00")
			}
			return sendBlocks(conn, file, size)
		}
	}},
	{"put-in-text-mode", "client.binary", "opens the file as text", func(c *client) {
		c.send = changed(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("?")) })
	}},
	{"put-translates-newlines", "client.binary", "opens the file as text: CRLF becomes LF", func(c *client) {
		c.send = changed(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) })
	}},
	{"put-stops-at-nul", "client.binary", "treats data as a C string", func(c *client) {
		c.send = changed(func(b []byte) []byte { b, _, _ = bytes.Cut(b, []byte{0}); return b })
	}},
	{"put-strips", "client.binary", "strips what it sends", func(c *client) {
		c.send = changed(func(b []byte) []byte { return bytes.TrimRight(b, "\r\n\xff") })
	}},
	{"put-stops-at-done", "client.binary", "looks for DONE in the data", func(c *client) {
		c.send = changed(func(b []byte) []byte { b, _, _ = bytes.Cut(b, []byte("DONE")); return b })
	}},
	{"put-strips-error", "client.binary", "looks for ERROR in the data", func(c *client) {
		c.send = changed(func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("ERROR: ")) })
	}},
	{"put-truncates", "client.put", "opens the file for writing", func(c *client) {
		c.open = func(path string) (io.ReadCloser, int64, error) {
			f, size, err := openAt(path)
			if err == nil && os.Remove(path) == nil { // what is open can still be read
				err = os.WriteFile(path, nil, 0o644)
			}
			return f, size, err
		}
	}},
}

// wrongPrints are clients that print something else.
var wrongPrints = []clientFault{
	{"sending-not-said", "client.print-sending", "does not say it", func(c *client) { c.says.sending = "" }},
	{"sending-capital", "client.print-sending", "begins with a capital letter", func(c *client) { c.says.sending = "Client sending file %s (%d bytes)" }},
	{"sending-without-file", "client.print-sending", "prints another text", func(c *client) { c.says.sending = "client sending %s (%d bytes)" }},
	{"sending-at-the-end", "client.print-sending", "says it when DONE has come", func(c *client) {
		says := c.says.sending
		c.says.sending = ""
		c.done = func(c *client, conn net.Conn) error {
			err := answers("DONE")(c, conn)
			if c.verb == "PUT" && err == nil {
				_, size, _ := openAt(c.path(c.name))
				c.say(says, c.name, size)
			}
			return err
		}
	}},
	{"sending-at-once", "client.print-sending", "says it before it knows whether it will", func(c *client) {
		says := c.says.sending
		c.says.sending = ""
		c.dial = func(c *client) (net.Conn, error) {
			if c.verb == "PUT" {
				_, size, _ := openAt(c.path(c.name))
				c.say(says, c.name, size)
			}
			return dialServer(c)
		}
	}},
	{"receiving-not-said", "client.print-receiving", "does not say it", func(c *client) { c.says.receiving = "" }},
	{"receiving-capital", "client.print-receiving", "begins with a capital letter", func(c *client) { c.says.receiving = "Client receiving file %s (%d bytes)" }},
	{"receiving-without-unit", "client.print-receiving", "prints another text", func(c *client) { c.says.receiving = "client receiving file %s (%d)" }},
	{"receiving-at-the-end", "client.print-receiving", "says it when all bytes have come", func(c *client) {
		says := c.says.receiving
		c.says.receiving = ""
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			err := receiveBlocks(conn, file, size)
			c.say(says, c.name, size)
			return err
		}
	}},
	{"deleting-not-said", "client.print-deleting", "does not say it", func(c *client) { c.says.deleting = "" }},
	{"deleting-without-file", "client.print-deleting", "prints another text", func(c *client) { c.says.deleting = "client deleting %s" }},
	{"deleting-at-the-end", "client.print-deleting", "says it behind Complete", func(c *client) {
		says, complete := c.says.deleting, c.says.complete
		c.says.deleting = ""
		c.end = func(c *client, conn net.Conn) {
			conn.Close()
			if c.verb == "DEL" {
				c.say(says, c.name)
			}
		}
		c.says.complete = complete
	}},
	{"complete-not-said", "client.print-complete", "does not say it", func(c *client) { c.says.complete = "" }},
	{"complete-in-lower-case", "client.print-complete", "does not write the word as it stands", func(c *client) { c.says.complete = "complete" }},
	{"complete-in-a-sentence", "client.print-complete", "says more on the line", func(c *client) { c.says.complete = "Transfer Complete" }},
	{"complete-without-done/get", "client.print-complete", "does not wait for DONE after a GET", func(c *client) { c.done = notFor("GET") }},
	{"complete-without-done/put", "client.print-complete", "does not wait for DONE after a PUT", func(c *client) { c.done = notFor("PUT") }},
	{"complete-without-done/del", "client.print-complete", "does not wait for DONE after a DEL", func(c *client) { c.done = notFor("DEL") }},
}

// notFor waits for DONE after the other commands.
func notFor(verb string) func(c *client, conn net.Conn) error {
	return func(c *client, conn net.Conn) error {
		if c.verb == verb {
			return nil
		}
		return answers("DONE")(c, conn)
	}
}

// wrongErrors are clients that take errors wrongly.
var wrongErrors = []clientFault{
	{"error-with-prefix", "client.server-error", "does not remove ERROR:", func(c *client) { c.strip = func(r string) string { return r } }},
	{"error-without-server", "client.server-error", "prints what the server says and nothing else", func(c *client) { c.prefix = "" }},
	{"error-not-printed", "client.server-error", "ends without a word", func(c *client) {
		c.fail = func(c *client, err error) {
			var r refusal
			if !errors.As(err, &r) {
				report(c, err)
			}
		}
	}},
	{"error-complete/get", "client.server-error", "says Complete whatever happens", completesOn("GET")},
	{"error-complete/put", "client.server-error", "says Complete whatever happens", completesOn("PUT")},
	{"error-complete/del", "client.server-error", "says Complete whatever happens", completesOn("DEL")},
	{"error-fixed-text", "client.server-error", "knows one text only", func(c *client) {
		c.strip = func(string) string { return c.name + " does not exist" }
	}},
	{"error-without-file", "client.server-error", "removes the word file as well", func(c *client) {
		c.strip = func(r string) string { return strings.TrimPrefix(strings.TrimPrefix(r, "ERROR: "), "file ") }
	}},
	{"error-not-for-del", "client.server-error", "takes any answer to DEL for DONE", func(c *client) {
		c.done = func(c *client, conn net.Conn) error {
			if c.verb == "DEL" {
				return oneRead(conn, io.Discard, 1024)
			}
			return answers("DONE")(c, conn)
		}
	}},
	{"error-leaves-file", "client.server-error", "opens the file before it asks", func(c *client) { c.early = true }},
	{"error-empties-file", "client.server-error", "opens the file before it asks, and removes it where it was not there", func(c *client) {
		c.early = true
		there := false
		c.check = func(c *client) error {
			_, err := os.Stat(c.path(c.name))
			there = err == nil
			return checkLocal(c)
		}
		c.abandon = func(c *client, name string) {
			if !there && c.verb == "GET" {
				removeLocal(c, name)
			}
		}
	}},
	{"error-removes-file", "client.server-error", "removes the file after an error, whoever has made it", func(c *client) {
		c.abandon = func(c *client, name string) {
			if c.verb == "GET" {
				removeLocal(c, name)
			}
		}
	}},
	{"unable-with-other-text", "client.unable-create", "prints another text", func(c *client) { c.says.unable = "client error: cannot create %s" }},
	{"unable-as-server-error", "client.unable-create", "prints another text", func(c *client) { c.says.unable = "server error: unable to create file %s" }},
	{"unable-connects", "client.unable-create", "opens the file when the data comes", func(c *client) {
		c.check = func(c *client) error {
			if c.verb == "GET" {
				return nil
			}
			return checkLocal(c)
		}
	}},
	{"unable-panics", "client.unable-create", "does not catch the exception", func(c *client) {
		c.check = func(c *client) error {
			err := checkLocal(c)
			if c.verb == "GET" && err != nil {
				panic(err)
			}
			return err
		}
	}},
	{"unable-makes-folders", "client.unable-create", "makes the folders that are missing", func(c *client) {
		c.check = func(c *client) error {
			if folder, _, found := strings.Cut(c.name, "/"); found && c.verb == "GET" {
				os.MkdirAll(c.path(folder), 0o777)
			}
			return checkLocal(c)
		}
	}},
	{"missing-with-other-text", "client.missing-local", "prints another text", func(c *client) { c.says.missing = "client error: file %s does not exist" }},
	{"missing-connects", "client.missing-local", "looks for the file when the server has said READY", func(c *client) {
		c.check = func(c *client) error {
			if c.verb == "PUT" {
				return nil
			}
			return checkLocal(c)
		}
	}},
	{"missing-is-empty", "client.missing-local", "makes the file", func(c *client) {
		c.check = func(c *client) error {
			if c.verb == "PUT" {
				if f, err := os.OpenFile(c.path(c.name), os.O_CREATE, 0o666); err == nil {
					f.Close()
				}
			}
			return checkLocal(c)
		}
	}},
	{"missing-in-folder-connects", "client.missing-local", "looks into its own folder only", func(c *client) {
		c.check = func(c *client) error {
			if strings.Contains(c.name, "/") {
				return nil
			}
			return checkLocal(c)
		}
	}},
}

// completesOn says Complete also after an error.
func completesOn(verb string) func(c *client) {
	return func(c *client) {
		c.fail = func(c *client, err error) {
			report(c, err)
			var r refusal
			if c.verb == verb && errors.As(err, &r) {
				c.say("Complete")
			}
		}
	}
}

// wrongEndings are clients that do not end, or not in the right way.
var wrongEndings = []clientFault{
	{"waits-for-close", "client.exits", "reads until the server closes", func(c *client) {
		c.end = func(_ *client, conn net.Conn) { io.Copy(io.Discard, conn); conn.Close() }
	}},
	{"waits-for-close-after-get", "client.exits", "reads until the server closes", waitsAfter("GET")},
	{"waits-for-close-after-put", "client.exits", "reads until the server closes", waitsAfter("PUT")},
	{"waits-for-close-after-del", "client.exits", "reads until the server closes", waitsAfter("DEL")},
	{"never-ends", "client.exits", "waits for a key", func(c *client) {
		c.end = func(c *client, conn net.Conn) { conn.Close(); sleep(c.ctx, time.Hour) }
	}},
	{"hangs-on-error", "client.exits", "goes on to wait after an error", func(c *client) {
		c.fail = func(c *client, err error) { report(c, err); sleep(c.ctx, time.Hour) }
	}},
	{"retries-for-ever", "client.exits", "tries to connect until there is a server", func(c *client) {
		c.dial = func(c *client) (net.Conn, error) {
			for {
				conn, err := dialServer(c)
				if err == nil || c.ctx.Err() != nil {
					return conn, err
				}
				sleep(c.ctx, time.Second)
			}
		}
	}},
	{"keeps-connection-on-error", "client.server-error", "waits for the server to close after an error", func(c *client) {
		failed := false
		c.abandon = func(*client, string) { failed = true }
		c.end = func(_ *client, conn net.Conn) {
			if failed {
				conn.SetReadDeadline(time.Time{})
				io.Copy(io.Discard, conn)
			}
			conn.Close()
		}
	}},
	{"early-close-complete", "client.early-close", "takes the end of the connection for DONE", func(c *client) {
		c.done = func(c *client, conn net.Conn) error {
			err := answers("DONE")(c, conn)
			if errors.Is(err, io.EOF) || isReset(err) {
				return nil
			}
			return err
		}
	}},
	{"early-close-spins", "client.early-close", "reads nothing for ever while bytes are missing", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			err := receiveBlocks(conn, file, size)
			if err != nil {
				sleep(c.ctx, time.Hour)
			}
			return err
		}
	}},
	{"early-close-spins-on-words", "client.early-close", "reads until READY or OK is there", func(c *client) {
		c.ready, c.okay, c.second = patient("READY"), patient("OK"), patient("OK")
		c.size = func(conn net.Conn) (int64, error) {
			size, err := readSize(conn)
			if err != nil {
				sleep(c.ctx, time.Hour)
			}
			return size, err
		}
	}},
	{"early-close-is-complete", "client.early-close", "writes what has come and is content", func(c *client) {
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			receiveBlocks(conn, file, size)
			return nil
		}
		c.done = func(c *client, conn net.Conn) error {
			var r refusal
			if err := answers("DONE")(c, conn); errors.As(err, &r) {
				return err
			}
			return nil
		}
	}},
}

func waitsAfter(verb string) func(c *client) {
	return func(c *client) {
		c.end = func(c *client, conn net.Conn) {
			if c.verb == verb {
				io.Copy(io.Discard, conn)
			}
			conn.Close()
		}
	}
}

// patient never gives up on a word.
func patient(word string) func(c *client, conn net.Conn) error {
	return func(c *client, conn net.Conn) error {
		err := answers(word)(c, conn)
		var r refusal
		if err != nil && !errors.As(err, &r) {
			sleep(c.ctx, time.Hour)
		}
		return err
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !isTimeout(err)
}

func removeLocal(c *client, name string) { os.Remove(c.path(name)) }

// reopened opens a file without emptying it.
func reopened(flags int) func(c *client, name string) (io.WriteCloser, error) {
	return func(c *client, name string) (io.WriteCloser, error) {
		return os.OpenFile(c.path(name), os.O_WRONLY|os.O_CREATE|flags, 0o666)
	}
}
