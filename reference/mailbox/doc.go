// Package mailbox is a right server and a right client of the mailbox protocol,
// written to be read.
//
// A client leaves a message for a user, or collects the messages that others
// have left for its own user. Each connection carries one request:
//
//	create:  client --MessageRequest--> server             the server keeps the message and closes
//	read:    client --MessageRequest--> server
//	         client <--MessageResponse-- server            the server forgets what it sent and closes
//
// A MessageRequest is a header of seven bytes and then the texts that the
// header announces; a MessageResponse is a header of five bytes and then up to
// 255 messages, each with a header of three bytes of its own:
//
//	MagicNo ID NameLen ReceiverLen MessageLen | Name Receiver Message
//	MagicNo ID NumItems MoreMsgs | SenderLen MessageLen Sender Message | …
//
// Numbers of two bytes have the high byte first, texts are UTF-8, and every
// length counts bytes, not characters.
//
// TCP delivers a stream of bytes and not records. What one side sends in one
// piece may arrive in many, so a reader reads the header until it is whole,
// learns from it how much follows, and reads that until it is whole. If nothing
// arrives for a second ([GapLimit]) it gives up: see [GapConn].
//
// The parts, in the order in which bytes flow through them: wire_request.go and
// wire_response.go turn records into bytes and back, gap.go keeps the second,
// store.go keeps the messages, server.go and client.go put these together, and
// server_main.go and client_main.go are the two programs of the command line.
// model.go says in a few lines what a server must answer, for tests.
//
// A server forgets messages when it takes them to be sent: if the client goes
// away before it has read them, they are lost.
package mailbox
