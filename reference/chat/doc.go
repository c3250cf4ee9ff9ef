// Package chat is a right server and a right client of the chat protocol,
// written to be read. Clauses such as §IV.5 are those of the source, "Computer
// Networks Project 2".
//
// Clients connect to one server. What one of them says reaches all the others,
// and a client may upload a file, which the server keeps. The server also tells
// who comes, who has uploaded and who leaves:
//
//	event           to the client itself  to all others, and printed by the server
//	a client joins  Connected             Entered
//	it says a Text  nothing               Said
//	it uploads      nothing               Uploaded, after the last byte
//	it leaves                             Left
//
// An upload is a text, a command and the bytes of the file:
//
//	I will upload a file        the announcement, relayed like any text
//	#upload 'NAME' SIZE         the command, for the server alone
//	SIZE bytes                  the file, for the server alone
//
// # Where does a message end?
//
// Nothing on the wire says so: there is no length in front of a message and no
// delimiter behind it. A message is what one send carried. But TCP delivers a
// stream of bytes, in which two sends may arrive joined, and one send in pieces.
// So everybody helps a little:
//
//   - who sends leaves a [Pause] between two messages, so that they do not arrive
//     as one;
//   - who receives takes all bytes that are at hand for one text, unless it finds
//     an announcement and a command in them: these it tells apart by what they
//     say ([Cut]), however they arrive;
//   - what is visibly not complete, such as half a command or half a character of
//     UTF-8, is given a [Moment] for its rest to come ([Incoming]).
//
// Some things cannot be told apart. Two texts that arrive joined are relayed as
// one. If a command and a file that begins with a digit arrive joined, the digit
// counts as one of SIZE. And a text may look like a line of the server's own.
//
// # The parts
//
// In the order in which bytes flow through them: wire_client.go and
// wire_server.go turn messages into bytes and back, cut.go and incoming.go find
// them in a stream, store.go keeps the files, outbox.go keeps what a client has
// not taken yet, room.go knows who is there and tells them, server.go puts these
// together. On the client's side, screen.go is what the user sees, sender.go
// keeps messages apart, client.go listens and client_talk.go sends what is
// typed. printable.go makes texts fit to be shown. args.go, server_main.go and
// client_main.go are the two programs of the command line. model.go and
// model_send.go say once more, without a network, what a right server may do:
// tests compare a server with that.
//
// There is no limit to the number or the size of files: this is a server for
// people who know each other.
package chat
