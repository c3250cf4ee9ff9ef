// Command server is a mailbox server: one client after the other.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// The kinds of messages, and how many of them a response holds.
const (
	magic    = 0xAE73
	read     = 1
	create   = 2
	response = 3
	most     = 255
)

// A message waits for its receiver.
type message struct {
	sender string
	text   []byte
}

// A server keeps messages by receiver.
type server struct {
	boxes map[string][]message
}

// answer reads one request, and gives what is sent back.
func (s *server) answer(r io.Reader) ([]byte, error) {
	var header [7]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	kind, nameLen, receiverLen := header[2], int(header[3]), int(header[4])
	textLen := int(binary.BigEndian.Uint16(header[5:]))
	switch {
	case binary.BigEndian.Uint16(header[:]) != magic:
		return nil, errors.New("wrong magic number")
	case kind != read && kind != create:
		return nil, errors.New("unknown request")
	case nameLen == 0:
		return nil, errors.New("no name")
	case (kind == create) != (receiverLen > 0) || (kind == create) != (textLen > 0):
		return nil, errors.New("wrong lengths")
	}
	body := make([]byte, nameLen+receiverLen+textLen)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	name, receiver, text := string(body[:nameLen]), string(body[nameLen:nameLen+receiverLen]), body[nameLen+receiverLen:]
	if kind == create {
		s.boxes[receiver] = append(s.boxes[receiver], message{name, text})
		fmt.Printf("stored a message from %q for %q\n", name, receiver)
		return nil, nil
	}
	items := s.boxes[name]
	more := len(items) > most
	items = items[:min(len(items), most)]
	s.boxes[name] = s.boxes[name][len(items):]
	fmt.Printf("sent %d messages to %q\n", len(items), name)
	return encode(items, more), nil
}

// encode lays out a response.
func encode(items []message, more bool) []byte {
	b := []byte{magic >> 8, magic & 0xFF, response, byte(len(items)), 0}
	if more {
		b[4] = 1
	}
	for _, m := range items {
		b = append(b, byte(len(m.sender)))
		b = binary.BigEndian.AppendUint16(b, uint16(len(m.text)))
		b = append(b, m.sender...)
		b = append(b, m.text...)
	}
	return b
}

// A patient connection gives a client one second for each piece.
type patient struct{ net.Conn }

func (p patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}

func (p patient) Write(b []byte) (done int, err error) {
	for done < len(b) {
		if err := p.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			return done, err
		}
		n, err := p.Conn.Write(b[done:])
		if done += n; err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return done, err
		}
	}
	return done, nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: server PORT")
		os.Exit(1)
	}
	if port, err := strconv.Atoi(os.Args[1]); err != nil || port < 1024 || port > 64000 {
		fmt.Fprintln(os.Stderr, "error: the port must be a number from 1024 to 64000")
		os.Exit(1)
	}
	listener, err := net.Listen("tcp4", ":"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	s := &server{boxes: map[string][]message{}}
	for {
		conn, err := listener.Accept()
		if err != nil {
			fmt.Println("error:", err)
			continue
		}
		fmt.Println("connection from", conn.RemoteAddr())
		client := patient{conn}
		answer, err := s.answer(client)
		if err != nil {
			fmt.Println("error:", err)
		} else if _, err := client.Write(answer); err != nil {
			fmt.Println("error:", err)
		}
		conn.Close()
	}
}
