package transfer

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// wrongPuts are servers that receive a file wrongly.
var wrongPuts = []serverFault{
	{"put-done-at-once", "server.put", "says DONE before it has the data", func(s *server) { s.okay = "OKDONE" }},
	{"put-no-second-ok", "server.put", "does not answer the size", func(s *server) { s.okay = "" }},
	{"put-done-before-last-byte", "server.put", "counts from 1", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error { return receiveBlocks(c, file, size-1) }
	}},
	{"put-stores-nothing", "server.put", "forgets to write", func(s *server) {
		s.receive = func(c net.Conn, _ io.Writer, size int64) error { return receiveBlocks(c, io.Discard, size) }
	}},
	{"put-stores-full-blocks", "server.put", "drops what is not a full block", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			full := size / blockSize * blockSize
			if err := receiveBlocks(c, file, full); err != nil {
				return err
			}
			return receiveBlocks(c, io.Discard, size-full)
		}
	}},
	{"put-size-little-endian", "server.put", "uses the order of its own machine", func(s *server) {
		s.size = func(c net.Conn) (int64, error) {
			b := make([]byte, sizeBytes)
			_, err := io.ReadFull(c, b)
			return int64(binary.LittleEndian.Uint64(b)), err
		}
	}},
	{"put-size-in-digits", "server.put", "reads int(text)", func(s *server) {
		s.size = func(c net.Conn) (int64, error) {
			b := make([]byte, 64)
			n, err := c.Read(b)
			if err != nil {
				return 0, err
			}
			return strconv.ParseInt(string(b[:n]), 10, 64)
		}
	}},
	{"put-size-single-read", "server.put-fragments", "recv(8) gives eight bytes, or does it", func(s *server) {
		s.size = func(c net.Conn) (int64, error) {
			b := make([]byte, sizeBytes)
			n, err := c.Read(b)
			if n < sizeBytes || err != nil {
				return 0, errLeft
			}
			return int64(binary.BigEndian.Uint64(b)), nil
		}
	}},
	{"put-single-read", "server.put-fragments", "has one recv() for all of a small file", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			if size > blockSize {
				return receiveBlocks(c, file, size)
			}
			return oneRead(c, file, size)
		}
	}},
	{"put-counts-reads", "server.put-fragments", "thinks that every recv(1024) gives 1024 bytes", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			for left := size; left > 0; left -= blockSize {
				if err := oneRead(c, file, blockSize); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{"put-stops-at-short-read", "server.put-fragments", "takes a short recv() for the last one", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			b := make([]byte, blockSize)
			for left := size; left > 0; {
				n, err := c.Read(b[:min(left, blockSize)])
				if err != nil {
					return errLeft
				}
				file.Write(b[:n])
				if left -= int64(n); n < blockSize {
					return nil
				}
			}
			return nil
		}
	}},
	{"put-appends", "server.put-overwrites", "opens with \"ab\"", func(s *server) { s.create = createWith(os.O_APPEND) }},
	{"put-does-not-truncate", "server.put-overwrites", "opens with \"r+b\" what is there", func(s *server) { s.create = createWith(0) }},
	{"put-refuses-existing", "server.put-overwrites", "opens with \"xb\"", func(s *server) { s.create = createWith(os.O_EXCL) }},
	{"put-keeps-existing", "server.put-overwrites", "does not write what is there already", func(s *server) {
		s.create = func(s *server, name string) (io.WriteCloser, error) {
			if path, err := s.path(name); err == nil {
				if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
					return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
				}
			}
			return createFile(s, name)
		}
	}},
	{"put-empty-waits", "server.empty-file", "reads once before it looks at what is left", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			if size == 0 {
				return oneRead(c, file, blockSize)
			}
			return receiveBlocks(c, file, size)
		}
	}},
	{"put-empty-not-made", "server.empty-file", "opens the file when the first block comes", func(s *server) {
		s.create = func(s *server, name string) (io.WriteCloser, error) {
			path, err := s.path(name)
			if err != nil {
				return nil, err
			}
			if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
				return nil, os.ErrNotExist
			}
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				return nil, os.ErrExist
			}
			return &lateFile{path: path}, nil
		}
	}},
	{"put-block-edge-waits", "server.block-edges", "waits for a short last block", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			if err := receiveBlocks(c, file, size); err != nil || size == 0 || size%blockSize != 0 {
				return err
			}
			return oneRead(c, io.Discard, blockSize)
		}
	}},
	{"put-at-most-1-mib", "server.block-edges", "keeps a megabyte and no more", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			kept := min(size, 1<<20)
			if err := receiveBlocks(c, file, kept); err != nil {
				return err
			}
			return receiveBlocks(c, io.Discard, size-kept)
		}
	}},
	{"put-stops-at-done", "server.binary", "looks for DONE in the data", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			b, err := readAll(c, size)
			if err == nil {
				b, _, _ = bytes.Cut(b, []byte("DONE"))
				file.Write(b)
			}
			return err
		}
	}},
	{"put-in-text-mode", "server.binary", "opens the file as text", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			b, err := readAll(c, size)
			if err == nil {
				file.Write(bytes.ToValidUTF8(b, []byte("?")))
			}
			return err
		}
	}},
	{"put-looks-for-error", "server.binary", "takes data that begins with ERROR for an error", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			b, err := readAll(c, size)
			if err == nil && bytes.HasPrefix(b, []byte("ERROR")) {
				return errLeft
			}
			file.Write(b)
			return err
		}
	}},
	{"put-done-for-a-part", "server.truncated-put", "leaves the loop at the end of the connection and says DONE", func(s *server) {
		s.receive = func(c net.Conn, file io.Writer, size int64) error {
			receiveBlocks(c, file, size)
			return nil
		}
	}},
}

// oneRead writes what one read gives.
func oneRead(c net.Conn, file io.Writer, most int64) error {
	b := make([]byte, most)
	n, err := c.Read(b)
	file.Write(b[:n])
	if err != nil {
		return errLeft
	}
	return nil
}

func readAll(c net.Conn, size int64) ([]byte, error) {
	var b bytes.Buffer
	err := receiveBlocks(c, &b, size)
	return b.Bytes(), err
}

// A lateFile is made with the first write.
type lateFile struct {
	path string
	file *os.File
}

func (f *lateFile) Write(b []byte) (n int, err error) {
	if f.file == nil {
		if f.file, err = os.Create(f.path); err != nil {
			return 0, err
		}
	}
	return f.file.Write(b)
}

func (f *lateFile) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}
