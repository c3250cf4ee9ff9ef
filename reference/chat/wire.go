package chat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strconv"
)

// A Message is what one side sends at once. It is nothing but its text: neither
// its length nor its end is marked.
//
// A client sends [Text] and *[Upload], a server sends *[Connected], *[Entered],
// *[Said], *[Uploaded] and *[Left].
type Message interface {
	// Append appends the wire form of the message to b.
	Append(b []byte) []byte
}

// Limits of the fields.
const (
	MaxName  = 255           // bytes of a file's name: what file systems take
	MaxSize  = math.MaxInt64 // bytes of a file
	MaxUsers = math.MaxInt32 // clients at once, far more than there can be
	maxUser  = 96            // bytes of IP:PORT; IPv6 takes 47, and more with a zone
)

// ErrErroneous is what every error about a complete but illegal message wraps.
// An incomplete message is [io.ErrUnexpectedEOF].
var ErrErroneous = errors.New("erroneous message")

// erroneous says which part of a message is wrong, and how.
func erroneous(part, wanted string, got any) error {
	return fmt.Errorf("%s wanted %s, got %v: %w", part, wanted, got, ErrErroneous)
}

// short says that a message ends too early.
func short(part, wanted string, got []byte) error {
	return fmt.Errorf("%s wanted %s, got %s: %w", part, wanted, quote(got), io.ErrUnexpectedEOF)
}

// maxQuote is how many bytes of what came are shown in an error.
const maxQuote = 40

// quote shows the beginning of b in a form that fits into a line.
func quote(b []byte) string {
	return strconv.Quote(string(b[:min(len(b), maxQuote)]))
}

// A scanner takes one part after the other from the beginning of a message.
// After the first error it takes no more.
type scanner struct {
	message string // its name, for errors
	b       []byte // what has not been taken yet
	err     error
}

// literal takes exactly the bytes of text.
func (s *scanner) literal(text string) {
	if s.err != nil {
		return
	}
	got := s.b[:min(len(s.b), len(text))]
	switch {
	case string(got) == text:
		s.b = s.b[len(text):]
	case string(got) == text[:len(got)]:
		s.err = short(s.message, strconv.Quote(text), got)
	default:
		s.err = erroneous(s.message, strconv.Quote(text), quote(got))
	}
}

// until takes 1 to most bytes, and the delimiter that follows them. It does not
// look for the delimiter any further than that.
func (s *scanner) until(delimiter, field string, most int) string {
	if s.err != nil {
		return ""
	}
	window := s.b[:min(len(s.b), most+len(delimiter))]
	n := bytes.Index(window, []byte(delimiter))
	if n < 0 && len(window) < most+len(delimiter) {
		s.err = short(s.message+"."+field, fmt.Sprintf("%q behind it", delimiter), window)
		return ""
	}
	if n <= 0 {
		s.err = erroneous(s.message+"."+field, fmt.Sprintf("1 to %d bytes and then %q", most, delimiter), quote(window))
		return ""
	}
	taken := string(s.b[:n])
	s.b = s.b[n+len(delimiter):]
	return taken
}

// number takes a decimal number of least to most: all digits that there are.
// But nothing follows a leading zero.
func (s *scanner) number(field string, least, most int64) int64 {
	if s.err != nil {
		return 0
	}
	digits := s.b[:countDigits(s.b)]
	if len(s.b) == 0 {
		s.err = short(s.message+"."+field, "a number", s.b)
		return 0
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || n < least || n > most {
		s.err = erroneous(s.message+"."+field, fmt.Sprintf("a number from %d to %d", least, most), quote(s.b))
		return 0
	}
	s.b = s.b[len(digits):]
	return n
}

// countDigits returns how many bytes at the beginning of b make a number without
// leading zeros.
func countDigits(b []byte) int {
	if len(b) > 0 && b[0] == '0' {
		return 1
	}
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// user takes an address and a port, and the delimiter that follows them. There
// is only one way to write each.
func (s *scanner) user(delimiter string) netip.AddrPort {
	text := s.until(delimiter, "User", maxUser)
	if s.err != nil {
		return netip.AddrPort{}
	}
	user, err := netip.ParseAddrPort(text)
	if err != nil || user.String() != text {
		s.err = erroneous(s.message+".User", "IP:PORT", strconv.Quote(text))
	}
	return user
}

// end expects that nothing is left.
func (s *scanner) end() {
	if s.err == nil && len(s.b) > 0 {
		s.err = erroneous("the end of "+s.message, "no more bytes", quote(s.b))
	}
}
