package mailbox_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/mailbox"
)

// text draws 1 to most bytes, of any value.
func text(t *rapid.T, label string, most int) string {
	return string(rapid.SliceOfN(rapid.Byte(), 1, most).Draw(t, label))
}

func drawRequest(t *rapid.T) mailbox.MessageRequest {
	r := mailbox.MessageRequest{ID: mailbox.Read, Name: text(t, "name", mailbox.MaxName)}
	if rapid.Bool().Draw(t, "create") {
		r.ID = mailbox.Create
		r.Receiver = text(t, "receiver", mailbox.MaxName)
		r.Message = text(t, "message", 300)
	}
	return r
}

func drawResponse(t *rapid.T) mailbox.MessageResponse {
	r := mailbox.MessageResponse{More: rapid.Bool().Draw(t, "more")}
	for range rapid.IntRange(0, 5).Draw(t, "items") {
		r.Items = append(r.Items, mailbox.Message{Sender: text(t, "sender", 40), Text: text(t, "text", 300)})
	}
	return r
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t)
		gotRequest, err := mailbox.ParseMessageRequest(request.Append(nil))
		require.NoError(t, err)
		require.Equal(t, &request, gotRequest)

		response := drawResponse(t)
		gotResponse, err := mailbox.ParseMessageResponse(response.Append(nil))
		require.NoError(t, err)
		require.Equal(t, &response, gotResponse)
	})
}

// TestParseAndReadAgree feeds both ways to read a record with the same bytes,
// most of them almost legal.
func TestParseAndReadAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		request, response := drawRequest(t), drawResponse(t)
		wire := spoil(t, request.Append(nil))
		parsed, err1 := mailbox.ParseMessageRequest(wire)
		read, err2 := mailbox.ReadMessageRequest(bytes.NewReader(wire))
		require.Equal(t, err1 == nil, err2 == nil, "%v, %v", err1, err2)
		require.Equal(t, parsed, read)
		if err1 == nil {
			require.Equal(t, wire, parsed.Append(nil))
		}

		wire = spoil(t, response.Append(nil))
		parsed2, err1 := mailbox.ParseMessageResponse(wire)
		read2, err2 := mailbox.ReadMessageResponse(bytes.NewReader(wire))
		if err1 == nil {
			require.NoError(t, err2)
			require.Equal(t, parsed2, read2)
			require.Equal(t, wire, parsed2.Append(nil))
		}
	})
}

// spoil changes one byte of a record, or its length.
func spoil(t *rapid.T, wire []byte) []byte {
	at := rapid.IntRange(0, min(12, len(wire)-1)).Draw(t, "at")
	switch rapid.IntRange(0, 3).Draw(t, "how") {
	case 0:
		wire[at] = rapid.Byte().Draw(t, "value")
	case 1:
		wire = wire[:at]
	case 2:
		wire = append(wire, rapid.Byte().Draw(t, "extra"))
	}
	return wire
}
