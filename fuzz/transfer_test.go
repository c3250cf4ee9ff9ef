package fuzz_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"

	"netproctor/reference/transfer"
)

var transferCodecs = []codec{
	of(transfer.ParseWord, transfer.Word.Append, drawTransferWord).with(codec{
		target: "TransferWord", protocol: "transfer", illegal: transfer.ErrErroneous,
	}),
	of(transfer.ParseCommand, (*transfer.Command).Append, drawTransferCommand).with(codec{
		target: "TransferCommand", protocol: "transfer", illegal: transfer.ErrErroneous, open: true,
		read: reading(readTransferCommand),
		bounds: []bound{
			{"name", 1, 4096, func(n uint64) []byte { return join("GET ", filler(n)) }},
		},
	}),
	of(transfer.ParseSize, transfer.Size.Append, drawTransferSize).with(codec{
		target: "TransferSize", protocol: "transfer", layouts: []string{"Size"}, illegal: transfer.ErrErroneous,
		read:   reading(readTransferSize),
		bounds: []bound{{"size", 0, 1<<64 - 1, func(n uint64) []byte { return join(n) }}},
	}),
	of(transfer.ParseRefusal, (*transfer.Refusal).Append, drawTransferRefusal).with(codec{
		target: "TransferRefusal", protocol: "transfer", illegal: transfer.ErrErroneous, open: true,
		read: reading(readTransferRefusal),
		bounds: []bound{
			{"message", 1, 8192, func(n uint64) []byte { return join("ERROR: ", filler(n)) }},
		},
	}),
}

func readTransferCommand(r io.Reader) (*transfer.Command, error) {
	return (&transfer.Peer{Conn: stream{r: r}}).ReadCommand()
}

func readTransferSize(r io.Reader) (transfer.Size, error) {
	return (&transfer.Peer{Conn: stream{r: r}}).ReadSize()
}

// readTransferRefusal reads what a client gets in place of a word. Where that
// does not begin as a refusal does, it would be taken for a word.
func readTransferRefusal(r io.Reader) (*transfer.Refusal, error) {
	var first [1]byte
	if _, err := io.ReadFull(r, first[:]); err != nil {
		return nil, err
	}
	if first[0] != 'E' {
		return nil, transfer.ErrErroneous
	}
	peer := &transfer.Peer{Conn: stream{r: io.MultiReader(bytes.NewReader(first[:]), r)}}
	err := peer.Answer(transfer.Done)
	if refusal := new(transfer.Refusal); errors.As(err, &refusal) {
		return refusal, nil
	}
	return nil, err
}

func drawTransferWord(t *rapid.T) transfer.Word {
	return rapid.SampledFrom([]transfer.Word{transfer.Ready, transfer.OK, transfer.Done}).Draw(t, "word")
}

func drawTransferCommand(t *rapid.T) *transfer.Command {
	return &transfer.Command{Verb: rapid.SampledFrom(transfer.Verbs).Draw(t, "verb"), Name: drawLine(t, "name", transfer.MaxName)}
}

func drawTransferSize(t *rapid.T) transfer.Size { return transfer.Size(rapid.Uint64().Draw(t, "size")) }

func drawTransferRefusal(t *rapid.T) *transfer.Refusal {
	return &transfer.Refusal{Message: drawLine(t, "message", transfer.MaxMessage)}
}

func FuzzTransferWord(f *testing.F)    { run(f) }
func FuzzTransferCommand(f *testing.F) { run(f) }
func FuzzTransferSize(f *testing.F)    { run(f) }
func FuzzTransferRefusal(f *testing.F) { run(f) }

func FuzzTransferSizeFields(f *testing.F) {
	for _, b := range table(f, "TransferSize").headed(f, transfer.SizeLen) {
		f.Add(binary.BigEndian.Uint64(b), b[8:])
	}
	f.Fuzz(func(t *testing.T, size uint64, behind []byte) {
		table(t, "TransferSize").check(t, join(transfer.Size(size).Append(nil), behind))
	})
}

func FuzzTransferCommandFields(f *testing.F) {
	for i := range byte(len(transfer.Verbs) + 1) {
		f.Add(i, []byte("f"))
	}
	f.Add(byte(0), filler(transfer.MaxName+1))
	f.Add(byte(1), []byte("é \x00\n"))
	f.Fuzz(func(t *testing.T, verb byte, name []byte) {
		word := "LIST"
		if int(verb) < len(transfer.Verbs) {
			word = string(transfer.Verbs[verb])
		}
		table(t, "TransferCommand").check(t, join(word, " ", name))
		table(t, "TransferRefusal").check(t, join("ERROR: ", name))
		table(t, "TransferWord").check(t, join(word, name))
	})
}
