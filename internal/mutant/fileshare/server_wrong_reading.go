package fileshare

import (
	"bytes"
	"io"
	"time"
)

// prepended is a reader that begins with b.
func prepended(b []byte, r io.Reader) io.Reader { return io.MultiReader(bytes.NewReader(b), r) }

// wrongReading take what one read gives for all there is.
var wrongReading = []serverFault{
	{"one-recv-for-all", "fragments", "reads every part with one recv()", func(s *server) { s.fill = oneRead }},
	{"one-recv-for-data", "fragments", "reads data with one recv()", func(s *server) {
		s.take = func(s *server, k *client, _ string, size uint64) ([]byte, error) {
			b := make([]byte, min(size, mostUpload))
			n, _ := k.r.Read(b)
			return b[:n], nil
		}
	}},
	{"one-recv-for-names", "fragments", "reads a name with one recv()", func(s *server) {
		s.name = func(s *server, r io.Reader) (string, error) {
			b := make([]byte, 256)
			n, err := r.Read(b[:1])
			if n == 0 {
				return "", errCutBy(err)
			}
			n, err = r.Read(b[:b[0]])
			return string(b[:n]), errCutBy(err)
		}
	}},
	{"drops-what-follows", "fragments", "reads a buffer for each command and forgets what is left in it", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) {
			b := make([]byte, 64<<10)
			n, _ := k.r.Read(b)
			if n == 0 {
				return false, nil
			}
			return nextCommand(s, &client{c: k.c, r: prepended(b[:n], k.r)})
		}
	}},
	{"uploads-take-200-ms", "fragments", "gives up an upload that pauses", func(s *server) {
		s.take = func(s *server, k *client, name string, size uint64) ([]byte, error) {
			k.c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			defer k.c.SetReadDeadline(time.Time{})
			return takeAll(s, k, name, size)
		}
	}},
}

func oneRead(_ *server, r io.Reader, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if n, err := r.Read(b); n == 0 {
		return errCutBy(err)
	}
	return nil
}

func errCutBy(err error) error {
	if err != nil {
		return errCut
	}
	return nil
}
