// Package fuzz tries decoders and programs with bytes that nobody thought of.
//
// Nothing is written down for it: a protocol's layouts and scenarios say what is
// legal, and near what is legal is where mistakes are.
//
//	layout    --Legal--> legal records: the least, the greatest, one of each variant
//	record    --Near---> almost legal ones: edges of integers, lying lengths, cuts, what follows
//	scenarios --Sends--> what a person thought of
//	seed, i   --at-----> the i-th history of visits to a server
//	history   --play---> an answer for each visit, judged by a Model and by how the program is
//	what was new, constants --next--> guided cases, between the others
//	fault     --finding-> the shortest history that shows it, verified, and as a scenario
//
// Beside runs several campaigns on one program beside each other. RunSuite plays
// the scenarios of a suite as they are, with other values, and with one message
// changed, each on a program of its own. Run is the network fuzzer: it plays one visit at a time on a server that runs
// on, so that a fault has one cause. Where the sandbox is the operating system's
// it does so by blocking system calls, on the processor of the program. Beside it
// sleepers play what takes time. RunMachine plays histories of many clients
// at once, each on a server of its own: a Machine says what they may do, and for
// each action what a right server may tell whom.
//
// Its tests hold the hand-written codecs of the references against these bytes
// and against those of Go's own fuzzing engine: one table of codecs, one check.
//
// The package knows no protocol, and reaches programs through conformance's
// targets alone.
package fuzz
