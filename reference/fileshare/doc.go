// Package fileshare is a right server and a right client of the file sharing
// protocol, written to be read.
//
// A server shares a folder. A client finds it by a broadcast over UDP, connects
// to it over TCP, and then lists, uploads and downloads files:
//
//	client --"SERVICE DISCOVERY"--> broadcast, port 30000
//	client <--name of the service-- every server
//
//	get:   client --Command--> server     client <--File----- server
//	put:   client --Command, File--> server
//	list:  client --Command--> server     client <--Listing-- server
//	bye:   client --Command--> server     or just a close
//
// Any number of commands follow each other on one connection. A server that
// cannot do what it is asked closes the connection; there is no other answer.
//
// The lab from which the protocol comes leaves to each team how commands and
// files look on the wire. So that is a value here, a [Dialect], which server
// and client are given: [Sized] says the length of everything beforehand, in
// [Handout] a name ends where its sender pauses, and in [Text] everything does.
//
// TCP delivers a stream of bytes and not records. What one side sends in one
// piece may arrive in many, and two pieces as one. Lengths make that harmless.
// Pauses do not: who ends a record with a pause must really be quiet for a
// while, and who reads it can take a slow network for the end.
//
// The parts, in the order in which bytes flow through them: dialect.go and the
// wire files turn records into bytes and back, conn.go and lull.go keep the time
// limits, name.go and folder.go keep the files, server.go and its commands and
// discovery are the server, client.go and its connection, commands and scan are
// the client, and args.go, server_main.go and client_main.go are the two
// programs of the command line. model.go says in a few lines what a server must
// answer, for tests; model_answer.go and model_sent.go are the two ends of that.
//
// A file is stored under its name only when it is whole. If a transfer breaks
// off on either side, or the program is interrupted, nothing of it is left, and
// an older file of that name stays as it was. Nothing outside the folder is
// read or written, whatever a name says.
//
// Numbers such as §2.2.1 are sections of the report on the lab that is the
// source of the protocol. Where it has none, the rule is the lab's own.
package fileshare
