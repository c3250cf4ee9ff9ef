package fuzz_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"netproctor/reference/fileshare"
)

var fileshareCodecs = slices.Concat(
	fileshareDialect("Sized", fileshare.Sized, func(n uint64) []byte { return within(n, 255, join(1, uint8(n), filler(n))) }),
	fileshareDialect("Handout", fileshare.Handout, func(n uint64) []byte { return join(1, filler(n)) }),
	fileshareDialect("Text", fileshare.Text, func(n uint64) []byte { return join("get ", filler(n)) }),
	[]codec{
		of(parseFilesharePut, appendFilesharePut, drawFilesharePut).with(codec{
			target: "FilesharePut", protocol: "fileshare", illegal: fileshare.ErrErroneous,
			layouts: []string{"PutRequest"}, read: reading(readFilesharePut),
			bounds: []bound{
				{"kind", 2, 2, func(n uint64) []byte { return join(uint8(n), 1, "a", uint64(1), "x") }},
				{"name", 1, fileshare.MaxName, func(n uint64) []byte {
					return within(n, 255, join(2, uint8(n), filler(n), uint64(0)))
				}},
				{"data", 0, 1 << 16, func(n uint64) []byte { return within(n, 1<<16, join(2, 1, "a", n, filler(min(n, 1<<16)))) }},
			},
		}),
		of(fileshare.ParseSize, func(n int64, b []byte) []byte { return fileshare.AppendSize(b, n) }, drawFileshareSize).with(codec{
			target: "FileshareSize", protocol: "fileshare", illegal: fileshare.ErrErroneous,
			bounds: []bound{{"size", 0, math.MaxInt64, func(n uint64) []byte { return join(n) }}},
		}),
		of(fileshare.ParseDiscoveryRequest, (*fileshare.DiscoveryRequest).Append, drawDiscoveryRequest).with(codec{
			target: "FileshareDiscoveryRequest", protocol: "fileshare", illegal: fileshare.ErrErroneous, datagram: true,
		}),
		of(fileshare.ParseDiscoveryAnswer, (*fileshare.DiscoveryAnswer).Append, drawDiscoveryAnswer).with(codec{
			target: "FileshareDiscoveryAnswer", protocol: "fileshare", illegal: fileshare.ErrErroneous, datagram: true,
			bounds: []bound{{"service", 1, 1024, filler}},
		}),
	})

// fileshareDialect gives the codecs of a dialect. get writes a command with a
// name of so many bytes.
func fileshareDialect(name string, d fileshare.Dialect, get func(n uint64) []byte) []codec {
	sized := d.CheckSize(0) == nil // else nothing marks the end of data
	set := map[string]string{"DIALECT": d.Name}
	framed := d.Name == fileshare.Sized.Name
	return []codec{
		of(spoken(d, fileshare.ParseCommand), written(d, (*fileshare.Command).Append), drawFileshareCommand(d)).with(codec{
			target: "FileshareCommand" + name, protocol: "fileshare", set: set, illegal: fileshare.ErrErroneous,
			layouts: []string{"GetRequest", "PutHead", "ListRequest"}, unstated: isBye,
			wider: unless(framed, "where nothing says how long a name is, its record has no limit"),
			open:  !framed, turn: !framed,
			read:   reading(heard(d, fileshare.ReadCommand)),
			bounds: []bound{{"name", 1, fileshare.MaxName, get}},
		}),
		of(spoken(d, fileshare.ParseFile), written(d, (*fileshare.File).Append), drawFileshareFile(d)).with(codec{
			target: "FileshareFile" + name, protocol: "fileshare", set: set, illegal: fileshare.ErrErroneous,
			layouts: []string{"FileData"}, wider: unless(sized, "where nothing says how long a file is, its record may be empty"),
			open: !sized, read: reading(readFileshareFile(d)),
			bounds: []bound{{"data", dataLeast(sized), 1 << 16, func(n uint64) []byte { return within(n, 1<<16, fileshareData(sized, n)) }}},
		}),
		of(spoken(d, fileshare.ParseListing), written(d, (*fileshare.Listing).Append), drawFileshareListing(d)).with(codec{
			target: "FileshareListing" + name, protocol: "fileshare", set: set, illegal: fileshare.ErrErroneous,
			open: !sized, read: reading(heard(d, fileshare.ReadListing)),
			bounds: []bound{{"names", 0, fileshare.MaxListing / 4, func(n uint64) []byte { return fileshareNames(sized, n) }}},
		}),
	}
}

// spoken, written and heard give the functions of a record in a dialect.
func spoken[M any](d fileshare.Dialect, parse func([]byte, fileshare.Dialect) (M, error)) func([]byte) (M, error) {
	return func(b []byte) (M, error) { return parse(b, d) }
}

func written[M any](d fileshare.Dialect, encode func(M, []byte, fileshare.Dialect) []byte) func(M, []byte) []byte {
	return func(m M, b []byte) []byte { return encode(m, b, d) }
}

func heard[M any](d fileshare.Dialect, read func(io.Reader, fileshare.Dialect) (M, error)) func(io.Reader) (M, error) {
	return func(r io.Reader) (M, error) { return read(r, d) }
}

func readFileshareFile(d fileshare.Dialect) func(io.Reader) (*fileshare.File, error) {
	return func(r io.Reader) (*fileshare.File, error) {
		r, err := fileshare.ReadFile(r, d)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		return &fileshare.File{Data: data}, nil
	}
}

// unless gives a reason, or none where it does not hold.
func unless(without bool, reason string) string {
	if without {
		return ""
	}
	return reason
}

// isBye tells the one command that is so simple that it has no record.
func isBye(m any) bool { return m.(*fileshare.Command).Kind == fileshare.Bye }

func dataLeast(sized bool) uint64 {
	if sized {
		return 0
	}
	return 1
}

// fileshareData writes a file of so many bytes.
func fileshareData(sized bool, n uint64) []byte {
	if sized {
		return join(n, filler(n))
	}
	return filler(n)
}

// fileshareNames writes a listing of so many names of three bytes.
func fileshareNames(sized bool, n uint64) []byte {
	if !sized {
		return []byte(strings.Repeat("xxx ", int(n)))
	}
	data := strings.Repeat("xxx\n", int(n))
	data = data[:max(0, len(data)-1)]
	if n == fileshare.MaxListing/4+1 {
		data += "\n" // one name more is three bytes more; the limit is in bytes
	}
	return join(uint64(len(data)), data)
}

func drawFileshareCommand(d fileshare.Dialect) func(*rapid.T) *fileshare.Command {
	kinds := []fileshare.Kind{fileshare.Get, fileshare.Put, fileshare.List, fileshare.Bye}
	if d.Name == fileshare.Handout.Name {
		kinds = kinds[:3]
	}
	return func(t *rapid.T) *fileshare.Command {
		c := &fileshare.Command{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		if c.Kind.HasName() {
			c.Name = drawText(t, "name", 1, fileshare.MaxName)
		}
		return c
	}
}

func drawFileshareFile(d fileshare.Dialect) func(*rapid.T) *fileshare.File {
	least := int(dataLeast(d.CheckSize(0) == nil))
	return func(t *rapid.T) *fileshare.File {
		return &fileshare.File{Data: []byte(drawText(t, "data", least, 1<<16))}
	}
}

func drawFileshareListing(d fileshare.Dialect) func(*rapid.T) *fileshare.Listing {
	return func(t *rapid.T) *fileshare.Listing {
		var l fileshare.Listing
		for range rapid.IntRange(0, 8).Draw(t, "names") {
			name := drawText(t, "name", 1, fileshare.MaxName)
			if d.CheckListed(name) != nil {
				name = strings.NewReplacer(" ", "_", "\n", "_").Replace(name)
			}
			l.Names = append(l.Names, name)
		}
		return &l
	}
}

// A filesharePut is a command with the file that follows it, of which the sized
// dialect makes one message.
type filesharePut struct {
	Name string
	Data []byte
}

func parseFilesharePut(b []byte) (filesharePut, error) {
	r := bytes.NewReader(b)
	put, err := readFilesharePut(r)
	if err == nil && r.Len() > 0 {
		err = fileshare.ErrErroneous
	}
	return put, err
}

func readFilesharePut(r io.Reader) (put filesharePut, err error) {
	c, err := fileshare.ReadCommand(r, fileshare.Sized)
	if err != nil {
		return put, err
	}
	if c.Kind != fileshare.Put {
		return put, fileshare.ErrErroneous
	}
	f, err := readFileshareFile(fileshare.Sized)(r)
	if err != nil {
		return put, err
	}
	return filesharePut{c.Name, f.Data}, nil
}

func appendFilesharePut(put filesharePut, b []byte) []byte {
	b = (&fileshare.Command{Kind: fileshare.Put, Name: put.Name}).Append(b, fileshare.Sized)
	return (&fileshare.File{Data: put.Data}).Append(b, fileshare.Sized)
}

func drawFilesharePut(t *rapid.T) filesharePut {
	return filesharePut{drawText(t, "name", 1, fileshare.MaxName), []byte(drawText(t, "data", 0, 1<<16))}
}

func drawFileshareSize(t *rapid.T) int64 { return rapid.Int64Min(0).Draw(t, "size") }

func drawDiscoveryRequest(t *rapid.T) *fileshare.DiscoveryRequest {
	return rapid.SampledFrom([]*fileshare.DiscoveryRequest{{}}).Draw(t, "request")
}

func drawDiscoveryAnswer(t *rapid.T) *fileshare.DiscoveryAnswer {
	return &fileshare.DiscoveryAnswer{Service: drawLine(t, "service", fileshare.MaxService)}
}

func FuzzFileshareCommandSized(f *testing.F)     { run(f) }
func FuzzFileshareCommandHandout(f *testing.F)   { run(f) }
func FuzzFileshareCommandText(f *testing.F)      { run(f) }
func FuzzFileshareFileSized(f *testing.F)        { run(f) }
func FuzzFileshareFileHandout(f *testing.F)      { run(f) }
func FuzzFileshareFileText(f *testing.F)         { run(f) }
func FuzzFileshareListingSized(f *testing.F)     { run(f) }
func FuzzFileshareListingHandout(f *testing.F)   { run(f) }
func FuzzFileshareListingText(f *testing.F)      { run(f) }
func FuzzFilesharePut(f *testing.F)              { run(f) }
func FuzzFileshareSize(f *testing.F)             { run(f) }
func FuzzFileshareDiscoveryRequest(f *testing.F) { run(f) }
func FuzzFileshareDiscoveryAnswer(f *testing.F)  { run(f) }

func FuzzFileshareCommandFields(f *testing.F) {
	for _, b := range table(f, "FileshareCommandSized").headed(f, 2) {
		f.Add(b[0], b[1], b[2:])
	}
	f.Fuzz(func(t *testing.T, kind, length byte, name []byte) {
		table(t, "FileshareCommandSized").check(t, join(kind, length, name))
		table(t, "FileshareCommandHandout").check(t, join(kind, name))
		table(t, "FileshareCommandText").check(t, join(fileshare.Kind(kind).String(), " ", name))
	})
}

func FuzzFileshareSizeFields(f *testing.F) {
	for _, b := range table(f, "FileshareListingSized").headed(f, fileshare.SizeLen) {
		f.Add(binary.BigEndian.Uint64(b), b[8:])
	}
	f.Fuzz(func(t *testing.T, size uint64, data []byte) {
		b := join(size, data)
		table(t, "FileshareSize").check(t, b)
		table(t, "FileshareFileSized").check(t, b)
		table(t, "FileshareListingSized").check(t, b)
	})
}

func FuzzFilesharePutFields(f *testing.F) {
	f.Add(byte(2), byte(1), []byte("a"), uint64(2), []byte("xy"))
	f.Add(byte(2), byte(255), filler(255), uint64(0), []byte(nil))
	f.Add(byte(2), byte(2), []byte("../x"), uint64(1<<63), []byte("x"))
	f.Fuzz(func(t *testing.T, kind, length byte, name []byte, size uint64, data []byte) {
		table(t, "FilesharePut").check(t, join(kind, length, name, size, data))
	})
}
