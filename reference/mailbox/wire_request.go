package mailbox

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// A MessageRequest is what a client sends: exactly one for each connection.
type MessageRequest struct {
	ID       ID     // Read or Create
	Name     string // whose messages to read, or who sends one; 1 to 255 bytes
	Receiver string // whom the message is for; empty for Read, else 1 to 255 bytes
	Message  string // the text; empty for Read, else 1 to 65,535 bytes
}

// Append appends the wire form of r to b. It panics if a text is too long for
// its length field.
func (r *MessageRequest) Append(b []byte) []byte {
	nameLen := mustFit("MessageRequest.Name", r.Name, MaxName)
	receiverLen := mustFit("MessageRequest.Receiver", r.Receiver, MaxName)
	messageLen := mustFit("MessageRequest.Message", r.Message, MaxText)
	b = slices.Grow(b, RequestHeaderSize+nameLen+receiverLen+messageLen)
	b = binary.BigEndian.AppendUint16(b, MagicNo)
	b = append(b, byte(r.ID), byte(nameLen), byte(receiverLen))
	b = binary.BigEndian.AppendUint16(b, uint16(messageLen))
	b = append(b, r.Name...)
	b = append(b, r.Receiver...)
	return append(b, r.Message...)
}

// ParseMessageRequest reads exactly one MessageRequest from b.
func ParseMessageRequest(b []byte) (*MessageRequest, error) {
	h, err := ParseRequestHeader(b)
	if err != nil {
		return nil, err
	}
	body := b[RequestHeaderSize:]
	if len(body) < h.BodyLen() {
		return nil, short("MessageRequest", RequestHeaderSize+h.BodyLen(), len(b))
	}
	return h.request(body)
}

// ReadMessageRequest reads one MessageRequest from r: the header, and then as
// many bytes as the header announces. More bytes are an error, but they are only
// seen if they are there when the last of the record arrives: r is never asked
// to wait for them.
func ReadMessageRequest(r io.Reader) (*MessageRequest, error) {
	h, err := ReadRequestHeader(r)
	if err != nil {
		return nil, err
	}
	return ReadRequestBody(r, h)
}

// ReadRequestHeader reads the first part of a MessageRequest.
func ReadRequestHeader(r io.Reader) (RequestHeader, error) {
	b, err := readBetween(r, make([]byte, 0, RequestHeaderSize), RequestHeaderSize, RequestHeaderSize)
	if err != nil {
		return RequestHeader{}, fmt.Errorf("reading the header of MessageRequest: %w", err)
	}
	return ParseRequestHeader(b)
}

// ReadRequestBody reads the texts that h announces. It asks for one byte more
// than there should be, and so learns of bytes that were not announced.
func ReadRequestBody(r io.Reader, h RequestHeader) (*MessageRequest, error) {
	body, err := readBetween(r, nil, h.BodyLen(), h.BodyLen()+1)
	if err != nil {
		return nil, fmt.Errorf("reading the body of MessageRequest: %w", err)
	}
	return h.request(body)
}

// A RequestHeader is the fixed part of a MessageRequest: what follows it.
type RequestHeader struct {
	ID          ID
	NameLen     byte
	ReceiverLen byte
	MessageLen  uint16
}

// ParseRequestHeader reads and checks the header at the beginning of b.
func ParseRequestHeader(b []byte) (RequestHeader, error) {
	if len(b) < RequestHeaderSize {
		return RequestHeader{}, short("header of MessageRequest", RequestHeaderSize, len(b))
	}
	if err := checkMagicNo("MessageRequest", binary.BigEndian.Uint16(b)); err != nil {
		return RequestHeader{}, err
	}
	h := RequestHeader{
		ID:          ID(b[2]),
		NameLen:     b[3],
		ReceiverLen: b[4],
		MessageLen:  binary.BigEndian.Uint16(b[5:]),
	}
	if err := h.check(); err != nil {
		return RequestHeader{}, err
	}
	return h, nil
}

// check holds the fields against each other. A reader has no receiver and no
// text, a sender has both.
func (h RequestHeader) check() error {
	if h.NameLen == 0 {
		return erroneous("MessageRequest.NameLen", "at least 1", h.NameLen)
	}
	switch {
	case h.ID == Read && h.ReceiverLen != 0:
		return erroneous("MessageRequest.ReceiverLen", "0 for read", h.ReceiverLen)
	case h.ID == Read && h.MessageLen != 0:
		return erroneous("MessageRequest.MessageLen", "0 for read", h.MessageLen)
	case h.ID == Create && h.ReceiverLen == 0:
		return erroneous("MessageRequest.ReceiverLen", "at least 1 for create", h.ReceiverLen)
	case h.ID == Create && h.MessageLen == 0:
		return erroneous("MessageRequest.MessageLen", "at least 1 for create", h.MessageLen)
	case h.ID != Read && h.ID != Create:
		return erroneous("MessageRequest.ID", "1 (read) or 2 (create)", byte(h.ID))
	}
	return nil
}

// BodyLen returns how many bytes follow the header.
func (h RequestHeader) BodyLen() int {
	return int(h.NameLen) + int(h.ReceiverLen) + int(h.MessageLen)
}

// request cuts the body into its texts. There must be no more than announced.
func (h RequestHeader) request(body []byte) (*MessageRequest, error) {
	if len(body) > h.BodyLen() {
		return nil, erroneous("the end of MessageRequest", "no more bytes", len(body)-h.BodyLen())
	}
	texts := string(body)
	receiver := int(h.NameLen)
	message := receiver + int(h.ReceiverLen)
	return &MessageRequest{
		ID:       h.ID,
		Name:     texts[:receiver],
		Receiver: texts[receiver:message],
		Message:  texts[message:],
	}, nil
}
