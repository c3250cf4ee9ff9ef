package chat

import (
	"fmt"
	"strconv"
	"strings"
)

// Announcement is the text by which a client says that it is going to upload a
// file: the command is expected right behind it (§IV.11).
const Announcement = "I will upload a file"

// The parts of an upload command (§IV.5).
const (
	uploadWord  = "#upload"         // what the command begins with
	uploadOpen  = uploadWord + " '" // in front of the name
	uploadClose = "'"               // behind the name
	uploadSpace = " "               // in front of the size
)

// A Text is what a user says: at least one byte, of any value (§IV.4).
type Text string

// Append appends the wire form of t to b: t itself.
func (t Text) Append(b []byte) []byte { return append(b, t...) }

// ParseText takes all of b for one Text. It fails only if there is nothing.
func ParseText(b []byte) (Text, error) {
	if len(b) == 0 {
		return "", short("Text", "at least 1 byte", b)
	}
	return Text(b), nil
}

// announces reports whether a command may follow t. Other texts may have arrived
// in one piece with the announcement, in front of it.
func (t Text) announces() bool { return strings.HasSuffix(string(t), Announcement) }

// An Upload is the command that the bytes of a file follow (§IV.5).
type Upload struct {
	Name string // 1 to MaxName bytes, none of them '
	Size int64  // how many bytes follow, 0 to MaxSize
}

// Append appends the wire form of u to b. It panics if the name or the size is
// not legal: who builds a command has to check that first.
func (u *Upload) Append(b []byte) []byte {
	if err := u.check(); err != nil {
		panic("chat: " + err.Error())
	}
	b = append(b, uploadOpen...)
	b = append(b, u.Name...)
	b = append(b, uploadClose+uploadSpace...)
	return strconv.AppendInt(b, u.Size, 10)
}

// check returns an error if u has no wire form.
func (u *Upload) check() error {
	if len(u.Name) < 1 || len(u.Name) > MaxName {
		return erroneous("Upload.Name", fmt.Sprintf("1 to %d bytes", MaxName), len(u.Name))
	}
	if strings.Contains(u.Name, uploadClose) {
		return erroneous("Upload.Name", "no '", strconv.Quote(u.Name))
	}
	if u.Size < 0 {
		return erroneous("Upload.Size", "at least 0", u.Size)
	}
	return nil
}

// ParseUpload reads exactly one Upload from b.
func ParseUpload(b []byte) (*Upload, error) {
	u, rest, err := CutUpload(b)
	if err != nil {
		return nil, err
	}
	s := scanner{message: "Upload", b: rest}
	if s.end(); s.err != nil {
		return nil, s.err
	}
	return u, nil
}

// CutUpload takes an Upload off the beginning of b and returns what is behind it.
//
// Nothing marks the end of the size. It is taken for as long as digits go, so
// that a size which is cut in two reads like a smaller one, and the first bytes
// of a file, if they are digits and arrive with the command, read like a part of
// the size. A size has no leading zeros: behind 0 there is never another digit.
func CutUpload(b []byte) (u *Upload, rest []byte, err error) {
	s := scanner{message: "Upload", b: b}
	s.literal(uploadOpen)
	name := s.until(uploadClose, "Name", MaxName)
	s.literal(uploadSpace)
	size := s.number("Size", 0, MaxSize)
	if s.err != nil {
		return nil, nil, s.err
	}
	return &Upload{Name: name, Size: size}, s.b, nil
}

// ParseTypedUpload returns the name in a command as a user types it, without a
// size: #upload 'NAME' (§IV.11).
func ParseTypedUpload(line string) (name string, err error) {
	s := scanner{message: "the command", b: []byte(line)}
	s.literal(uploadOpen)
	name = s.until(uploadClose, "name", MaxName)
	s.end()
	if s.err != nil {
		return "", s.err
	}
	return name, nil
}
