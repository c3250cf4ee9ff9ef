package transfer

import (
	"bufio"
	"io"
	"net"
	"os"
	"time"

	"netproctor/internal/mutant"
)

// ClientVariants are clients that are right and unlike the reference.
var ClientVariants = clientVariantsOf([]clientVariant{
	{name: "plain", bulk: true, why: "none of its parts is replaced", replace: func(*client) {}},
	{name: "reads-bytewise", why: "reads byte by byte", replace: func(c *client) {
		c.wrap = func(conn net.Conn) net.Conn { return small{conn, 1, 1 << 20} }
	}},
	{name: "writes-bytewise", why: "writes byte by byte", replace: func(c *client) {
		c.wrap = func(conn net.Conn) net.Conn { return small{conn, 1 << 20, 1} }
	}},
	{name: "reads-ahead", why: "reads through a buffer", replace: func(c *client) {
		c.wrap = func(conn net.Conn) net.Conn { return buffered{conn, bufio.NewReader(conn)} }
	}},
	{name: "blocks-of-1000", bulk: true, why: "reads and writes blocks of 1000 bytes", replace: func(c *client) {
		c.send, c.receive = sendIn(1000), receiveIn(1000)
	}},
	{name: "opens-late", why: "finds out that a folder has the file's name when it opens it", replace: func(c *client) {
		c.check = func(c *client) error {
			err := checkLocal(c)
			if _, isTrouble := err.(trouble); isTrouble && c.verb == "GET" && isFolder(c.path(c.name)) {
				return nil
			}
			return err
		}
	}},
	{name: "opens-early", why: "makes the file before it connects, and removes it after an error", replace: func(c *client) {
		c.early = true
		c.create = func(c *client, name string) (io.WriteCloser, error) { return createLocal(c, name+".part") }
		c.abandon = func(c *client, name string) { removeLocal(c, name+".part") }
		c.done = func(c *client, conn net.Conn) error {
			err := answers("DONE")(c, conn)
			if err == nil && c.verb == "GET" {
				err = rename(c.path(c.name+".part"), c.path(c.name))
			}
			return err
		}
	}},
	{name: "deleting-first", why: "says that it deletes before it connects", replace: func(c *client) {
		says := c.says.deleting
		c.says.deleting = ""
		c.dial = func(c *client) (net.Conn, error) {
			if c.verb == "DEL" {
				c.say(says, c.name)
			}
			return dialServer(c)
		}
	}},
	{name: "says-more", why: "prints more lines", replace: func(c *client) {
		c.dial = func(c *client) (net.Conn, error) {
			c.say("connecting to %s", c.env.Args[0])
			return dialServer(c)
		}
	}},
	{name: "says-receiving-late", why: "says OK before it prints", replace: func(c *client) {
		says := c.says.receiving
		c.says.receiving = ""
		c.receive = func(conn net.Conn, file io.Writer, size int64) error {
			c.say(says, c.name, size)
			return receiveBlocks(conn, file, size)
		}
	}},
	{name: "slow", why: "thinks for a fifth of a second before each word", replace: func(c *client) {
		c.wrap = func(conn net.Conn) net.Conn { return slowClient{conn, c} }
	}},
	{name: "starts-slowly", why: "needs a second to start", replace: func(c *client) {
		c.dial = func(c *client) (net.Conn, error) { sleep(c.ctx, time.Second); return dialServer(c) }
	}},
	{name: "panics-on-early-close", why: "does not catch what the assignment need not be caught", replace: func(c *client) {
		c.fail = func(c *client, err error) {
			switch err.(type) {
			case refusal, trouble:
				report(c, err)
			default:
				panic(err)
			}
		}
	}},
})

// A clientVariant is a right client: the plain one with a part replaced.
type clientVariant struct {
	name, why string
	bulk      bool
	lacks     string
	replace   func(c *client)
}

func clientVariantsOf(table []clientVariant) []mutant.Variant {
	var list []mutant.Variant
	for _, v := range table {
		list = append(list, mutant.Variant{Name: "client-variant-" + v.name, Role: "client", Why: v.why, Bulk: v.bulk, Lacks: v.lacks, Main: clientMain(v.replace)})
	}
	return list
}

// A buffered connection reads ahead.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (c buffered) Read(b []byte) (int, error) { return c.r.Read(b) }

// A slowClient thinks before each word.
type slowClient struct {
	net.Conn
	c *client
}

func (c slowClient) Write(b []byte) (int, error) {
	if len(b) < blockSize {
		sleep(c.c.ctx, 200*time.Millisecond)
	}
	return c.Conn.Write(b)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func rename(from, to string) error { return os.Rename(from, to) }
