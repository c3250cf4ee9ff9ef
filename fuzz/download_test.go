package fuzz_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"pgregory.net/rapid"

	"netproctor/reference/download"
)

var downloadCodecs = []codec{
	of(download.ParseFileRequest, (*download.FileRequest).Append, drawDownloadRequest).with(codec{
		target: "DownloadRequest", protocol: "download", layouts: []string{"FileRequest"}, illegal: download.ErrErroneous,
		read: reading(download.ReadFileRequest),
		bounds: []bound{
			{"filename", 1, 1024, func(n uint64) []byte { return join(uint16(0x497E), 1, uint16(n), filler(n)) }},
		},
	}),
	of(download.ParseRequestHeader, appendDownloadRequestHeader, drawDownloadRequestHeader).with(codec{
		target: "DownloadRequestHeader", protocol: "download", layouts: []string{"FileRequest"}, illegal: download.ErrErroneous,
		head: download.RequestHeaderSize, read: reading(download.ReadRequestHeader),
		bounds: []bound{
			{"magic", 0x497E, 0x497E, func(n uint64) []byte { return join(uint16(n), 1, uint16(1)) }},
			{"type", 1, 1, func(n uint64) []byte { return join(uint16(0x497E), uint8(n), uint16(1)) }},
			{"filename_len", 1, 1024, func(n uint64) []byte { return join(uint16(0x497E), 1, uint16(n)) }},
		},
	}),
	of(download.ParseFileResponse, (*download.FileResponse).Append, drawDownloadResponse).with(codec{
		target: "DownloadResponse", protocol: "download", layouts: []string{"FileResponse"}, illegal: download.ErrErroneous,
		read: reading(readDownloadResponse),
		bounds: []bound{
			{"data of a missing file", 0, 0, func(n uint64) []byte { return join(uint16(0x497E), 2, 0, uint32(n), filler(n)) }},
			{"data", 0, 1 << 16, func(n uint64) []byte {
				return within(n, 1<<16, join(uint16(0x497E), 2, 1, uint32(n), filler(min(n, 1<<16))))
			}},
		},
	}),
	of(download.ParseResponseHeader, download.ResponseHeader.Append, drawDownloadResponseHeader).with(codec{
		target: "DownloadResponseHeader", protocol: "download", layouts: []string{"FileResponse"}, illegal: download.ErrErroneous,
		head: download.ResponseHeaderSize, read: reading(download.ReadResponseHeader),
		bounds: []bound{
			{"magic", 0x497E, 0x497E, func(n uint64) []byte { return join(uint16(n), 2, 0, uint32(0)) }},
			{"type", 2, 2, func(n uint64) []byte { return join(uint16(0x497E), uint8(n), 0, uint32(0)) }},
			{"status", 0, 1, func(n uint64) []byte { return join(uint16(0x497E), 2, uint8(n), uint32(0)) }},
		},
	}),
}

// readDownloadResponse reads a response as a client does, but into memory.
func readDownloadResponse(r io.Reader) (*download.FileResponse, error) {
	h, err := download.ReadResponseHeader(r)
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	if err := download.CopyData(&data, r, h); err != nil {
		return nil, err
	}
	if h.Status == download.Missing {
		return &download.FileResponse{Status: h.Status, Ignored: h.DataLength}, nil
	}
	return &download.FileResponse{Status: h.Status, Data: data.Bytes()}, nil
}

func appendDownloadRequestHeader(h download.RequestHeader, b []byte) []byte {
	return join(b, uint16(download.MagicNo), byte(download.Request), h.FilenameLen)
}

func drawDownloadRequest(t *rapid.T) *download.FileRequest {
	return &download.FileRequest{Filename: drawText(t, "filename", download.MinFilename, download.MaxFilename)}
}

func drawDownloadRequestHeader(t *rapid.T) download.RequestHeader {
	return download.RequestHeader{FilenameLen: rapid.Uint16Range(download.MinFilename, download.MaxFilename).Draw(t, "filename_len")}
}

func drawDownloadResponse(t *rapid.T) *download.FileResponse {
	if rapid.Bool().Draw(t, "missing") {
		return &download.FileResponse{Status: download.Missing, Ignored: rapid.Uint32().Draw(t, "ignored")}
	}
	return &download.FileResponse{Status: download.Found, Data: []byte(drawText(t, "data", 0, 1<<16))}
}

func drawDownloadResponseHeader(t *rapid.T) download.ResponseHeader {
	status := rapid.SampledFrom([]download.Status{download.Missing, download.Found}).Draw(t, "status")
	return download.ResponseHeader{Status: status, DataLength: rapid.Uint32().Draw(t, "data_len")}
}

func FuzzDownloadRequest(f *testing.F)        { run(f) }
func FuzzDownloadRequestHeader(f *testing.F)  { run(f) }
func FuzzDownloadResponse(f *testing.F)       { run(f) }
func FuzzDownloadResponseHeader(f *testing.F) { run(f) }

func FuzzDownloadRequestFields(f *testing.F) {
	for _, b := range table(f, "DownloadRequest").headed(f, download.RequestHeaderSize) {
		f.Add(binary.BigEndian.Uint16(b), b[2], binary.BigEndian.Uint16(b[3:]), b[5:])
	}
	f.Fuzz(func(t *testing.T, magic uint16, kind byte, length uint16, name []byte) {
		b := join(magic, kind, length, name)
		table(t, "DownloadRequestHeader").check(t, b)
		table(t, "DownloadRequest").check(t, b)
	})
}

func FuzzDownloadResponseFields(f *testing.F) {
	for _, b := range table(f, "DownloadResponse").headed(f, download.ResponseHeaderSize) {
		f.Add(binary.BigEndian.Uint16(b), b[2], b[3], binary.BigEndian.Uint32(b[4:]), b[8:])
	}
	f.Fuzz(func(t *testing.T, magic uint16, kind, status byte, length uint32, data []byte) {
		b := join(magic, kind, status, length, data)
		table(t, "DownloadResponseHeader").check(t, b)
		table(t, "DownloadResponse").check(t, b)
	})
}
