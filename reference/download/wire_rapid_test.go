package download_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"netproctor/reference/download"
)

func drawRequest(t *rapid.T) download.FileRequest {
	name := rapid.SliceOfN(rapid.Byte(), download.MinFilename, download.MaxFilename).Draw(t, "name")
	return download.FileRequest{Filename: string(name)}
}

func drawResponse(t *rapid.T) download.FileResponse {
	if rapid.Bool().Draw(t, "found") {
		data := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data")
		return download.FileResponse{Status: download.Found, Data: data}
	}
	return download.FileResponse{Ignored: rapid.Uint32().Draw(t, "ignored")}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		request := drawRequest(t)
		gotRequest, err := download.ParseFileRequest(request.Append(nil))
		require.NoError(t, err)
		require.Equal(t, &request, gotRequest)

		response := drawResponse(t)
		gotResponse, err := download.ParseFileResponse(response.Append(nil))
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
		parsed, err1 := download.ParseFileRequest(wire)
		read, err2 := download.ReadFileRequest(bytes.NewReader(wire))
		require.Equal(t, err1 == nil, err2 == nil, "%v, %v", err1, err2)
		require.Equal(t, parsed, read)
		if err1 == nil {
			require.Equal(t, wire, parsed.Append(nil))
		}

		wire = spoil(t, response.Append(nil))
		parsed2, err1 := download.ParseFileResponse(wire)
		read2, err2 := readResponse(bytes.NewReader(wire))
		if err1 == nil {
			require.NoError(t, err2)
			require.Equal(t, parsed2, read2)
			require.Equal(t, wire, parsed2.Append(nil))
		}
		if err2 != nil {
			require.Error(t, err1)
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
