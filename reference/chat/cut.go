package chat

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Cut takes the first message off b, bytes that one client has sent, and returns
// what is behind it. b must not be empty. announced is whether the message
// before was a text that announces an upload.
//
// The message is a *[Upload] if one was announced and b begins with the command;
// then the bytes of the file are next. Else it is a [Text]: all of b, or as much
// as there is up to an announcement with the beginning of a command right behind
// it. What is not a command is a text, however much it looks like one.
func Cut(b []byte, announced bool) (m Message, rest []byte) {
	if announced {
		if u, rest, err := CutUpload(b); err == nil {
			return u, rest
		}
	}
	n := textLen(b)
	return Text(b[:n]), b[n:]
}

// Incomplete reports whether [Cut] should not be asked yet, because b visibly
// goes on: it is a part of a command, or of the announcement, or it ends inside
// a character.
func Incomplete(b []byte, announced bool) bool {
	if announced {
		_, _, err := CutUpload(b)
		if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
			return err != nil
		}
	}
	if len(b) < len(Announcement) && strings.HasPrefix(Announcement, string(b)) {
		return true
	}
	return textLen(b) == len(b) && CutsCharacter(b)
}

// textLen returns where the text at the beginning of b ends.
func textLen(b []byte) int {
	end := 0
	for {
		at := bytes.Index(b[end:], []byte(Announcement))
		if at < 0 {
			return len(b)
		}
		end += at + len(Announcement)
		if end < len(b) && beginsCommand(b[end:]) {
			return end
		}
	}
}

// beginsCommand reports whether b is, or can become, the beginning of a command.
func beginsCommand(b []byte) bool {
	return string(b[:min(len(b), len(uploadOpen))]) == uploadOpen[:min(len(b), len(uploadOpen))]
}

// CutsCharacter reports whether b ends with the beginning of a character of
// UTF-8. Bytes that can become no character do not count.
func CutsCharacter(b []byte) bool {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			return !utf8.FullRune(last)
		}
	}
	return false
}
