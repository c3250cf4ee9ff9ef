package chat

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// What stands around a file's name when all of the file has been sent (§IV.11).
const (
	hasUploadedOpen = "> File '"
	hasUploadedEnd  = "' has uploaded!"
)

// Talk sends each line that the user types, and uploads files (§IV.11). It
// returns why it ended: an error that wraps [io.EOF] if the input has ended,
// [ErrSending] if the server has gone.
func (c *Client) Talk(s *Sender) error {
	announced := false
	for {
		line, err := c.readLine()
		if err != nil {
			return fmt.Errorf("reading what is typed: %w", err)
		}
		switch {
		case announced && strings.HasPrefix(line, uploadWord):
			uploaded, err := c.upload(s, line)
			if err != nil {
				return err
			}
			announced = !uploaded // after an error the user may try again
		case line == "":
			c.Screen.Ask() // a message has at least one byte
		default:
			if err := s.Send(Text(line)); err != nil {
				return err
			}
			c.Screen.Ask()
			announced = line == Announcement
		}
	}
}

// readLine returns the next line without its end. The last line of the input may
// have none.
func (c *Client) readLine() (string, error) {
	line, err := c.In.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), err
}

// upload does what a typed command asks for. If that cannot be done the user is
// told why, nothing is sent, and uploaded is false. An error is one after which
// the chat cannot go on.
func (c *Client) upload(s *Sender, line string) (uploaded bool, err error) {
	u, f, err := c.open(line)
	if err != nil {
		c.Screen.Show("error: " + err.Error())
		return false, nil
	}
	defer f.Close()
	if err := s.Send(u); err != nil {
		return false, err
	}
	if err := s.SendFile(f, u.Size); err != nil {
		return false, fmt.Errorf("sending file %q: %w", u.Name, err)
	}
	c.Screen.Show(hasUploadedOpen + u.Name + hasUploadedEnd)
	return true, nil
}

// open opens the file that a typed command names, and returns the command for
// the server.
func (c *Client) open(line string) (*Upload, *os.File, error) {
	name, err := ParseTypedUpload(line)
	if err != nil {
		return nil, nil, err
	}
	if err := CheckName(name); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(c.Dir, name)
	info, err := os.Stat(path) // before opening: to open a pipe would wait for its writer
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%q wanted a regular file, got %s", name, info.Mode())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return &Upload{Name: name, Size: info.Size()}, f, nil
}
