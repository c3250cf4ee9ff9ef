package download_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestServerMissing(t *testing.T) {
	tests := map[string]struct{ name, logged string }{
		"missing":          {"nothere", "no such file"},
		"directory":        {"d", "wanted a regular file"},
		"slash at the end": {"f/", "no file to send: "},
		"nul":              {"f\x00", "openat f\ufffd: invalid argument\n"},
		"not utf-8":        {"f\xff", "wanted UTF-8"},
		"256 bytes":        {strings.Repeat("n", 256), "file name too long"},
		"1024 bytes":       {strings.Repeat("n", 1024), "file name too long"},
		"parent":           {"../f", "escapes"},
		"absolute":         {"/etc/hostname", "escapes"},
		"forged line":      {"x\nerror: forged", "openat x\ufffderror: forged: no such file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.file("f", []byte("x"))
				r.file("d/g", []byte("x"))
				got, took := r.exchange(request(tt.name))
				require.Equal(t, goldenMissing, got)
				require.Zero(t, took)
				r.logged("no file to send: ")
				r.logged(tt.logged)
				r.servesOn()
			})
		})
	}
}

func TestServerErroneous(t *testing.T) {
	tests := map[string]struct{ sent, logged string }{
		"nothing":       {"", "wanted 5 bytes, got 0"},
		"part header":   {string(goldenRequest[:4]), "wanted 5 bytes, got 4"},
		"header only":   {string(goldenRequest[:5]), "wanted 9 bytes, got 0"},
		"part name":     {string(goldenRequest[:13]), "wanted 9 bytes, got 8"},
		"swapped magic": {"\x7E\x49" + string(goldenRequest[2:]), "FileRequest.MagicNo wanted 0x497e, got 0x7e49"},
		"other magic":   {"\x49\x7F" + string(goldenRequest[2:]), "FileRequest.MagicNo wanted 0x497e, got 0x497f"},
		"type 0":        {"\x49\x7E\x00" + string(goldenRequest[3:]), "FileRequest.Type wanted 1 (request), got 0"},
		"type 2":        {"\x49\x7E\x02" + string(goldenRequest[3:]), "FileRequest.Type wanted 1 (request), got 2"},
		"type 255":      {"\x49\x7E\xFF" + string(goldenRequest[3:]), "FileRequest.Type wanted 1 (request), got 255"},
		"length 0":      {"\x49\x7E\x01\x00\x00", "FileRequest.FilenameLen wanted 1 to 1024, got 0"},
		"length 1025":   {"\x49\x7E\x01\x04\x01" + strings.Repeat("n", 1025), "FileRequest.FilenameLen wanted 1 to 1024, got 1025"},
		"length 65535":  {"\x49\x7E\x01\xFF\xFF" + strings.Repeat("n", 65535), "FileRequest.FilenameLen wanted 1 to 1024, got 65535"},
		"extra byte":    {string(goldenRequest) + "x", "no more bytes, got 1"},
		"two in one":    {string(goldenRequest) + string(goldenRequest), "no more bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.file("hello.txt", []byte("hello"))
				got, took := r.exchange([]byte(tt.sent))
				require.Empty(t, got)
				require.Zero(t, took)
				r.logged("error: ")
				r.logged(tt.logged)
				require.Equal(t, 1, strings.Count(r.log.String(), "error: "))
				r.servesOn()
			})
		})
	}
}

// TestServerCutEverywhere ends a request, and resets it, after every byte.
func TestServerCutEverywhere(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.file("hello.txt", []byte("hello"))
		for n := range goldenRequest {
			got, _ := r.exchange(goldenRequest[:n])
			require.Empty(t, got)
			c := r.dial()
			c.Write(goldenRequest[:n])
			synctest.Wait()
			c.SetLinger(0)
			c.Close()
		}
		r.servesOn()
	})
}

func TestServerGaps(t *testing.T) {
	const pass, fail = 600 * time.Millisecond, 1300 * time.Millisecond
	tests := map[string]struct {
		parts  [][]byte
		pause  time.Duration
		closed time.Duration // when the server gives up; 0 for never
	}{
		"nothing sent":          {cut(goldenRequest, 0), fail, time.Second},
		"pause in the header":   {cut(goldenRequest, 3), pass, 0},
		"gap in the header":     {cut(goldenRequest, 3), fail, time.Second},
		"gap before the name":   {cut(goldenRequest, 5), fail, time.Second},
		"pause in the name":     {cut(goldenRequest, 8), pass, 0},
		"gap in the name":       {cut(goldenRequest, 8), fail, time.Second},
		"gap before the end":    {cut(goldenRequest, 13), fail, time.Second},
		"many pauses":           {cut(goldenRequest, 3, 5, 7, 9, 12), pass, 0},
		"byte by byte, at once": {bytewise(goldenRequest), 0, 0},
		"byte by byte, paused":  {bytewise(goldenRequest), 999 * time.Millisecond, 0},
		"byte by byte, gaps":    {bytewise(goldenRequest), time.Second + 1, time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.file("hello.txt", []byte("hello"))
				c := r.dial()
				defer c.Close()
				start := time.Now()
				go pieces(c, tt.pause, tt.parts...)
				got, _ := io.ReadAll(c)
				if tt.closed == 0 {
					require.Equal(t, response([]byte("hello")), got)
					require.Equal(t, tt.pause*time.Duration(len(tt.parts)-1), time.Since(start))
					return
				}
				require.Empty(t, got)
				require.Equal(t, tt.closed, time.Since(start))
				r.logged("error: ")
				r.logged("i/o timeout")
				r.servesOn()
				time.Sleep(time.Minute) // pieces ends
			})
		})
	}
}
