package download

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
)

// A FileResponse is a whole answer to a FileRequest (§3.3.2), for who has the
// data in memory anyway, as tests do. The programs do not: they send and read a
// [ResponseHeader] and copy the data behind it.
//
// The zero FileResponse says that there is no such file.
type FileResponse struct {
	Status  Status
	Data    []byte // what is in the file; with Found only
	Ignored uint32 // what DataLength says; with Missing only, where a server writes 0 and a client ignores it
}

// Append appends the wire form of r to b. It panics if r has a field that its
// status does not allow, or more data than DataLength can say.
func (r *FileResponse) Append(b []byte) []byte {
	h := ResponseHeader{Status: r.Status, DataLength: r.dataLength()}
	b = slices.Grow(b, ResponseHeaderSize+len(r.Data))
	return append(h.Append(b), r.Data...)
}

// dataLength returns what the field DataLength says.
func (r *FileResponse) dataLength() uint32 {
	switch {
	case r.Status == Missing && len(r.Data) == 0:
		return r.Ignored
	case r.Status == Found && r.Ignored == 0 && int64(len(r.Data)) <= MaxData:
		return uint32(len(r.Data))
	}
	panic(fmt.Sprintf("download: FileResponse wanted either missing or found with at most %d bytes, got %v with %d bytes and %d to be ignored",
		int64(MaxData), r.Status, len(r.Data), r.Ignored))
}

// ParseFileResponse reads exactly one FileResponse from b. Its data is not
// copied but remains a part of b. The error is [io.ErrUnexpectedEOF] if b is too
// short, [ErrErroneous] for anything else.
func ParseFileResponse(b []byte) (*FileResponse, error) {
	h, err := ParseResponseHeader(b)
	if err != nil {
		return nil, err
	}
	data := b[ResponseHeaderSize:]
	switch n := int64(len(data)); {
	case n < h.BodyLen():
		return nil, short("FileResponse", ResponseHeaderSize+h.BodyLen(), int64(len(b)))
	case n > h.BodyLen():
		return nil, erroneous("the end of FileResponse", "no more bytes", n-h.BodyLen())
	case h.Status == Missing:
		return &FileResponse{Status: Missing, Ignored: h.DataLength}, nil
	}
	return &FileResponse{Status: Found, Data: data}, nil
}

// ReadResponseHeader reads the first part of a FileResponse.
func ReadResponseHeader(r io.Reader) (ResponseHeader, error) {
	b, err := readAtLeast(r, make([]byte, ResponseHeaderSize), ResponseHeaderSize)
	if err != nil {
		return ResponseHeader{}, fmt.Errorf("reading the header of FileResponse: %w", err)
	}
	return ParseResponseHeader(b)
}

// CopyData copies the data that follows h from r to w, in small pieces, and then
// expects that r has no more. To learn that, it reads on until the other side
// closes. If that does not come, but a silence or a broken connection, all is
// well: the data is whole, and nothing else has come.
//
// The error is [io.ErrUnexpectedEOF] if r ends before the data is whole,
// [ErrErroneous] if more follows (§3.2), or what r or w returned.
func CopyData(w io.Writer, r io.Reader, h ResponseHeader) error {
	n, err := io.CopyN(w, r, h.BodyLen())
	if err != nil {
		return fmt.Errorf("copying the data of FileResponse: wanted %d bytes, got %d: %w", h.BodyLen(), n, unexpected(err))
	}
	if extra, _ := io.ReadFull(r, make([]byte, 1)); extra > 0 {
		return erroneous("the end of FileResponse", "no more bytes", "some")
	}
	return nil
}

// A ResponseHeader is the fixed part of a FileResponse.
type ResponseHeader struct {
	Status     Status
	DataLength uint32 // with Found, how many bytes follow; with Missing, it says nothing
}

// Append appends the wire form of h to b.
func (h ResponseHeader) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, MagicNo)
	b = append(b, byte(Response), byte(h.Status))
	return binary.BigEndian.AppendUint32(b, h.DataLength)
}

// ParseResponseHeader reads and checks the header at the beginning of b. Every
// DataLength is legal; with Missing it has no meaning, and is kept only to have
// the same bytes again.
func ParseResponseHeader(b []byte) (ResponseHeader, error) {
	if len(b) < ResponseHeaderSize {
		return ResponseHeader{}, short("header of FileResponse", ResponseHeaderSize, int64(len(b)))
	}
	if err := checkStart("FileResponse", binary.BigEndian.Uint16(b), Type(b[2]), Response); err != nil {
		return ResponseHeader{}, err
	}
	h := ResponseHeader{Status: Status(b[3]), DataLength: binary.BigEndian.Uint32(b[4:])}
	if h.Status != Missing && h.Status != Found {
		return ResponseHeader{}, erroneous("FileResponse.StatusCode", "0 (missing) or 1 (found)", byte(h.Status))
	}
	return h, nil
}

// BodyLen returns how many bytes follow the header.
func (h ResponseHeader) BodyLen() int64 {
	if h.Status == Missing {
		return 0
	}
	return int64(h.DataLength)
}
