package fuzz_test

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"netproctor/reference/mailbox"
)

var mailboxCodecs = []codec{
	of(mailbox.ParseMessageRequest, (*mailbox.MessageRequest).Append, drawMailboxRequest).with(codec{
		target: "MailboxRequest", protocol: "mailbox", layouts: []string{"MessageRequest"}, illegal: mailbox.ErrErroneous,
		read: reading(mailbox.ReadMessageRequest),
		bounds: []bound{
			{"name of a read", 1, mailbox.MaxName, func(n uint64) []byte { return mailboxRequest(1, n, 0, 0) }},
			{"name", 1, mailbox.MaxName, func(n uint64) []byte { return mailboxRequest(2, n, 1, 1) }},
			{"receiver of a read", 0, 0, func(n uint64) []byte { return mailboxRequest(1, 1, n, 0) }},
			{"receiver", 1, mailbox.MaxName, func(n uint64) []byte { return mailboxRequest(2, 1, n, 1) }},
			{"message of a read", 0, 0, func(n uint64) []byte { return mailboxRequest(1, 1, 0, n) }},
			{"message", 1, mailbox.MaxText, func(n uint64) []byte { return mailboxRequest(2, 1, 1, n) }},
		},
	}),
	of(mailbox.ParseRequestHeader, appendMailboxRequestHeader, drawMailboxRequestHeader).with(codec{
		target: "MailboxRequestHeader", protocol: "mailbox", layouts: []string{"MessageRequest"}, illegal: mailbox.ErrErroneous,
		head: mailbox.RequestHeaderSize, read: reading(mailbox.ReadRequestHeader),
		bounds: []bound{
			{"magic", 0xAE73, 0xAE73, func(n uint64) []byte { return join(uint16(n), 1, 1, 0, uint16(0), "a") }},
			{"id", 1, 1, func(n uint64) []byte { return join(uint16(0xAE73), uint8(n), 1, 0, uint16(0), "a") }},
			{"id of a create", 2, 2, func(n uint64) []byte { return join(uint16(0xAE73), uint8(n), 1, 1, uint16(1), "abc") }},
			{"name_len", 1, 255, func(n uint64) []byte { return within(n, 255, mailboxRequest(1, n, 0, 0)) }},
			{"receiver_len", 1, 255, func(n uint64) []byte { return within(n, 255, mailboxRequest(2, 1, n, 1)) }},
			{"message_len", 1, 65535, func(n uint64) []byte { return within(n, 65535, mailboxRequest(2, 1, 1, n)) }},
		},
	}),
	of(mailbox.ParseMessageResponse, (*mailbox.MessageResponse).Append, drawMailboxResponse).with(codec{
		target: "MailboxResponse", protocol: "mailbox", layouts: []string{"MessageResponse"}, illegal: mailbox.ErrErroneous,
		read: reading(mailbox.ReadMessageResponse),
		bounds: []bound{
			{"items", 0, mailbox.MaxItems, mailboxResponse},
			{"more", 0, 1, func(n uint64) []byte { return join(uint16(0xAE73), 3, 0, uint8(n)) }},
			{"sender of a message", 1, 255, func(n uint64) []byte {
				return within(n, 255, join(uint16(0xAE73), 3, 1, 0, uint8(n), uint16(1), filler(n), "m"))
			}},
			{"text of a message", 1, 65535, func(n uint64) []byte {
				return within(n, 65535, join(uint16(0xAE73), 3, 1, 0, 1, uint16(n), "s", filler(n)))
			}},
		},
	}),
	of(mailbox.ParseResponseHeader, appendMailboxResponseHeader, drawMailboxResponseHeader).with(codec{
		target: "MailboxResponseHeader", protocol: "mailbox", layouts: []string{"MessageResponse"}, illegal: mailbox.ErrErroneous,
		head: mailbox.ResponseHeaderSize, read: reading(mailbox.ReadResponseHeader),
		bounds: []bound{
			{"magic", 0xAE73, 0xAE73, func(n uint64) []byte { return join(uint16(n), 3, 0, 0) }},
			{"id", 3, 3, func(n uint64) []byte { return join(uint16(0xAE73), uint8(n), 0, 0) }},
			{"more", 0, 1, func(n uint64) []byte { return join(uint16(0xAE73), 3, 0, uint8(n)) }},
		},
	}),
	of(mailbox.ParseItemHeader, appendMailboxItemHeader, drawMailboxItemHeader).with(codec{
		target: "MailboxItemHeader", protocol: "mailbox", layouts: []string{"Message"}, illegal: mailbox.ErrErroneous,
		head: mailbox.ItemHeaderSize,
		bounds: []bound{
			{"sender_len", 1, 255, func(n uint64) []byte { return within(n, 255, join(uint8(n), uint16(1))) }},
			{"message_len", 1, 65535, func(n uint64) []byte { return within(n, 65535, join(1, uint16(n))) }},
		},
	}),
}

// mailboxRequest writes a request with texts of so many bytes.
func mailboxRequest(id int, name, receiver, message uint64) []byte {
	if name > 255 || receiver > 255 || message > 65535 {
		return nil
	}
	return join(uint16(0xAE73), id, uint8(name), uint8(receiver), uint16(message), filler(name), filler(receiver), filler(message))
}

// mailboxResponse writes a response with so many messages.
func mailboxResponse(n uint64) []byte {
	if n > 255 {
		return nil
	}
	b := join(uint16(0xAE73), 3, uint8(n), 0)
	for range n {
		b = join(b, 1, uint16(2), "abc")
	}
	return b
}

func appendMailboxRequestHeader(h mailbox.RequestHeader, b []byte) []byte {
	return join(b, uint16(mailbox.MagicNo), byte(h.ID), h.NameLen, h.ReceiverLen, h.MessageLen)
}

func appendMailboxResponseHeader(h mailbox.ResponseHeader, b []byte) []byte {
	more := 0
	if h.More {
		more = 1
	}
	return join(b, uint16(mailbox.MagicNo), byte(mailbox.Response), h.NumItems, more)
}

func appendMailboxItemHeader(h mailbox.ItemHeader, b []byte) []byte {
	return join(b, h.SenderLen, h.MessageLen)
}

func drawMailboxRequest(t *rapid.T) *mailbox.MessageRequest {
	r := &mailbox.MessageRequest{ID: mailbox.Read, Name: drawText(t, "name", 1, mailbox.MaxName)}
	if rapid.Bool().Draw(t, "create") {
		r.ID = mailbox.Create
		r.Receiver = drawText(t, "receiver", 1, mailbox.MaxName)
		r.Message = drawText(t, "message", 1, mailbox.MaxText)
	}
	return r
}

func drawMailboxRequestHeader(t *rapid.T) mailbox.RequestHeader {
	h := mailbox.RequestHeader{ID: mailbox.Read, NameLen: rapid.ByteMin(1).Draw(t, "name_len")}
	if rapid.Bool().Draw(t, "create") {
		h.ID = mailbox.Create
		h.ReceiverLen = rapid.ByteMin(1).Draw(t, "receiver_len")
		h.MessageLen = rapid.Uint16Min(1).Draw(t, "message_len")
	}
	return h
}

func drawMailboxResponse(t *rapid.T) *mailbox.MessageResponse {
	r := &mailbox.MessageResponse{More: rapid.Bool().Draw(t, "more")}
	for range rapid.IntRange(0, 5).Draw(t, "items") {
		r.Items = append(r.Items, mailbox.Message{Sender: drawText(t, "sender", 1, mailbox.MaxName), Text: drawText(t, "text", 1, mailbox.MaxText)})
	}
	return r
}

func drawMailboxResponseHeader(t *rapid.T) mailbox.ResponseHeader {
	return mailbox.ResponseHeader{NumItems: rapid.Byte().Draw(t, "num_items"), More: rapid.Bool().Draw(t, "more")}
}

func drawMailboxItemHeader(t *rapid.T) mailbox.ItemHeader {
	return mailbox.ItemHeader{SenderLen: rapid.ByteMin(1).Draw(t, "sender_len"), MessageLen: rapid.Uint16Min(1).Draw(t, "message_len")}
}

func FuzzMailboxRequest(f *testing.F)        { run(f) }
func FuzzMailboxRequestHeader(f *testing.F)  { run(f) }
func FuzzMailboxResponse(f *testing.F)       { run(f) }
func FuzzMailboxResponseHeader(f *testing.F) { run(f) }
func FuzzMailboxItemHeader(f *testing.F)     { run(f) }

func FuzzMailboxRequestFields(f *testing.F) {
	for _, b := range table(f, "MailboxRequest").headed(f, mailbox.RequestHeaderSize) {
		f.Add(binary.BigEndian.Uint16(b), b[2], b[3], b[4], binary.BigEndian.Uint16(b[5:]), b[7:])
	}
	f.Fuzz(func(t *testing.T, magic uint16, id, nameLen, receiverLen byte, messageLen uint16, body []byte) {
		b := join(magic, id, nameLen, receiverLen, messageLen, body)
		table(t, "MailboxRequestHeader").check(t, b)
		table(t, "MailboxRequest").check(t, b)
	})
}

func FuzzMailboxResponseFields(f *testing.F) {
	for _, b := range table(f, "MailboxResponse").headed(f, mailbox.ResponseHeaderSize+mailbox.ItemHeaderSize) {
		f.Add(binary.BigEndian.Uint16(b), b[2], b[3], b[4], b[5], binary.BigEndian.Uint16(b[6:]), b[8:])
	}
	f.Fuzz(func(t *testing.T, magic uint16, id, numItems, more, senderLen byte, messageLen uint16, body []byte) {
		item := join(senderLen, messageLen, body)
		b := join(magic, id, numItems, more, item)
		table(t, "MailboxItemHeader").check(t, item)
		table(t, "MailboxResponseHeader").check(t, b)
		table(t, "MailboxResponse").check(t, b)
	})
}
