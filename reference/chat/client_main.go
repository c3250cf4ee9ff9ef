package chat

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
)

// Unable is what the client prints if it cannot connect (§IV.8).
const Unable = "Unable to connect"

// ClientMain is the assignment's client program: args are what follows the
// program's name, dir is its working directory, empty for the process's own. It
// chats until the server closes, the input ends or ctx ends, and returns the exit
// status.
func ClientMain(ctx context.Context, args []string, dir string, in io.Reader, out io.Writer, dial func(ctx context.Context, network, address string) (net.Conn, error)) int {
	a, err := ParseArgs(args)
	if err != nil {
		fmt.Fprintf(out, "%sclient HOST PORT\nerror: %v\n", ValidFormat, err)
		return exitUsage
	}
	c := &Client{Dir: dir, In: bufio.NewReader(in), Screen: NewScreen(out), Dial: dial}
	conn, err := c.Connect(ctx, a.Address())
	if err != nil && ctx.Err() != nil {
		c.Screen.End(Exit)
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(out, "%s\nerror: %v\n", Unable, err)
		return exitFailed
	}
	word, err := c.Chat(ctx, conn)
	if err != nil {
		c.Screen.End("error: " + err.Error())
		return exitFailed
	}
	c.Screen.End(word)
	return exitDone
}
