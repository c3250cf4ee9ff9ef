package mailbox

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// A Message is what one user has left for another.
type Message struct {
	Sender string // 1 to 255 bytes
	Text   string // 1 to 65,535 bytes
}

// A MessageResponse answers a read request.
type MessageResponse struct {
	Items []Message // oldest first, at most 255
	More  bool      // the server holds more for this user
}

// Append appends the wire form of r to b. It panics if there are too many
// items, or a text is too long for its length field.
func (r *MessageResponse) Append(b []byte) []byte {
	if len(r.Items) > MaxItems {
		panic(fmt.Sprintf("mailbox: MessageResponse.Items wanted at most %d, got %d", MaxItems, len(r.Items)))
	}
	b = slices.Grow(b, r.size())
	b = binary.BigEndian.AppendUint16(b, MagicNo)
	b = append(b, byte(Response), byte(len(r.Items)), moreMsgs(r.More))
	for _, m := range r.Items {
		b = m.append(b)
	}
	return b
}

// size returns the length of the wire form.
func (r *MessageResponse) size() int {
	n := ResponseHeaderSize
	for _, m := range r.Items {
		n += ItemHeaderSize + len(m.Sender) + len(m.Text)
	}
	return n
}

// append appends the message's header and texts to b.
func (m Message) append(b []byte) []byte {
	senderLen := mustFit("MessageResponse.Sender", m.Sender, MaxName)
	messageLen := mustFit("MessageResponse.Message", m.Text, MaxText)
	b = append(b, byte(senderLen))
	b = binary.BigEndian.AppendUint16(b, uint16(messageLen))
	b = append(b, m.Sender...)
	return append(b, m.Text...)
}

// moreMsgs returns the byte for the MoreMsgs field.
func moreMsgs(more bool) byte {
	if more {
		return 1
	}
	return 0
}

// ParseMessageResponse reads exactly one MessageResponse from b.
func ParseMessageResponse(b []byte) (*MessageResponse, error) {
	h, err := ParseResponseHeader(b)
	if err != nil {
		return nil, err
	}
	r := &MessageResponse{More: h.More}
	b = b[ResponseHeaderSize:]
	for range h.NumItems {
		h, err := ParseItemHeader(b)
		if err != nil {
			return nil, err
		}
		b = b[ItemHeaderSize:]
		if len(b) < h.BodyLen() {
			return nil, short("body of a message", h.BodyLen(), len(b))
		}
		r.Items = append(r.Items, h.message(b[:h.BodyLen()]))
		b = b[h.BodyLen():]
	}
	if len(b) > 0 {
		return nil, erroneous("the end of MessageResponse", "no more bytes", len(b))
	}
	return r, nil
}

// ReadMessageResponse reads one MessageResponse from r: the header, and then
// for each message its header and its texts.
func ReadMessageResponse(r io.Reader) (*MessageResponse, error) {
	h, err := ReadResponseHeader(r)
	if err != nil {
		return nil, err
	}
	response := &MessageResponse{More: h.More}
	var scratch []byte
	for i := range int(h.NumItems) {
		var m Message
		if m, scratch, err = readItem(r, scratch); err != nil {
			return nil, fmt.Errorf("reading message %d of %d: %w", i+1, h.NumItems, err)
		}
		response.Items = append(response.Items, m)
	}
	return response, nil
}

// ReadResponseHeader reads the first part of a MessageResponse.
func ReadResponseHeader(r io.Reader) (ResponseHeader, error) {
	b, err := readBetween(r, make([]byte, 0, ResponseHeaderSize), ResponseHeaderSize, ResponseHeaderSize)
	if err != nil {
		return ResponseHeader{}, fmt.Errorf("reading the header of MessageResponse: %w", err)
	}
	return ParseResponseHeader(b)
}

// ReadItem reads one message of a MessageResponse: its header and its texts.
func ReadItem(r io.Reader) (Message, error) {
	m, _, err := readItem(r, nil)
	return m, err
}

// readItem is ReadItem with a buffer that serves for many items.
func readItem(r io.Reader, b []byte) (Message, []byte, error) {
	b, err := readBetween(r, b[:0], ItemHeaderSize, ItemHeaderSize)
	if err != nil {
		return Message{}, b, fmt.Errorf("its header: %w", err)
	}
	h, err := ParseItemHeader(b)
	if err != nil {
		return Message{}, b, err
	}
	b, err = readBetween(r, b[:0], h.BodyLen(), h.BodyLen())
	if err != nil {
		return Message{}, b, fmt.Errorf("its body: %w", err)
	}
	return h.message(b), b, nil
}

// A ResponseHeader is the fixed part of a MessageResponse.
type ResponseHeader struct {
	NumItems byte
	More     bool
}

// ParseResponseHeader reads and checks the header at the beginning of b.
func ParseResponseHeader(b []byte) (ResponseHeader, error) {
	if len(b) < ResponseHeaderSize {
		return ResponseHeader{}, short("header of MessageResponse", ResponseHeaderSize, len(b))
	}
	if err := checkMagicNo("MessageResponse", binary.BigEndian.Uint16(b)); err != nil {
		return ResponseHeader{}, err
	}
	if id := ID(b[2]); id != Response {
		return ResponseHeader{}, erroneous("MessageResponse.ID", "3 (response)", byte(id))
	}
	more := b[4]
	if more != moreMsgs(false) && more != moreMsgs(true) {
		return ResponseHeader{}, erroneous("MessageResponse.MoreMsgs", "0 or 1", more)
	}
	return ResponseHeader{NumItems: b[3], More: more == moreMsgs(true)}, nil
}

// An ItemHeader is the fixed part of one message of a MessageResponse.
type ItemHeader struct {
	SenderLen  byte
	MessageLen uint16
}

// ParseItemHeader reads and checks the header at the beginning of b.
func ParseItemHeader(b []byte) (ItemHeader, error) {
	if len(b) < ItemHeaderSize {
		return ItemHeader{}, short("header of a message", ItemHeaderSize, len(b))
	}
	h := ItemHeader{SenderLen: b[0], MessageLen: binary.BigEndian.Uint16(b[1:])}
	if h.SenderLen == 0 {
		return ItemHeader{}, erroneous("MessageResponse.SenderLen", "at least 1", h.SenderLen)
	}
	if h.MessageLen == 0 {
		return ItemHeader{}, erroneous("MessageResponse.MessageLen", "at least 1", h.MessageLen)
	}
	return h, nil
}

// BodyLen returns how many bytes follow the message's header.
func (h ItemHeader) BodyLen() int { return int(h.SenderLen) + int(h.MessageLen) }

// message cuts a body of exactly BodyLen bytes into its texts.
func (h ItemHeader) message(body []byte) Message {
	texts := string(body)
	return Message{Sender: texts[:h.SenderLen], Text: texts[h.SenderLen:]}
}
