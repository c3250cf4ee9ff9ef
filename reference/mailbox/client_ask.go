package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Ask prompts until the user types a line of 1 to most bytes.
func (c *Client) Ask(ctx context.Context, what string, most int) (string, error) {
	for {
		fmt.Fprintf(c.Out, "%s: ", what)
		line, err := c.readLine(ctx)
		if err != nil {
			return "", fmt.Errorf("reading the %s: %w", what, err)
		}
		if len(line) >= 1 && len(line) <= most {
			return line, nil
		}
		fmt.Fprintf(c.Out, "error: the %s wanted 1 to %d bytes, got %d\n", what, most, len(line))
	}
}

// readLine returns the next line without its end. A read from a terminal cannot
// be called back, so it goes on behind our back when ctx ends.
func (c *Client) readLine(ctx context.Context) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := c.In.ReadString('\n')
		done <- result{line, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-done:
		return trimLine(r.line, r.err)
	}
}

// trimLine cuts off the end of a line. The last line of the input may have none.
func trimLine(line string, err error) (string, error) {
	if errors.Is(err, io.EOF) {
		if line == "" {
			return "", io.ErrUnexpectedEOF
		}
		err = nil
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
}
