package record

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The layouts of the five protocols: the kinds of fields must suffice for them.

func layout(name string, fields ...Field) *Layout {
	l, err := New(name, fields...)
	if err != nil {
		panic(err)
	}
	return l
}

func u8(name string, f Field) Field  { return sizedUint(name, 1, f) }
func u16(name string, f Field) Field { return sizedUint(name, 2, f) }
func u32(name string, f Field) Field { return sizedUint(name, 4, f) }
func u64(name string, f Field) Field { return sizedUint(name, 8, f) }

func sizedUint(name string, size int, f Field) Field {
	f.Name, f.Kind, f.Size = name, Uint, size
	return f
}

func fixed(n uint64) Field                { return Field{Const: &n} }
func sizeOf(name string) Field            { return Field{SizeOf: name} }
func sizeOfMin1(name string) Field        { return Field{SizeOf: name, Min: new(uint64(1))} }
func text(name string) Field              { return Field{Name: name, Kind: Text} }
func blob(name string) Field              { return Field{Name: name, Kind: Blob} }
func lit(s string) Field                  { return Field{Kind: Lit, Bytes: []byte(s)} }
func until(name, delim string) Field      { return Field{Name: name, Kind: Until, Bytes: []byte(delim)} }
func rest(name string) Field              { return Field{Name: name, Kind: Rest} }
func decimal(name string) Field           { return Field{Name: name, Kind: Decimal} }
func repeat(name string, e *Layout) Field { return Field{Name: name, Kind: Repeat, Elem: e} }

// Mailbox.
var (
	readRequest = layout("ReadRequest",
		u16("magic", fixed(0xAE73)), u8("id", fixed(1)),
		u8("name_len", sizeOfMin1("name")), u8("receiver_len", fixed(0)), u16("message_len", fixed(0)),
		text("name"))
	createRequest = layout("CreateRequest",
		u16("magic", fixed(0xAE73)), u8("id", fixed(2)),
		u8("name_len", sizeOfMin1("name")), u8("receiver_len", sizeOfMin1("receiver")), u16("message_len", sizeOfMin1("message")),
		text("name"), text("receiver"), text("message"))
	messageRequest = OneOf("MessageRequest", readRequest, createRequest)
	message        = layout("Message",
		u8("sender_len", sizeOfMin1("sender")), u16("message_len", sizeOfMin1("message")), text("sender"), text("message"))
	messageResponse = layout("MessageResponse",
		u16("magic", fixed(0xAE73)), u8("id", fixed(3)), u8("num_items", Field{CountOf: "messages"}),
		u8("more", Field{Names: map[uint64]string{0: "that is all", 1: "more are waiting"}, Closed: true}),
		repeat("messages", message))
)

// Download.
var (
	fileRequest = layout("FileRequest",
		u16("magic", fixed(0x497E)), u8("type", fixed(1)),
		u16("name_len", Field{SizeOf: "name", Min: new(uint64(1)), Max: new(uint64(1024))}), text("name"))
	found = layout("Found",
		u16("magic", fixed(0x497E)), u8("type", fixed(2)), u8("status", status(1)),
		u32("data_len", sizeOf("data")), blob("data"))
	missing = layout("Missing",
		u16("magic", fixed(0x497E)), u8("type", fixed(2)), u8("status", status(0)),
		u32("data_len", Field{Const: new(uint64(0)), Reserved: true}))
	fileResponse = OneOf("FileResponse", found, missing)
)

func status(n uint64) Field {
	return Field{Const: &n, Names: map[uint64]string{0: "missing", 1: "found"}}
}

// Transfer: no delimiters, the turn ends a command.
var (
	getCommand   = layout("Get", lit("GET "), Field{Name: "name", Kind: Rest, Min: new(uint64(1))})
	putCommand   = layout("Put", lit("PUT "), Field{Name: "name", Kind: Rest, Min: new(uint64(1))})
	delCommand   = layout("Del", lit("DEL "), Field{Name: "name", Kind: Rest, Min: new(uint64(1))})
	command      = OneOf("Command", getCommand, putCommand, delCommand)
	fileSize     = layout("Size", u64("size", Field{}))
	okAnswer     = layout("OK", lit("OK"))
	errorAnswer  = layout("Error", lit("ERROR: "), rest("why"))
	answer       = OneOf("Answer", okAnswer, errorAnswer)
	sizeThenData = layout("SizedData", u64("size", sizeOf("data")), blob("data"), lit("DONE"))
)

// Chat: a decimal size, delimiters in text, two forms of one line.
var (
	upload    = layout("Upload", lit("#upload '"), until("name", "'"), lit(" "), decimal("size"))
	oneOnline = layout("One", lit("> Connected to the chat server ("), decimal("n"), lit(" user online)"))
	online    = layout("Many", lit("> Connected to the chat server ("), decimal("n"), lit(" users online)"))
	greeting  = OneOf("Greeting", oneOnline, online)
	relayed   = layout("Relayed", lit("["), until("ip", ":"), decimal("port"), lit("] "), rest("text"))
)

// Fileshare: names sized, NUL-terminated, padded, ending with the turn; a datagram.
var (
	sizedGet     = layout("Get", u8("cmd", fixed(1)), u8("name_len", sizeOf("name")), text("name"))
	sizedPut     = layout("Put", u8("cmd", fixed(2)), u8("name_len", sizeOf("name")), text("name"), u64("size", sizeOf("data")), blob("data"))
	sizedList    = layout("List", u8("cmd", fixed(3)))
	sizedBye     = layout("Bye", u8("cmd", fixed(4)))
	sizedCommand = OneOf("SizedCommand", sizedGet, sizedPut, sizedList, sizedBye)
	nulGet       = layout("NulGet", u8("cmd", fixed(1)), until("name", "\x00"))
	paddedGet    = layout("PaddedGet", u8("cmd", fixed(1)), Field{Name: "name", Kind: Text, Size: 16})
	spacedGet    = layout("SpacedGet", u8("cmd", fixed(1)), Field{Name: "name", Kind: Text, Size: 16, Bytes: []byte(" ")})
	turnGet      = layout("TurnGet", u8("cmd", fixed(1)), rest("name"))
	listing      = layout("Listing", repeat("names", layout("Name", until("name", " "))))
	littleSize   = layout("LittleSize", u32("size", Field{Little: true, SizeOf: "data"}), blob("data"))
	discovery    = layout("Discovery", lit("SERVICE DISCOVERY"))
	serviceName  = layout("ServiceName", Field{Name: "name", Kind: Rest, Min: new(uint64(1))})
	wrapped      = layout("Wrapped", u8("version", fixed(7)),
		Field{Name: "body", Kind: Choice, Variants: []*Layout{sizedGet, sizedPut, sizedList}}, u16("sum", Field{}))
)

type fields = map[string]any

// A vector is a record and its bytes.
type vector struct {
	name   string
	layout *Layout // what a reader expects
	value  Value
	wire   string
	open   bool // ends with the turn: is complete only when final
	prefix bool // some beginnings of it are complete records
}

var vectors = []vector{
	{name: "mailbox read", layout: messageRequest, wire: "\xAE\x73\x01\x05\x00\x00\x00alice",
		value: Value{readRequest, fields{"name": []byte("alice")}}},
	{name: "mailbox create", layout: messageRequest, wire: "\xAE\x73\x02\x05\x03\x00\x02alicebobhi",
		value: Value{createRequest, fields{"name": []byte("alice"), "receiver": []byte("bob"), "message": []byte("hi")}}},
	{name: "mailbox response", layout: messageResponse, wire: "\xAE\x73\x03\x02\x01\x01\x00\x02ahi\x03\x00\x01bobx",
		value: Value{messageResponse, fields{"more": uint64(1), "messages": []Value{
			{message, fields{"sender": []byte("a"), "message": []byte("hi")}},
			{message, fields{"sender": []byte("bob"), "message": []byte("x")}},
		}}}},
	{name: "mailbox empty response", layout: messageResponse, wire: "\xAE\x73\x03\x00\x00", value: Value{messageResponse, nil}},
	{name: "download request", layout: fileRequest, wire: "\x49\x7E\x01\x00\x01f", value: Value{fileRequest, fields{"name": []byte("f")}}},
	{name: "download found", layout: fileResponse, wire: "\x49\x7E\x02\x01\x00\x00\x00\x02\x00\xff",
		value: Value{found, fields{"data": []byte("\x00\xff")}}},
	{name: "download missing", layout: fileResponse, wire: "\x49\x7E\x02\x00\x00\x00\x00\x00", value: Value{missing, nil}},
	{name: "transfer command", layout: command, open: true, wire: "DEL GETME", value: Value{delCommand, fields{"name": []byte("GETME")}}},
	{name: "transfer size", layout: fileSize, wire: "\x00\x00\x00\x01\x00\x00\x00\x00", value: Value{fileSize, fields{"size": uint64(1 << 32)}}},
	{name: "transfer ok", layout: answer, wire: "OK", value: Value{okAnswer, nil}},
	{name: "transfer error", layout: answer, open: true, prefix: true, wire: "ERROR: no", value: Value{errorAnswer, fields{"why": []byte("no")}}},
	{name: "transfer data", layout: sizeThenData, wire: "\x00\x00\x00\x00\x00\x00\x00\x04DONEDONE",
		value: Value{sizeThenData, fields{"data": []byte("DONE")}}},
	{name: "chat upload", layout: upload, open: true, prefix: true, wire: "#upload 'a b.txt' 120",
		value: Value{upload, fields{"name": []byte("a b.txt"), "size": uint64(120)}}},
	{name: "chat one", layout: greeting, wire: "> Connected to the chat server (1 user online)", value: Value{oneOnline, fields{"n": uint64(1)}}},
	{name: "chat many", layout: greeting, wire: "> Connected to the chat server (12 users online)", value: Value{online, fields{"n": uint64(12)}}},
	{name: "chat relayed", layout: relayed, open: true, prefix: true, wire: "[127.0.0.1:5000] h\xc3\xa9",
		value: Value{relayed, fields{"ip": []byte("127.0.0.1"), "port": uint64(5000), "text": []byte("hé")}}},
	{name: "fileshare put", layout: sizedCommand, wire: "\x02\x01f\x00\x00\x00\x00\x00\x00\x00\x02hi",
		value: Value{sizedPut, fields{"name": []byte("f"), "data": []byte("hi")}}},
	{name: "fileshare list", layout: sizedCommand, wire: "\x03", value: Value{sizedList, nil}},
	{name: "fileshare nul", layout: nulGet, wire: "\x01f.txt\x00", value: Value{nulGet, fields{"name": []byte("f.txt")}}},
	{name: "fileshare padded", layout: paddedGet, wire: "\x01f\x00.txt\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		value: Value{paddedGet, fields{"name": []byte("f\x00.txt")}}},
	{name: "fileshare spaces", layout: spacedGet, wire: "\x01f.txt           ", value: Value{spacedGet, fields{"name": []byte("f.txt")}}},
	{name: "fileshare turn", layout: turnGet, open: true, prefix: true, wire: "\x01f", value: Value{turnGet, fields{"name": []byte("f")}}},
	{name: "fileshare listing", layout: listing, open: true, prefix: true, wire: "a b.txt ",
		value: Value{listing, fields{"names": []Value{
			{listing.Fields[0].Elem, fields{"name": []byte("a")}}, {listing.Fields[0].Elem, fields{"name": []byte("b.txt")}}}}}},
	{name: "fileshare little", layout: littleSize, wire: "\x02\x00\x00\x00hi", value: Value{littleSize, fields{"data": []byte("hi")}}},
	{name: "fileshare discovery", layout: discovery, wire: "SERVICE DISCOVERY", value: Value{discovery, nil}},
	{name: "fileshare service", layout: serviceName, open: true, prefix: true, wire: "Ann's", value: Value{serviceName, fields{"name": []byte("Ann's")}}},
	{name: "choice inside", layout: wrapped, wire: "\x07\x01\x01f\x01\x02",
		value: Value{wrapped, fields{"body": Value{sizedGet, fields{"name": []byte("f")}}, "sum": uint64(0x0102)}}},
}

func TestOneOfsAreTellable(t *testing.T) {
	for _, l := range []*Layout{messageRequest, fileResponse, command, answer, greeting, sizedCommand} {
		require.NoError(t, l.Check(), l.Name)
	}
}

func TestVectorsEncode(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			got, err := v.value.Append([]byte("before"))
			require.NoError(t, err)
			require.Equal(t, "before"+v.wire, string(got))
		})
	}
}

func TestVectorsDecode(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			d, err := v.layout.Decode([]byte(v.wire), true)
			require.NoError(t, err)
			require.Same(t, v.value.Layout, d.Layout)
			require.Equal(t, len(v.wire), d.Size)
			require.NoError(t, d.Match(v.value))
			again, err := d.Value().Append(nil)
			require.NoError(t, err)
			require.Equal(t, v.wire, string(again))
		})
	}
}

// A cut record is short, whether or not the rest may still come; an open one is
// short as long as the turn has not ended.
func TestVectorsCut(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			for n := range len(v.wire) {
				_, err := v.layout.Decode([]byte(v.wire[:n]), false)
				require.ErrorIs(t, err, ErrShort, "cut after %d bytes", n)
				if _, err = v.layout.Decode([]byte(v.wire[:n]), true); !v.prefix && (!v.open || n < 5) {
					require.ErrorIs(t, err, ErrShort, "ended after %d bytes", n)
				}
			}
			_, err := v.layout.Decode([]byte(v.wire), false)
			if v.open {
				require.ErrorIs(t, err, ErrShort)
				return
			}
			require.NoError(t, err)
		})
	}
}

// What follows a record that knows its end is left alone.
func TestVectorsWithMoreBehind(t *testing.T) {
	for _, v := range vectors {
		if v.open {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			d, err := v.layout.Decode([]byte(v.wire+v.wire), false)
			require.NoError(t, err)
			require.Equal(t, len(v.wire), d.Size)
		})
	}
}
