package record

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// A given field is written as it is given.
func TestAppendLies(t *testing.T) {
	tests := []struct {
		name  string
		value Value
		want  string
	}{
		{"magic swapped", Value{fileRequest, fields{"magic": uint64(0x7E49), "name": []byte("f")}}, "\x7E\x49\x01\x00\x01f"},
		{"length too great", Value{fileRequest, fields{"name_len": uint64(65535), "name": []byte("f")}}, "\x49\x7E\x01\xff\xfff"},
		{"length without text", Value{fileRequest, fields{"name_len": uint64(3)}}, "\x49\x7E\x01\x00\x03"},
		{"nothing given", Value{fileRequest, nil}, "\x49\x7E\x01\x00\x00"},
		{"count too great", Value{messageResponse, fields{"num_items": uint64(9)}}, "\xAE\x73\x03\x09\x00"},
		{"count too small", Value{messageResponse, fields{"num_items": uint64(0), "messages": []Value{{message, fields{"sender": []byte("a"), "message": []byte("b")}}}}},
			"\xAE\x73\x03\x00\x00\x01\x00\x01ab"},
		{"outside the list", Value{messageResponse, fields{"more": uint64(2)}}, "\xAE\x73\x03\x00\x02"},
		{"lie in an item", Value{messageResponse, fields{"messages": []Value{{message, fields{"sender_len": uint64(0), "sender": []byte("a")}}}}},
			"\xAE\x73\x03\x01\x00\x00\x00\x00a"},
		{"delimiter in the text", Value{nulGet, fields{"name": []byte("a\x00b")}}, "\x01a\x00b\x00"},
		{"longer than its width", Value{paddedGet, fields{"name": bytes.Repeat([]byte("x"), 17)}}, "\x01" + "xxxxxxxxxxxxxxxxx"},
		{"a decimal that is none", Value{upload, fields{"name": []byte("f"), "size": []byte("-1")}}, "#upload 'f' -1"},
		{"reserved", Value{missing, fields{"data_len": uint64(5)}}, "\x49\x7E\x02\x00\x00\x00\x00\x05"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.value.Append(nil)
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got))
		})
	}
}

func TestAppendFillsIn(t *testing.T) {
	l := layout("L",
		u8("least", Field{Min: new(uint64(3))}),
		u8("listed", Field{Names: map[uint64]string{9: "b", 5: "a"}, Closed: true}),
		u8("zero", Field{Names: map[uint64]string{0: "x", 5: "a"}, Closed: true}),
		Field{Name: "fixed", Kind: Blob, Size: 2}, Field{Name: "padded", Kind: Text, Size: 2, Bytes: []byte("_")},
		until("line", "\r\n"), decimal("n"))
	got, err := Value{Layout: l}.Append(nil)
	require.NoError(t, err)
	require.Equal(t, "\x03\x05\x00\x00\x00__\r\n0", string(got))
}

func TestAppendRefuses(t *testing.T) {
	long := bytes.Repeat([]byte("n"), 256)
	tests := []struct {
		name  string
		value Value
		want  string
	}{
		{"no layout", Value{}, "a value wants a layout"},
		{"unknown field", Value{fileRequest, fields{"nane": []byte("f")}}, `FileRequest has no field "nane", did you mean "name"?`},
		{"nothing like it", Value{fileRequest, fields{"receiver": []byte("f")}}, `FileRequest has no field "receiver"`},
		{"too wide", Value{fileRequest, fields{"type": uint64(256)}}, "FileRequest.type: 256 does not fit into 1 byte"},
		{"text for a number", Value{fileRequest, fields{"type": []byte("1")}}, "FileRequest.type: a uint wants an integer, got []uint8"},
		{"another integer type", Value{fileRequest, fields{"type": 1}}, "FileRequest.type: a uint wants an integer, got int"},
		{"number for text", Value{fileRequest, fields{"name": uint64(1)}}, "FileRequest.name: a text wants bytes, got uint64"},
		{"record for a list", Value{messageResponse, fields{"messages": Value{message, nil}}}, "MessageResponse.messages: a repeat wants a list of Message, got record.Value"},
		{"list for a record", Value{wrapped, fields{"body": []Value{}}}, "Wrapped.body: a one_of wants a body, got []record.Value"},
		{"wrong item", Value{messageResponse, fields{"messages": []Value{{fileRequest, nil}}}}, "MessageResponse.messages: item 0 wants to be a Message"},
		{"typo in an item", Value{messageResponse, fields{"messages": []Value{{message, nil}, {message, fields{"sendr": nil}}}}},
			`MessageResponse.messages: item 1: Message has no field "sendr", did you mean "sender"?`},
		{"undecided", Value{messageRequest, nil}, "MessageRequest is one of several records, choose one: ReadRequest, CreateRequest"},
		{"undecided, with fields", Value{messageRequest, fields{"name": []byte("a")}}, "MessageRequest is one of several records, choose one: ReadRequest, CreateRequest"},
		{"undecided inside", Value{wrapped, nil}, "Wrapped.body is not given, choose one: Get, Put, List"},
		{"real size too wide", Value{readRequest, fields{"name": long}},
			"ReadRequest.name_len (1 byte) cannot hold 256, which is how much there is of name; give it too if it is to lie"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.value.Append(nil)
			require.EqualError(t, err, tt.want)
		})
	}
}
