package conformance_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/download"
	"netproctor/reference/fileshare"
	"netproctor/reference/mailbox"
	"netproctor/reference/transfer"
)

// A codec is a hand-written one, beside the record of protocol.star that states
// the same.
type codec struct {
	protocol, record string
	valid            []byte
	parse            func(b []byte) (again []byte, err error) // gives what it read as bytes again
}

var codecs = []codec{
	{"mailbox", "MessageRequest", (&mailbox.MessageRequest{ID: mailbox.Read, Name: "ann"}).Append(nil), parseMailboxRequest},
	{"mailbox", "MessageRequest", (&mailbox.MessageRequest{ID: mailbox.Create, Name: "ann", Receiver: "bob", Message: "hello"}).Append(nil), parseMailboxRequest},
	{"mailbox", "MessageResponse", (&mailbox.MessageResponse{}).Append(nil), parseMailboxResponse},
	{"mailbox", "MessageResponse", (&mailbox.MessageResponse{Items: []mailbox.Message{{Sender: "ann", Text: "hello"}, {Sender: "b", Text: "c"}}, More: true}).Append(nil), parseMailboxResponse},
	{"download", "FileRequest", (&download.FileRequest{Filename: "hello.txt"}).Append(nil), parseDownloadRequest},
	{"download", "FileResponse", (&download.FileResponse{Status: download.Found, Data: []byte("hello")}).Append(nil), parseDownloadResponse},
	{"download", "FileResponse", (&download.FileResponse{Status: download.Found}).Append(nil), parseDownloadResponse},
	{"download", "FileResponse", (&download.FileResponse{Ignored: 7}).Append(nil), parseDownloadResponse},
	{"transfer", "Size", transfer.Size(0x0102030405060708).Append(nil), parseTransferSize},
	{"fileshare", "GetRequest", (&fileshare.Command{Kind: fileshare.Get, Name: "a.txt"}).Append(nil, fileshare.Sized), parseFileshareCommand(fileshare.Get)},
	{"fileshare", "PutHead", (&fileshare.Command{Kind: fileshare.Put, Name: "a.txt"}).Append(nil, fileshare.Sized), parseFileshareCommand(fileshare.Put)},
	{"fileshare", "ListRequest", (&fileshare.Command{Kind: fileshare.List}).Append(nil, fileshare.Sized), parseFileshareCommand(fileshare.List)},
	{"fileshare", "FileData", (&fileshare.File{Data: []byte("hello")}).Append(nil, fileshare.Sized), parseFileshareFile},
}

// parseFileshareCommand takes commands of one kind, as a record is one.
func parseFileshareCommand(kind fileshare.Kind) func(b []byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		c, err := fileshare.ParseCommand(b, fileshare.Sized)
		if err == nil && c.Kind != kind {
			err = fmt.Errorf("wanted %v, got %v", kind, c.Kind)
		}
		if err != nil {
			return nil, err
		}
		return c.Append(nil, fileshare.Sized), nil
	}
}

func parseFileshareFile(b []byte) ([]byte, error) {
	f, err := fileshare.ParseFile(b, fileshare.Sized)
	if err != nil {
		return nil, err
	}
	return f.Append(nil, fileshare.Sized), nil
}

func parseMailboxRequest(b []byte) ([]byte, error) {
	r, err := mailbox.ParseMessageRequest(b)
	if err != nil {
		return nil, err
	}
	return r.Append(nil), nil
}

func parseMailboxResponse(b []byte) ([]byte, error) {
	r, err := mailbox.ParseMessageResponse(b)
	if err != nil {
		return nil, err
	}
	return r.Append(nil), nil
}

func parseDownloadRequest(b []byte) ([]byte, error) {
	r, err := download.ParseFileRequest(b)
	if err != nil {
		return nil, err
	}
	return r.Append(nil), nil
}

func parseDownloadResponse(b []byte) ([]byte, error) {
	r, err := download.ParseFileResponse(b)
	if err != nil {
		return nil, err
	}
	return r.Append(nil), nil
}

func parseTransferSize(b []byte) ([]byte, error) {
	size, err := transfer.ParseSize(b)
	if err != nil {
		return nil, err
	}
	return size.Append(nil), nil
}

// TestCodecsAgreeWithLayouts sets the two statements of every record against
// each other: a valid message cut, prolonged and with any of its bytes changed is
// legal to both or to neither.
func TestCodecsAgreeWithLayouts(t *testing.T) {
	for _, c := range codecs {
		t.Run(c.record, func(t *testing.T) {
			p, err := loadOnce(c.protocol)
			require.NoError(t, err)
			layout := p.Records[c.record]
			require.NotNil(t, layout)
			agree := func(t require.TestingT, b []byte) bool {
				d, err := layout.Decode(b, true)
				legal := err == nil && d.Size == len(b)
				again, parsed := c.parse(b)
				require.Equal(t, legal, parsed == nil, "% x: the layout says %v, the codec %v", b, err, parsed)
				if legal {
					require.Equal(t, b, again)
				}
				return legal
			}
			require.True(t, agree(t, c.valid))
			for n := range c.valid {
				require.False(t, agree(t, c.valid[:n]), "cut after %d bytes", n)
			}
			rapid.Check(t, func(t *rapid.T) {
				b := bytes.Clone(c.valid)
				for range rapid.IntRange(1, 3).Draw(t, "changes") {
					b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
				}
				agree(t, append(b, rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "behind")...))
			})
		})
	}
}
