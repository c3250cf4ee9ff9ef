// Package transfer is a right server and a right client of the transfer
// protocol, written to be read.
//
// A client gets a file from a server, puts one there, or deletes one. Each
// connection carries one command, and the two sides speak in turn:
//
//	GET f:  server READY · client "GET f" · server OK · client READY · server size · client OK · server data · server DONE
//	PUT f:  server READY · client "PUT f" · server OK · client size · server OK · client data · server DONE
//	DEL f:  server READY · client "DEL f" · server DONE
//
// A server that cannot do what the command asks says "ERROR: " and a message
// instead of the OK that answers GET and PUT, or instead of DEL's DONE. Words,
// commands and messages are UTF-8 without a newline; a size is a number of eight
// bytes, the high byte first, and counts the bytes of data.
//
// TCP delivers a stream of bytes and not tokens, and no token has a mark at its
// end. What one side sends in two pieces may arrive in one, and the other way
// round, so a reader goes by content: a word is as long as it is, a size has
// eight bytes, and data has as many as its size says. What follows is the next
// token, whether it comes in the same piece or not. Only the name in a command
// and the message of an error have no length. They end where their sender waits
// for an answer, which shows as a silence: see [Lull].
//
// Files may be larger than the memory, so no part of this package holds a whole
// one: data goes from the file to the connection and from the connection to the
// file in blocks of [BlockSize] bytes.
//
// The parts, in the order in which bytes flow through them: wire_word.go,
// wire_command.go, wire_refusal.go and wire_size.go turn tokens into bytes and
// back, peer.go sends them and reads them from a connection, data.go streams
// what a file holds, folder.go and draft.go are the files on disk, server.go,
// client.go and client_exchange.go put these together, and server_main.go and
// client_main.go are the two programs of the command line. model.go says in a
// few lines what a server must answer, for tests.
//
// A file that is on its way is a [Draft]: it takes its name when all of it is
// there. An exchange that breaks off leaves the files as they were.
//
// The assignment is cited by its headings: "§ Protocol 1e" is step e of its list
// for GET (1), PUT (2) or DEL (3); the others are § Client, § Server and
// § Errors.
package transfer
