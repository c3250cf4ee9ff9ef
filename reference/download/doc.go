// Package download is a right server and a right client of the download
// protocol, written to be read.
//
// A client asks for one file by its name, and the server sends it. Each
// connection carries one request and one response:
//
//	client --FileRequest-->  server
//	client <--FileResponse-- server            the server closes
//
// A FileRequest is a header of five bytes and the name that it announces; a
// FileResponse is a header of eight bytes and, if there is such a file, its
// bytes:
//
//	MagicNo Type FilenameLen | Filename
//	MagicNo Type StatusCode DataLength | FileData
//
// Numbers of several bytes have the high byte first, names are UTF-8, and every
// length counts bytes, not characters. § in a comment names the section of the
// assignment that wants what the comment says.
//
// TCP delivers a stream of bytes and not records. What one side sends in one
// piece may arrive in many, so a reader reads the header until it is whole,
// learns from it how much follows, and reads that until it is whole. If nothing
// arrives for a second ([GapLimit]) it gives up: see [GapConn].
//
// A file may be larger than the memory, and a length may be a lie. So neither
// side ever holds a file: the server copies it from the disk to the connection
// and the client from the connection to the disk, one small piece after the
// other.
//
// The parts, in the order in which bytes flow through them: wire_request.go and
// wire_response.go turn records into bytes and back, gap.go keeps the second,
// directory.go opens the files that a server sends, local_file.go makes the one
// that a client saves, server.go and client.go put these together, and
// server_main.go and client_main.go are the two programs of the command line.
// model.go says in a few lines what a server must answer, for tests.
//
// A server sends nothing from outside its directory, and a client never changes
// a file that was there before.
package download
