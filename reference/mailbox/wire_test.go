package mailbox_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"netproctor/reference/mailbox"
)

// Golden vectors, written by hand from the assignment's figures.
var (
	goldenRead = []byte{
		0xAE, 0x73, 1, 5, 0, 0, 0,
		'a', 'l', 'i', 'c', 'e',
	}
	goldenCreate = []byte{
		0xAE, 0x73, 2, 5, 3, 0, 6,
		'a', 'l', 'i', 'c', 'e', 'b', 'o', 'b', 'h', 0xC3, 0xA9, 'l', 'l', 'o',
	}
	goldenEmpty    = []byte{0xAE, 0x73, 3, 0, 0}
	goldenResponse = []byte{
		0xAE, 0x73, 3, 2, 1,
		5, 0, 2, 'a', 'l', 'i', 'c', 'e', 'h', 'i',
		1, 1, 0, 'x', // followed by 256 times z
	}
)

func requests() map[string]struct {
	wire []byte
	want mailbox.MessageRequest
} {
	return map[string]struct {
		wire []byte
		want mailbox.MessageRequest
	}{
		"read":   {goldenRead, mailbox.MessageRequest{ID: mailbox.Read, Name: "alice"}},
		"create": {goldenCreate, mailbox.MessageRequest{ID: mailbox.Create, Name: "alice", Receiver: "bob", Message: "héllo"}},
	}
}

func responses() map[string]struct {
	wire []byte
	want mailbox.MessageResponse
} {
	z := strings.Repeat("z", 256)
	return map[string]struct {
		wire []byte
		want mailbox.MessageResponse
	}{
		"empty": {goldenEmpty, mailbox.MessageResponse{}},
		"two and more": {append(slices.Clip(goldenResponse), z...), mailbox.MessageResponse{
			Items: []mailbox.Message{{Sender: "alice", Text: "hi"}, {Sender: "x", Text: z}}, More: true}},
	}
}

func TestMessageRequestGolden(t *testing.T) {
	for name, tt := range requests() {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.wire, tt.want.Append(nil))
			got, err := mailbox.ParseMessageRequest(tt.wire)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
			got, err = mailbox.ReadMessageRequest(iotest.OneByteReader(bytes.NewReader(tt.wire)))
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
		})
	}
}

func TestMessageResponseGolden(t *testing.T) {
	for name, tt := range responses() {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.wire, tt.want.Append(nil))
			got, err := mailbox.ParseMessageResponse(tt.wire)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
			got, err = mailbox.ReadMessageResponse(iotest.OneByteReader(bytes.NewReader(tt.wire)))
			require.NoError(t, err)
			require.Equal(t, &tt.want, got)
		})
	}
}

func TestMessageRequestCut(t *testing.T) {
	for name, tt := range requests() {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				_, err := mailbox.ParseMessageRequest(tt.wire[:n])
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				_, err = mailbox.ReadMessageRequest(bytes.NewReader(tt.wire[:n]))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
		})
	}
}

func TestMessageResponseCut(t *testing.T) {
	for name, tt := range responses() {
		t.Run(name, func(t *testing.T) {
			for n := range tt.wire {
				_, err := mailbox.ParseMessageResponse(tt.wire[:n])
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
				_, err = mailbox.ReadMessageResponse(bytes.NewReader(tt.wire[:n]))
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
			}
		})
	}
}

func TestExtraBytes(t *testing.T) {
	_, err := mailbox.ParseMessageRequest(append(slices.Clip(goldenCreate), 'x'))
	require.ErrorIs(t, err, mailbox.ErrErroneous)
	_, err = mailbox.ReadMessageRequest(bytes.NewReader(append(slices.Clip(goldenCreate), 'x')))
	require.ErrorIs(t, err, mailbox.ErrErroneous)
	_, err = mailbox.ParseMessageResponse(append(slices.Clip(goldenEmpty), 'x'))
	require.ErrorIs(t, err, mailbox.ErrErroneous)

	rest := strings.NewReader(string(goldenEmpty) + "x")
	_, err = mailbox.ReadMessageResponse(rest)
	require.NoError(t, err, "a client stops at the end of the record")
	require.Equal(t, 1, rest.Len())
}

// TestRequestFields gives the header every value of one byte in turn.
func TestRequestFields(t *testing.T) {
	tests := map[string]struct {
		wire  []byte
		at    int
		legal func(b byte) bool
	}{
		"magic, high byte":         {goldenRead, 0, func(b byte) bool { return b == 0xAE }},
		"magic, low byte":          {goldenRead, 1, func(b byte) bool { return b == 0x73 }},
		"id of a read":             {goldenRead, 2, func(b byte) bool { return b == 1 }},
		"id of a create":           {goldenCreate, 2, func(b byte) bool { return b == 2 }},
		"name length of read":      {goldenRead, 3, func(b byte) bool { return b > 0 }},
		"name length of create":    {goldenCreate, 3, func(b byte) bool { return b > 0 }},
		"receiver length, read":    {goldenRead, 4, func(b byte) bool { return b == 0 }},
		"receiver length, create":  {goldenCreate, 4, func(b byte) bool { return b > 0 }},
		"message length, high":     {goldenRead, 5, func(b byte) bool { return b == 0 }},
		"message length, low":      {goldenRead, 6, func(b byte) bool { return b == 0 }},
		"message length of create": {goldenCreate, 6, func(b byte) bool { return b > 0 }},
		"message length may be 256": {[]byte{0xAE, 0x73, 2, 1, 1, 1, 0}, 6,
			func(byte) bool { return true }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for value := range 256 {
				wire := slices.Clone(tt.wire)
				wire[tt.at] = byte(value)
				h, err := mailbox.ParseRequestHeader(wire)
				if tt.legal(byte(value)) {
					require.NoError(t, err, "%d", value)
					continue
				}
				require.ErrorIs(t, err, mailbox.ErrErroneous, "%d", value)
				require.Zero(t, h)
				_, err = mailbox.ParseMessageRequest(wire)
				require.ErrorIs(t, err, mailbox.ErrErroneous, "%d", value)
			}
		})
	}
}

// TestResponseFields does the same for a response and its first message.
func TestResponseFields(t *testing.T) {
	one := (&mailbox.MessageResponse{Items: []mailbox.Message{{Sender: "s", Text: "t"}}}).Append(nil)
	tests := map[string]struct {
		at   int
		fine []byte // what is legal; other values are erroneous or too short
	}{
		"magic, high byte": {0, []byte{0xAE}},
		"magic, low byte":  {1, []byte{0x73}},
		"id":               {2, []byte{3}},
		"num items":        {3, []byte{1}},
		"more":             {4, []byte{0, 1}},
		"sender length":    {5, []byte{1}},
		"message, high":    {6, []byte{0}},
		"message, low":     {7, []byte{1}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for value := range 256 {
				wire := slices.Clone(one)
				wire[tt.at] = byte(value)
				got, err := mailbox.ParseMessageResponse(wire)
				if slices.Contains(tt.fine, byte(value)) {
					require.NoError(t, err, "%d", value)
					require.Equal(t, wire, got.Append(nil))
					continue
				}
				require.Error(t, err, "%d", value)
			}
		})
	}
}

func TestItemHeaderBounds(t *testing.T) {
	tests := map[string]struct {
		wire  []byte
		legal bool
	}{
		"sender 0":    {[]byte{0, 0, 1}, false},
		"sender 1":    {[]byte{1, 0, 1}, true},
		"sender 255":  {[]byte{255, 0, 1}, true},
		"text 0":      {[]byte{1, 0, 0}, false},
		"text 1":      {[]byte{1, 0, 1}, true},
		"text 256":    {[]byte{1, 1, 0}, true},
		"text 65534":  {[]byte{1, 255, 254}, true},
		"text 65535":  {[]byte{1, 255, 255}, true},
		"both absent": {[]byte{0, 0, 0}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := mailbox.ParseItemHeader(tt.wire)
			if tt.legal {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, mailbox.ErrErroneous)
		})
	}
}

// TestAppendBounds tries the longest texts, and one byte more.
func TestAppendBounds(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	create := func(name, receiver, message int) func() {
		return func() {
			r := mailbox.MessageRequest{ID: mailbox.Create, Name: a(name), Receiver: a(receiver), Message: a(message)}
			got, err := mailbox.ParseMessageRequest(r.Append(nil))
			require.NoError(t, err)
			require.Equal(t, &r, got)
		}
	}
	items := func(n, sender, text int) func() {
		return func() {
			r := mailbox.MessageResponse{Items: slices.Repeat([]mailbox.Message{{Sender: a(sender), Text: a(text)}}, n)}
			got, err := mailbox.ParseMessageResponse(r.Append(nil))
			require.NoError(t, err)
			require.Equal(t, &r, got)
		}
	}
	tests := map[string]struct {
		fits, fitsNot func()
	}{
		"name":     {create(255, 1, 1), create(256, 1, 1)},
		"receiver": {create(1, 255, 1), create(1, 256, 1)},
		"message":  {create(1, 1, 65535), create(1, 1, 65536)},
		"items":    {items(255, 1, 1), items(256, 1, 1)},
		"sender":   {items(1, 255, 1), items(1, 256, 1)},
		"text":     {items(1, 1, 65535), items(1, 1, 65536)},
		"largest":  {items(255, 255, 65535), items(255, 256, 65536)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.fits()
			require.Panics(t, tt.fitsNot)
		})
	}
}

func TestIDString(t *testing.T) {
	tests := map[mailbox.ID]string{0: "ID(0)", mailbox.Read: "read", mailbox.Create: "create", mailbox.Response: "response", 4: "ID(4)"}
	for id, want := range tests {
		require.Equal(t, want, id.String())
	}
}

// TestClaimIsNotAllocated reads a header that announces 66,045 bytes, of which
// few come.
func TestClaimIsNotAllocated(t *testing.T) {
	wire := append([]byte{0xAE, 0x73, 2, 255, 255, 255, 255}, "few"...)
	r := &roomReader{r: bytes.NewReader(wire)}
	_, err := mailbox.ReadMessageRequest(r)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.LessOrEqual(t, r.most, 8192)
}

// A roomReader notes how much room its user ever had for bytes.
type roomReader struct {
	r    io.Reader
	most int
}

func (r *roomReader) Read(p []byte) (int, error) {
	r.most = max(r.most, len(p))
	return r.r.Read(p)
}
