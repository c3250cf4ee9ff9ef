package main

import (
	"bytes"
	"io"
)

// An indent puts a prefix before every line. Each write holds whole lines.
type indent struct {
	w      io.Writer
	prefix string
}

func (i *indent) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		if _, err := io.WriteString(i.w, i.prefix+string(line)); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
