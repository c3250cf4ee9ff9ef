package record

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatch(t *testing.T) {
	long := bytes.Repeat([]byte("m"), 300)
	other := bytes.Clone(long)
	other[200] = 'X'
	response := Value{messageResponse, fields{"messages": []Value{
		{message, fields{"sender": []byte("ann"), "message": []byte("hi")}},
		{message, fields{"sender": []byte("bob"), "message": long}}}}}
	sender := func(name string) Value { return Value{message, fields{"sender": []byte(name)}} }
	anyMessage := Value{Layout: message}
	tests := []struct {
		name      string
		got, want Value
		wantErr   string
	}{
		{"nothing asked", response, Value{messageResponse, nil}, ""},
		{"all asked", response, response, ""},
		{"any items", response, Value{messageResponse, fields{"messages": []Value{anyMessage, anyMessage}}}, ""},
		{"any variant", Value{missing, nil}, Value{fileResponse, nil}, ""},
		{"number", response, Value{messageResponse, fields{"more": uint64(1)}},
			"MessageResponse.more wants 1 (more are waiting) at offset 4, got 0 (that is all)"},
		{"item", response, Value{messageResponse, fields{"messages": []Value{sender("ann"), sender("bo")}}},
			`MessageResponse.messages[1].sender wants "bo" at offset 16, got "bob"`},
		{"too few items", response, Value{messageResponse, fields{"messages": []Value{anyMessage, anyMessage, anyMessage}}},
			"MessageResponse.messages wants 3 items at offset 5, got 2 items"},
		{"too many items", response, Value{messageResponse, fields{"messages": []Value{anyMessage}}},
			"MessageResponse.messages wants 1 item at offset 5, got 2 items"},
		{"deep in a long text", response, Value{messageResponse, fields{"messages": []Value{anyMessage, {message, fields{"message": other}}}}},
			`MessageResponse.messages[1].message wants …"mmmmXmmmmmmmmmmmmmmm"… (300 bytes, from byte 196) at offset 19, got …"mmmmmmmmmmmmmmmmmmmm"… (300 bytes, from byte 196)`},
		{"end of a long text", response, Value{messageResponse, fields{"messages": []Value{anyMessage, {message, fields{"message": long[:299]}}}}},
			`MessageResponse.messages[1].message wants …"mmmmm"… (299 bytes, from byte 294) at offset 19, got …"mmmmm"… (300 bytes, from byte 295)`},
		{"another variant", Value{missing, nil}, Value{found, nil},
			"Missing.status wants 1 (found), of Found at offset 3, got 0 (missing), of Missing"},
		{"another token", Value{okAnswer, nil}, Value{errorAnswer, nil}, `OK.lit wants "ERROR: ", of Error at offset 0, got "OK", of OK`},
		{"variant inside", Value{wrapped, fields{"body": Value{sizedList, nil}}}, Value{wrapped, fields{"body": Value{sizedGet, nil}}},
			"Wrapped.body.cmd wants 1, of Get at offset 1, got 3, of List"},
		{"field of a variant inside", Value{wrapped, fields{"body": Value{sizedGet, fields{"name": []byte("a")}}}},
			Value{wrapped, fields{"body": Value{sizedGet, fields{"name": []byte("b")}}}}, `Wrapped.body.name wants "b" at offset 3, got "a"`},
		{"reserved, if asked for", Value{missing, nil}, Value{missing, fields{"data_len": uint64(1)}}, "Missing.data_len wants 1 at offset 4, got 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire, err := tt.got.Append(nil)
			require.NoError(t, err)
			d, err := tt.got.Layout.Decode(wire, true)
			require.NoError(t, err)
			err = d.Match(tt.want)
			if tt.wantErr == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.wantErr)
			require.ErrorIs(t, err, ErrMismatch)
		})
	}
}

// A slip of the author is no failure of the program.
func TestMatchRefusesImpossibleWants(t *testing.T) {
	d, err := okAnswer.Decode([]byte("OK"), true)
	require.NoError(t, err)
	err = d.Match(Value{okAnswer, fields{"x": uint64(1)}})
	require.EqualError(t, err, `OK has no field "x"`)
	var bad *FieldError
	require.NotErrorAs(t, err, &bad)
}
