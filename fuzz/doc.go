// Package fuzz tries decoders and programs with bytes that nobody thought of.
//
// Where such bytes come from is all that it holds so far. Nothing is written down for
// it: a protocol's layouts and scenarios say what is legal, and near what is
// legal is where mistakes are.
//
//	layout    --Legal--> legal records: the least, the greatest, one of each variant
//	record    --Near---> almost legal ones: edges of integers, lying lengths, cuts, what follows
//	scenarios --Sends--> what a person thought of
//
// Its tests hold the hand-written codecs of the references against these bytes
// and against those of Go's own fuzzing engine: one table of codecs, one check.
//
// The package does no input or output, and knows no protocol.
package fuzz
