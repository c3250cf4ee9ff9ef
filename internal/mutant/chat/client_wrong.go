package chat

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// wrongOpenings misread the command line or cannot connect.
var wrongOpenings = []clientFault{
	{"counts-no-arguments", "client.args", "uses the arguments before it counts them", func(c *client) {
		c.enough = func(args []string) bool { return args[0] != "" && args[1] != "" }
	}},
	{"has-a-port-of-its-own", "client.args", "takes another port when none is given", func(c *client) {
		c.enough = func(args []string) bool {
			if len(args) == 1 {
				c.env.Args = append(slices.Clone(args), "9999")
			}
			return len(c.env.Args) >= 2
		}
	}},
	{"usage-in-other-words", "client.args", "prints a usage of its own", func(c *client) {
		c.usage = func(c *client) { c.print("usage: cli HOST PORT\n") }
	}},
	{"usage-silent", "client.args", "ends without a word", func(c *client) { c.usage = func(*client) {} }},
	{"usage-goes-on", "client.args", "prints how to call it, and does not end", func(c *client) {
		c.usage = func(c *client) { c.print("valid format : cli HOST PORT\n"); <-c.ctx.Done() }
	}},
	{"unable-uncaught", "client.unable", "does not catch the error of connect()", func(c *client) {
		c.unable = func(_ *client, err error) { panic(err) }
	}},
	{"unable-silent", "client.unable", "ends without a word", func(c *client) { c.unable = func(*client, error) {} }},
	{"unable-in-other-words", "client.unable", "says it in other words", func(c *client) {
		c.unable = func(c *client, _ error) { c.print("connection failed\n") }
	}},
	{"unable-goes-on", "client.unable", "says so and waits", func(c *client) {
		c.unable = func(c *client, _ error) { c.print("Unable to connect\n"); <-c.ctx.Done() }
	}},
}

// wrongScreens show too little, too late, or in another form.
var wrongScreens = []clientFault{
	{"shows-when-typed", "client.shows", "waits for the keyboard before it looks at the server", func(c *client) {
		var held [][]byte
		c.heard = func(_ *client, data []byte) { held = append(held, data) }
		c.typed = func(c *client, line string) {
			typed(c, line)
			for _, data := range held {
				show(c, string(data))
			}
			held = nil
		}
	}},
	{"shows-one-for-each-line", "client.shows", "shows one message and waits for a line", func(c *client) {
		shown := false
		var held []string
		c.heard = func(c *client, data []byte) {
			if held = append(held, string(data)); !shown {
				shown, held = true, held[1:]
				show(c, string(data))
			}
		}
		c.typed = func(c *client, line string) {
			typed(c, line)
			shown = len(held) > 0
			for _, text := range held {
				show(c, text)
			}
			held = nil
		}
	}},
	{"shows-nothing", "client.shows", "reads and shows nothing", func(c *client) { c.heard = func(*client, []byte) {} }},
	{"shows-the-first", "client.shows", "shows the first message only", func(c *client) {
		c.heard = func(c *client, data []byte) {
			show(c, string(data))
			c.heard = func(*client, []byte) {}
		}
	}},
	{"shows-one-line", "client.shows", "shows what stands before the first line's end", func(c *client) {
		c.heard = func(c *client, data []byte) { show(c, strings.SplitN(string(data), "\n", 2)[0]) }
	}},
	{"shows-whole-lines", "client.shows", "waits for a line's end", func(c *client) {
		var held []byte
		c.heard = func(c *client, data []byte) {
			held = append(held, data...)
			if at := bytes.LastIndexByte(held, '\n'); at >= 0 {
				show(c, string(held[:at]))
				held = held[at+1:]
			}
		}
	}},
	{"shows-512-bytes", "client.shows", "shows 512 bytes and loses the rest", func(c *client) {
		c.heard = func(c *client, data []byte) { show(c, string(data[:min(len(data), 512)])) }
	}},
	{"no-prompt", "client.prompt", "shows no prompt", func(c *client) { c.prompt = func(*client) {} }},
	{"prompt-in-other-words", "client.prompt", "shows another prompt", func(c *client) { c.prompt = func(c *client) { c.print("> ") } }},
	{"prompt-first-only", "client.prompt", "shows the prompt once", func(c *client) {
		c.prompt = func(c *client) {
			c.print(promptText)
			c.prompt = func(*client) {}
		}
	}},
	{"no-prompt-after-sending", "client.prompt", "shows the prompt below messages only", func(c *client) {
		c.say = func(c *client, line string) { c.send(c, []byte(line)) }
	}},
	{"no-prompt-after-showing", "client.prompt", "shows the prompt behind lines only", func(c *client) {
		c.show = func(c *client, text string) { c.print("\r" + text + "\n") }
	}},
	{"shows-bytes", "client.utf8", "shows bytes as Python writes them", func(c *client) {
		c.heard = func(c *client, data []byte) { show(c, strconv.QuoteToASCII(string(data))) }
	}},
	{"shows-ascii-only", "client.utf8", "shows a question mark for each letter outside of ASCII", func(c *client) {
		c.heard = func(c *client, data []byte) { show(c, asciiOnly(string(data))) }
	}},
	{"decodes-pieces", "client.no-traceback", "does not catch the error of decode()", func(c *client) {
		c.heard = func(c *client, data []byte) { show(c, string(decoded(data))) }
	}},
	{"reset-dies", "client.no-traceback", "does not catch the error of recv()", func(c *client) {
		right := c.closed
		c.closed = func(c *client, err error) {
			if isReset(err) {
				panic(err)
			}
			right(c, err)
		}
	}},
}

func asciiOnly(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, text)
}

// says replaces what is sent of a line.
func says(change func(line string) string) func(c *client) {
	return func(c *client) { c.say = func(c *client, line string) { say(c, change(line)) } }
}

// wrongSendings do not send what is typed.
var wrongSendings = []clientFault{
	{"sends-line-ends", "client.sends", "sends the line's end, too", says(func(line string) string { return line + "\n" })},
	{"sends-stripped", "client.sends", "strips the line", says(strings.TrimSpace)},
	{"sends-prompt", "client.sends", "sends the prompt in front", says(func(line string) string { return promptText + line })},
	{"sends-512-bytes", "client.sends", "sends 512 bytes and loses the rest", says(func(line string) string { return line[:min(len(line), 512)] })},
	{"sends-unescaped", "client.sends", "takes backslashes for escapes", says(func(line string) string { return strings.ReplaceAll(line, `\n`, "\n") })},
	{"sends-no-single-letters", "client.sends", "drops lines of one letter", says(func(line string) string {
		if len(line) < 2 {
			return ""
		}
		return line
	})},
	{"sends-the-first-line", "client.sends", "sends one line", func(c *client) {
		c.say = func(c *client, line string) {
			say(c, line)
			c.say = func(c *client, _ string) { c.prompt(c) }
		}
	}},
	{"sends-a-line-late", "client.sends", "sends a line when the next one is typed", func(c *client) {
		before := ""
		c.say = func(c *client, line string) { say(c, before); before = line }
	}},
	{"sends-words", "client.sends", "sends the first word of a line", says(func(line string) string { return strings.SplitN(line, " ", 2)[0] })},
	{"sends-in-lower-case", "client.sends", "lowers the line", says(strings.ToLower)},
	{"sends-without-end-blanks", "client.sends", "strips the line's end and all blanks before it", says(func(line string) string { return strings.TrimRight(line, " ") })},
	{"quotes-are-taken-off", "client.sends", "takes quotes off, as it does for names", says(func(line string) string { return strings.ReplaceAll(line, "'", "") })},
	{"empty-line-sent", "client.sends", "sends a line's end for an empty line", says(func(line string) string {
		if line == "" {
			return "\n"
		}
		return line
	})},
	{"sends-hello", "client.sends", "says hello by itself", func(c *client) {
		c.begun = func(c *client) { c.send(c, []byte("hello")) }
	}},
	{"sends-what-it-hears", "client.sends", "answers each message", func(c *client) {
		c.heard = func(c *client, data []byte) { show(c, string(data)); c.send(c, []byte("ok")) }
	}},
	{"exit-is-a-command", "client.sends", "ends when exit is typed", func(c *client) {
		c.say = func(c *client, line string) {
			if line == "exit" {
				c.stop = true
				return
			}
			say(c, line)
		}
	}},
	{"empty-line-ends", "client.sends", "ends at an empty line", func(c *client) {
		c.say = func(c *client, line string) {
			if line == "" {
				c.stop = true
				return
			}
			say(c, line)
		}
	}},
	{"sends-ascii-only", "client.utf8", "sends a question mark for each letter outside of ASCII", says(asciiOnly)},
	{"sends-characters-for-bytes", "client.utf8", "sends as many bytes as there are characters", says(func(line string) string {
		return line[:utf8.RuneCountInString(line)]
	})},
}

// wrongFiles do not send a file as they should.
var wrongFiles = []clientFault{
	{"upload-unannounced", "client.upload", "does not send the announcement", func(c *client) {
		c.say = func(c *client, line string) {
			if line == announcement {
				c.prompt(c)
				return
			}
			say(c, line)
		}
	}},
	{"upload-without-size", "client.upload", "sends the command as it was typed", func(c *client) {
		c.command = func(name string, _ []byte) string { return "#upload '" + name + "'" }
	}},
	{"upload-without-quotes", "client.upload", "leaves out the quotes", func(c *client) {
		c.command = func(name string, content []byte) string { return fmt.Sprintf("#upload %s %d", name, len(content)) }
	}},
	{"upload-size-in-characters", "client.upload", "counts characters", func(c *client) {
		c.command = func(name string, content []byte) string {
			return fmt.Sprintf("#upload '%s' %d", name, utf8.RuneCount(content))
		}
	}},
	{"upload-size-on-disk", "client.upload", "counts blocks", func(c *client) {
		c.command = func(name string, content []byte) string {
			return fmt.Sprintf("#upload '%s' %d", name, (len(content)+4095)/4096*4096)
		}
	}},
	{"upload-name-in-lower-case", "client.upload", "lowers the name", func(c *client) {
		c.command = func(name string, content []byte) string { return command(strings.ToLower(name), content) }
	}},
	{"upload-whole-path", "client.upload", "sends the whole path of the file", func(c *client) {
		c.command = func(name string, content []byte) string { return command(filepath.Join(c.env.Dir, name), content) }
	}},
	{"upload-first-size", "client.upload", "keeps the size of the first file", func(c *client) {
		var first []byte
		c.command = func(name string, content []byte) string {
			if first == nil {
				first = content
			}
			return command(name, first)
		}
	}},
	{"upload-as-text", "client.upload", "opens the file as text", reads(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) })},
	{"upload-decoded", "client.upload", "decodes the file", reads(func(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("\uFFFD")) })},
	{"upload-stripped", "client.upload", "strips the file", reads(bytes.TrimSpace)},
	{"upload-to-the-first-zero", "client.upload", "takes a zero byte for the end", reads(func(b []byte) []byte { return bytes.SplitN(b, []byte{0}, 2)[0] })},
	{"upload-4095-bytes", "client.upload", "sends one buffer", sendsBody(func(b []byte) []byte { return b[:min(len(b), 4095)] })},
	{"upload-64-kib", "client.upload", "sends what one send() takes", sendsBody(func(b []byte) []byte { return b[:min(len(b), 64<<10)] })},
	{"upload-with-an-end", "client.upload", "sends a line's end behind the file", sendsBody(func(b []byte) []byte { return append(b, '\n') })},
	{"upload-of-nothing-sends-a-byte", "client.upload", "sends a zero byte for an empty file", sendsBody(func(b []byte) []byte {
		if len(b) == 0 {
			return []byte{0}
		}
		return b
	})},
	{"upload-without-file", "client.upload", "sends the command alone", func(c *client) { c.body = func(*client, []byte) {} }},
	{"upload-once", "client.upload", "takes one upload only", func(c *client) {
		c.upload = func(c *client, line string) {
			uploadFile(c, line)
			c.upload = say
		}
	}},
	{"upload-before-chatting", "client.upload", "uploads only as long as nothing was said", func(c *client) {
		c.say = func(c *client, line string) {
			if say(c, line); line != announcement {
				c.upload = say
			}
		}
	}},
	{"uploaded-silent", "client.uploaded", "does not say that the file was sent", func(c *client) {
		c.uploaded = func(c *client, _ string) { c.prompt(c) }
	}},
	{"uploaded-without-name", "client.uploaded", "does not say which file was sent", func(c *client) {
		c.uploaded = func(c *client, _ string) { c.show(c, "> File has uploaded!") }
	}},
	{"uploaded-when-not-empty", "client.uploaded", "says it for files that are not empty", func(c *client) {
		c.body = func(c *client, content []byte) {
			if len(content) == 0 {
				c.uploaded = func(c *client, _ string) { c.prompt(c) }
			}
			c.send(c, content)
		}
	}},
	{"uploaded-and-ends", "client.uploaded", "ends after an upload", func(c *client) {
		right := c.uploaded
		c.uploaded = func(c *client, name string) { right(c, name); c.stop = true }
	}},
	{"uploaded-and-uploading", "client.uploaded", "takes the next line for the name of a file, too", func(c *client) {
		right := c.uploaded
		c.uploaded = func(c *client, name string) {
			right(c, name)
			c.say = func(c *client, line string) { c.missing(c, errName); c.say = say }
		}
	}},
	{"uploaded-and-deaf", "client.uploaded", "does not listen any more after an upload", func(c *client) {
		right := c.uploaded
		c.uploaded = func(c *client, name string) { right(c, name); c.heard = func(*client, []byte) {} }
	}},
	{"uploaded-and-mute", "client.uploaded", "does not send any more after an upload", func(c *client) {
		right := c.uploaded
		c.uploaded = func(c *client, name string) { right(c, name); c.say = func(c *client, _ string) { c.prompt(c) } }
	}},
	{"missing-dies", "client.upload-missing", "does not catch the error of open()", func(c *client) {
		c.missing = func(_ *client, err error) { panic(err) }
	}},
	{"missing-silent", "client.upload-missing", "says nothing of a file that is not there", func(c *client) {
		c.missing = func(c *client, _ error) { c.prompt(c) }
	}},
}

// reads replaces what is read of a file.
func reads(change func(b []byte) []byte) func(c *client) {
	return func(c *client) {
		c.read = func(path string) ([]byte, error) {
			b, err := os.ReadFile(path)
			return change(b), err
		}
	}
}

// sendsBody replaces what is sent of a file.
func sendsBody(change func(b []byte) []byte) func(c *client) {
	return func(c *client) { c.body = func(c *client, content []byte) { c.send(c, change(content)) } }
}

// wrongGoodbyes do not end as they should.
var wrongGoodbyes = []clientFault{
	{"closed-unseen", "client.server-closed", "reads on when the server has gone", func(c *client) {
		c.closed = func(c *client, _ error) { c.stop = false }
	}},
	{"closed-silent", "client.server-closed", "ends without a word", func(c *client) { c.closed = func(*client, error) {} }},
	{"closed-in-other-words", "client.server-closed", "says it in other words", func(c *client) {
		c.closed = func(c *client, _ error) { c.print("\nconnection lost\n") }
	}},
	{"closed-waits", "client.server-closed", "says so and waits for a line", func(c *client) {
		right := c.closed
		c.closed = func(c *client, err error) { right(c, err); c.stop = false }
	}},
	{"interrupt-silent", "client.interrupt", "ends without a word", func(c *client) { c.interrupt = func(*client) {} }},
	{"interrupt-uncaught", "client.interrupt", "does not catch the interrupt", func(c *client) { c.interrupt = func(*client) { panic("KeyboardInterrupt") } }},
	{"interrupt-says-exit-and-dies", "client.interrupt", "prints exit and is then not caught", func(c *client) {
		c.interrupt = func(c *client) { c.print("\nexit\n"); panic("KeyboardInterrupt") }
	}},
	{"interrupt-ignored", "client.interrupt", "goes on", func(c *client) { c.interrupt = func(c *client) { c.stop = false } }},
	{"interrupt-waits", "client.interrupt", "prints exit and waits for the server to close", func(c *client) {
		right := c.interrupt
		c.interrupt = func(c *client) { right(c); c.stop = false; time.Sleep(clientPause) }
	}},
}
