package download

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// A FileRequest is what a client sends, exactly one for each connection: it asks
// for a file by its name (§3.3.1).
type FileRequest struct {
	Filename string // 1 to 1024 bytes
}

// Append appends the wire form of r to b. It panics if the name is too short or
// too long: who builds a request has to check that first.
func (r *FileRequest) Append(b []byte) []byte {
	n := len(r.Filename)
	if n < MinFilename || n > MaxFilename {
		panic(fmt.Sprintf("download: FileRequest.Filename wanted %d to %d bytes, got %d", MinFilename, MaxFilename, n))
	}
	b = slices.Grow(b, RequestHeaderSize+n)
	b = binary.BigEndian.AppendUint16(b, MagicNo)
	b = append(b, byte(Request))
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	return append(b, r.Filename...)
}

// ParseFileRequest reads exactly one FileRequest from b. The error is
// [io.ErrUnexpectedEOF] if b is too short, [ErrErroneous] for anything else.
func ParseFileRequest(b []byte) (*FileRequest, error) {
	h, err := ParseRequestHeader(b)
	if err != nil {
		return nil, err
	}
	body := b[RequestHeaderSize:]
	if len(body) < h.BodyLen() {
		return nil, short("FileRequest", int64(RequestHeaderSize+h.BodyLen()), int64(len(b)))
	}
	return h.request(body)
}

// ReadFileRequest reads one FileRequest from r: the header, and then as many
// bytes as the header announces. More bytes are an error, but they are only seen
// if they are there when the last of the record arrives: r is never asked to
// wait for them.
func ReadFileRequest(r io.Reader) (*FileRequest, error) {
	h, err := ReadRequestHeader(r)
	if err != nil {
		return nil, err
	}
	return ReadRequestBody(r, h)
}

// ReadRequestHeader reads the first part of a FileRequest.
func ReadRequestHeader(r io.Reader) (RequestHeader, error) {
	b, err := readAtLeast(r, make([]byte, RequestHeaderSize), RequestHeaderSize)
	if err != nil {
		return RequestHeader{}, fmt.Errorf("reading the header of FileRequest: %w", err)
	}
	return ParseRequestHeader(b)
}

// ReadRequestBody reads the name that h announces. It asks for one byte more
// than there should be, and so learns of bytes that were not announced.
func ReadRequestBody(r io.Reader, h RequestHeader) (*FileRequest, error) {
	body, err := readAtLeast(r, make([]byte, h.BodyLen()+1), h.BodyLen())
	if err != nil {
		return nil, fmt.Errorf("reading the name of FileRequest: %w", err)
	}
	return h.request(body)
}

// A RequestHeader is the fixed part of a FileRequest: what follows it.
type RequestHeader struct {
	FilenameLen uint16 // 1 to 1024 bytes
}

// ParseRequestHeader reads and checks the header at the beginning of b.
func ParseRequestHeader(b []byte) (RequestHeader, error) {
	if len(b) < RequestHeaderSize {
		return RequestHeader{}, short("header of FileRequest", RequestHeaderSize, int64(len(b)))
	}
	if err := checkStart("FileRequest", binary.BigEndian.Uint16(b), Type(b[2]), Request); err != nil {
		return RequestHeader{}, err
	}
	h := RequestHeader{FilenameLen: binary.BigEndian.Uint16(b[3:])}
	if h.FilenameLen < MinFilename || h.FilenameLen > MaxFilename {
		wanted := fmt.Sprintf("%d to %d", MinFilename, MaxFilename)
		return RequestHeader{}, erroneous("FileRequest.FilenameLen", wanted, h.FilenameLen)
	}
	return h, nil
}

// BodyLen returns how many bytes follow the header.
func (h RequestHeader) BodyLen() int { return int(h.FilenameLen) }

// request makes a request of the bytes that follow the header. There must be no
// more than announced.
func (h RequestHeader) request(body []byte) (*FileRequest, error) {
	if extra := len(body) - h.BodyLen(); extra > 0 {
		return nil, erroneous("the end of FileRequest", "no more bytes", extra)
	}
	return &FileRequest{Filename: string(body)}, nil
}
