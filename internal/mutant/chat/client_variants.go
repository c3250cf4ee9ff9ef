package chat

import (
	"slices"
	"time"

	"netproctor/internal/mutant"
)

// ClientVariants are right clients that go about it in their own way.
var ClientVariants = clientVariants([]clientVariant{
	{"as-it-is", "the right parts", func(*client) {}},
	{"prompt-at-once", "shows a prompt before anything came", func(c *client) { c.begun = func(c *client) { c.prompt(c) } }},
	{"newline-before", "shows messages below an empty line", func(c *client) {
		c.show = func(c *client, text string) { c.print("\n\x1b[2K" + text + "\n\n"); c.prompt(c) }
	}},
	{"announces-late", "sends the announcement with the command", func(c *client) {
		c.say = func(c *client, line string) {
			if line == announcement {
				c.prompt(c)
				return
			}
			say(c, line)
		}
		c.upload = func(c *client, line string) {
			c.send(c, []byte(announcement))
			time.Sleep(clientPause)
			uploadFile(c, line)
		}
	}},
	{"sends-files-in-pieces", "sends a file in odd pieces", func(c *client) {
		c.body = func(c *client, content []byte) {
			for size := 1; len(content) > 0; size = size*2 + 1 {
				n := min(size, len(content))
				c.send(c, content[:n])
				content = content[n:]
				time.Sleep(time.Millisecond)
			}
		}
	}},
	{"slow", "takes its time for everything", func(c *client) {
		right, shown := c.typed, c.heard
		c.typed = func(c *client, line string) { time.Sleep(200 * time.Millisecond); right(c, line) }
		c.heard = func(c *client, data []byte) { time.Sleep(200 * time.Millisecond); shown(c, data) }
	}},
	{"ends-over-a-missing-file", "says so and ends", func(c *client) {
		c.missing = func(c *client, err error) { c.print("error: " + err.Error() + "\n"); c.stop = true }
	}},
	{"buffers-of-128", "reads 128 bytes at once", func(c *client) {
		c.heard = func(c *client, data []byte) {
			for piece := range slices.Chunk(data, 128) {
				show(c, string(piece))
			}
		}
	}},
	{"ends-silently-over-a-missing-file", "ends", func(c *client) {
		c.missing = func(c *client, _ error) { c.stop = true }
	}},
	{"says-goodbye", "tells the server that it goes", func(c *client) {
		c.interrupt = func(c *client) { c.send(c, []byte("bye")); c.print("\nexit\n") }
	}},
	{"shows-the-time", "shows the time of day before each message", func(c *client) {
		right := c.show
		c.show = func(c *client, text string) { right(c, time.Now().Format(time.TimeOnly)+" "+text) }
	}},
	{"exit-behind-a-cursor-sequence", "overwrites the ^C", func(c *client) {
		c.interrupt = func(c *client) { c.print("\x1b[F\n exit\n") }
		c.closed = func(c *client, _ error) { c.print("\r\n\x1b[Kserver closed\n") }
	}},
})

type clientVariant struct {
	name, why string
	replace   func(c *client)
}

func clientVariants(list []clientVariant) []mutant.Variant {
	var all []mutant.Variant
	for _, v := range list {
		all = append(all, mutant.Variant{Name: "client-" + v.name, Role: "client", Why: v.why, Main: clientMain(v.replace)})
	}
	return all
}
