package mailbox

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"time"

	"netproctor/internal/mutant"
)

// ClientVariants are clients that are right and unlike the reference.
var ClientVariants = variantsOf([]clientVariant{
	{name: "plain", bulk: true, why: "none of its parts is replaced", replace: func(*client) {}},
	{name: "reads-bytewise", bulk: true, why: "reads byte by byte", replace: func(c *client) {
		c.fill = func(r io.Reader, b []byte) error {
			for i := range b {
				if err := fillAll(r, b[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{name: "reads-ahead", bulk: true, why: "reads through a buffer", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader { return bufio.NewReader(gapTimer(clientGap)(conn)) }
	}},
	{name: "reads-all-first", bulk: true, why: "reads until the server closes and then looks at it", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			all, err := io.ReadAll(gapTimer(clientGap)(conn))
			if err == nil {
				err = io.EOF
			}
			return io.MultiReader(bytes.NewReader(all), readFunc(func([]byte) (int, error) { return 0, err }))
		}
	}},
	{name: "reads-in-a-thread", bulk: true, why: "leaves reading to a thread of its own", replace: func(c *client) {
		c.timer = func(conn net.Conn) io.Reader {
			r, w := io.Pipe()
			go func() {
				_, err := io.Copy(w, gapTimer(clientGap)(conn))
				w.CloseWithError(err)
			}()
			c.end = func(_ *session, conn net.Conn) { r.Close(); conn.Close() }
			return r
		}
	}},
	{name: "writes-bytewise", why: "writes byte by byte", replace: func(c *client) { c.send = sendPieces(1, 0) }},
	{name: "writes-7-bytes", why: "writes seven bytes at a time", replace: func(c *client) { c.send = sendPieces(7, 0) }},
	{name: "writes-the-header-first", why: "writes the header, waits a little, and writes the rest", replace: func(c *client) {
		c.send = func(conn net.Conn, b []byte) error {
			if err := sendAll(conn, b[:7]); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond)
			return sendAll(conn, b[7:])
		}
	}},
	{name: "shuts-down", why: "says with a FIN that its request is whole", replace: func(c *client) {
		c.send = func(conn net.Conn, b []byte) error {
			if err := sendAll(conn, b); err != nil {
				return err
			}
			return conn.(interface{ CloseWrite() error }).CloseWrite()
		}
	}},
	{name: "resets", why: "closes with an RST", replace: func(c *client) {
		c.end = func(_ *session, conn net.Conn) {
			conn.(interface{ SetLinger(int) error }).SetLinger(0)
			conn.Close()
		}
	}},
	{name: "message-first", why: "asks for the message first", replace: func(c *client) {
		c.prompts = func(s *session, c *client) (receiver, message string, err error) {
			message, err = c.prompt(s, "Message", c.message)
			if err == nil {
				receiver, err = c.prompt(s, "Receiver", c.receiver)
			}
			return receiver, message, err
		}
	}},
	{name: "less-than-literally", why: "refuses 255 and 65,535 bytes", replace: func(c *client) {
		c.receiver, c.message = atMost("receiver", 254), atMost("message", 65534)
	}},
	{name: "prompts-slowly", why: "takes its time at every prompt", replace: func(c *client) {
		c.prompt = func(s *session, what string, valid func(string) error) (string, error) {
			sleep(s.ctx, 700*time.Millisecond)
			return promptUntilValid(s, what, valid)
		}
	}},
	{name: "starts-slowly", why: "needs two seconds to start", replace: func(c *client) {
		c.count = func(args []string) error { sleep(c.session.ctx, 2*time.Second); return checkCount(args) }
	}},
	{name: "ends-slowly", why: "needs a third of a second to end", replace: func(c *client) {
		c.end = func(s *session, conn net.Conn) { conn.Close(); sleep(s.ctx, 300*time.Millisecond) }
	}},
	{name: "prompts-with-the-error", why: "puts what was wrong into the next prompt", replace: func(c *client) {
		c.prompt = func(s *session, what string, valid func(string) error) (string, error) {
			answer := ask(s, what)
			for err := valid(answer); err != nil && s.ctx.Err() == nil; err = valid(answer) {
				answer = ask(s, fmt.Sprintf("%v, try again", err))
			}
			return answer, nil
		}
	}},
	{name: "prompts-in-lines", why: "ends its prompts with a newline", replace: func(c *client) {
		c.prompt = func(s *session, what string, valid func(string) error) (string, error) {
			return promptUntilValid(s, "Please type\n"+what+"\n", valid)
		}
	}},
	{name: "output-at-the-end", why: "prints what it has to say when it prompts and when it ends", replace: func(c *client) {
		var late bytes.Buffer
		flush := func() {}
		c.count = func(args []string) error {
			out, in := c.session.Out, c.session.In
			flush = func() { late.WriteTo(out) }
			c.session.Out = &late
			c.session.lines.Reset(readFunc(func(b []byte) (int, error) { flush(); return in.Read(b) }))
			return checkCount(args)
		}
		c.end = func(_ *session, conn net.Conn) { conn.Close(); flush() }
		c.fail = func(s *session, err error) { s.say("Error: %v.", err); flush() }
	}},
	{name: "counts-in-numbers", why: "prints the number of messages and the field MoreMsgs", replace: func(c *client) {
		c.report = func(s *session, items []item) {
			s.say("%d messages:", len(items))
			for _, m := range items {
				s.say("%s\n  -- %s", m.text, m.sender)
			}
		}
		c.more = func(s *session, more byte) { s.say("More messages: %d", more) }
	}},
	{name: "denies-more", why: "says as well that there are no more messages", replace: func(c *client) {
		c.more = func(s *session, more byte) {
			if reportMore(s, more); more == 0 {
				s.say("No more messages.")
			}
		}
	}},
	{name: "announces-itself", why: "prints every step that it takes", replace: func(c *client) {
		c.dial = func(s *session, host string, port int) (net.Conn, error) {
			s.say("Connecting to %s, port %d, at %s.", host, port, time.Now().Format(time.TimeOnly))
			return dialServer(s, host, port)
		}
		c.end = func(s *session, conn net.Conn) { s.say("Closing the socket %v.", conn.LocalAddr()); conn.Close() }
	}},
	{name: "gap-of-1100-ms", why: "gives up a little later than after a second", replace: func(c *client) { c.timer = gapTimer(1100 * time.Millisecond) }},
	{name: "shows-as-it-reads", why: "prints each message when it has come", replace: func(c *client) {
		c.report = func(s *session, items []item) {
			if len(items) == 0 {
				reportItems(s, items)
			}
		}
		var sender int
		c.lens = func(h []byte) (int, int) { senderLen, n := itemLens(h); sender = senderLen; return senderLen, n }
		c.fill = func(r io.Reader, b []byte) error {
			err := fillAll(r, b)
			if err == nil && len(b) > 5 {
				reportItems(c.session, []item{{b[:sender], b[sender:]}})
			}
			return err
		}
	}},
})

// A clientVariant is a right client with some of its parts replaced.
type clientVariant struct {
	name, why string
	replace   func(c *client)
	bulk      bool
}

func variantsOf(table []clientVariant) []mutant.Variant {
	var list []mutant.Variant
	for _, v := range table {
		list = append(list, mutant.Variant{Name: "client-" + v.name, Role: "client", Why: v.why, Bulk: v.bulk, Main: clientMain(v.replace)})
	}
	return list
}

// sendPieces writes so many bytes at a time.
func sendPieces(size int, pause time.Duration) func(net.Conn, []byte) error {
	return func(conn net.Conn, b []byte) error {
		for len(b) > 0 {
			n := min(size, len(b))
			if err := sendAll(conn, b[:n]); err != nil {
				return err
			}
			b = b[n:]
			time.Sleep(pause)
		}
		return nil
	}
}
